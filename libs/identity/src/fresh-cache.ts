/** How a FreshCache behaves. */
export interface FreshCacheOptions<V> {
  /** Reads the value behind a key; undefined means there is none. */
  readonly load: (key: string) => Promise<V | undefined>;
  /** How long an answer may be used, counted from the moment its reading began. */
  readonly ttlMs: number;
  /** The same for "there is none". */
  readonly missTtlMs: number;
  /** Values remembered at most. */
  readonly most: number;
  /** Misses remembered at most; apart from the values, so that made-up keys never push out real ones. */
  readonly mostMisses: number;
  /** A clock that only goes forward. */
  readonly now?: () => number;
}

interface Flight<V> {
  readonly startedAt: number;
  readonly answer: Promise<V | undefined>;
}

interface Entry<V> {
  readonly value: V;
  readonly usableUntil: number;
}

/**
 * Remembers what was read for a short time. Callers that ask for the same key at once share one reading; a reading that was
 * under way when the key was forgotten is answered to those who wait for it and then dropped. Failures are not remembered.
 */
export class FreshCache<V> {
  private readonly flights = new Map<string, Flight<V>>();
  private readonly values = new Map<string, Entry<V>>();
  private readonly misses = new Map<string, number>();
  private readonly now: () => number;

  constructor(private readonly options: FreshCacheOptions<V>) {
    this.now = options.now ?? (() => performance.now());
  }

  /** The value, at most as old as its time to live. */
  get(key: string): Promise<V | undefined> {
    const now = this.now();
    const entry = this.values.get(key);
    if (entry && entry.usableUntil > now) return Promise.resolve(entry.value);
    if ((this.misses.get(key) ?? 0) > now) return Promise.resolve(undefined);
    const flight = this.flights.get(key);
    if (flight && flight.startedAt + this.options.ttlMs > now) return flight.answer;
    return this.read(key, now);
  }

  /** Forgets a key: the next caller reads anew. */
  forget(key: string): void {
    this.flights.delete(key);
    this.values.delete(key);
    this.misses.delete(key);
  }

  /** Forgets all keys whose value satisfies the condition, and every reading under way. */
  forgetWhere(condition: (value: V) => boolean): void {
    this.flights.clear();
    for (const [key, { value }] of this.values) if (condition(value)) this.values.delete(key);
  }

  /** Forgets everything. */
  clear(): void {
    for (const map of [this.flights, this.values, this.misses]) map.clear();
  }

  /** Values and misses remembered just now, usable or not. */
  get size(): number {
    return this.values.size + this.misses.size;
  }

  private read(key: string, startedAt: number): Promise<V | undefined> {
    const flight: Flight<V> = { startedAt, answer: this.options.load(key) };
    this.flights.set(key, flight);
    flight.answer.then(
      (value) => this.land(key, flight, value),
      () => this.leave(key, flight),
    );
    return flight.answer;
  }

  private land(key: string, flight: Flight<V>, value: V | undefined): void {
    if (!this.leave(key, flight)) return;
    this.values.delete(key);
    this.misses.delete(key);
    const { ttlMs, missTtlMs, most, mostMisses } = this.options;
    if (value === undefined) remember(this.misses, key, flight.startedAt + missTtlMs, mostMisses);
    else remember(this.values, key, { value, usableUntil: flight.startedAt + ttlMs }, most);
  }

  /** Whether the flight was still the one that counts. */
  private leave(key: string, flight: Flight<V>): boolean {
    return this.flights.get(key) === flight && this.flights.delete(key);
  }
}

/** The oldest makes room: what is in use was read again a moment ago and stands at the end. */
function remember<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.set(key, value);
  if (map.size <= most) return;
  const oldest = map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
}
