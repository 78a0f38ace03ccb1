import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import { gauge } from '#platform/telemetry';
import { Fence } from './fence.js';
import { Loop } from './loop.js';
import { FEED_CHANNEL } from './wake-ups.js';

/** Rest when nothing is pending: a wake-up ends it. */
const IDLE_MS = 250;
/** First rest while appenders are in flight, and the longest, for one that does not end. */
const PENDING_MS = 2;
const PENDING_CAP_MS = 20;
/** A fence this old holds back every projection: the log names who does. */
const TOO_OLD_MS = 5_000;
/** A server that does not answer for so long is a lost connection. */
const ANSWER_TIMEOUT_MS = 5_000;

/**
 * Hears that the fence has moved, or that a commit was announced: by which tenants, or 'all' where that is not known. It must not
 * throw.
 */
export type NewsListener = (tenants: readonly string[] | 'all' | undefined) => void;

/** Where to sample: past any transaction pooler, so that a crash of the server is seen as a lost connection. */
export interface FeedSamplerOptions {
  readonly directUrl: string;
  readonly applicationName: string;
}

const metrics = {
  drawn: gauge('app_feed_last_drawn_position', 'The last position drawn, whether committed or not.'),
  safe: gauge('app_feed_fence_position', 'Up to here the feed is complete and handed out.'),
  age: gauge('app_feed_fence_age_seconds', 'How long the fence has waited for an appender.'),
};

/**
 * Watches how far the feed is complete, over a connection of its own; one per process feeds all who read. Whenever that
 * connection is lost, what it had sampled is thrown away.
 */
export class FeedSampler {
  private readonly logger = new Logger('Eventing');
  private readonly fence = new Fence();
  private readonly loop: Loop;
  private readonly listeners = new Set<NewsListener>();
  private connection: Promise<Client> | undefined;
  private drawn = 0;
  private warnedOf: number | undefined;

  constructor(private readonly options: FeedSamplerOptions) {
    this.loop = new Loop('watching the feed', () => this.round());
  }

  /** Up to here the feed can be read, by a statement that begins now. */
  get position(): number {
    return this.fence.position;
  }

  /** Whether that is how far the feed really is: false until the first sample that no appender holds back. */
  get isKnown(): boolean {
    return this.fence.isKnown;
  }

  /** Tells `listener` when the position has moved and when a commit has been announced. */
  onNews(listener: NewsListener): void {
    this.listeners.add(listener);
  }

  start(): void {
    this.loop.start();
  }

  /** The last position that was drawn when the last sample was taken. */
  get lastDrawn(): number {
    return this.drawn;
  }

  /** Something has been committed, here or, by what was announced, elsewhere: look now. */
  wake(tenants: readonly string[] | 'all' = 'all'): void {
    this.loop.poke();
    this.tell(tenants);
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    await this.disconnect();
  }

  /** Takes one sample and answers the position. @throws Error when the database cannot be asked; the next sample starts anew */
  async sample(): Promise<number> {
    const connection = (this.connection ??= this.connect());
    try {
      const client = await connection;
      const { rows } = await client.query<{ last_drawn: string; appenders: string[] }>(SAMPLE);
      const [row] = rows;
      if (!row || this.connection !== connection) throw new Error('the connection that watches the feed was lost');
      this.drawn = Number(row.last_drawn);
      const before = this.position;
      const position = this.fence.take({ lastDrawn: this.drawn, appenders: row.appenders }, performance.now());
      this.report();
      if (position > before) this.tell();
      return position;
    } catch (error) {
      // Not waited for: a server that has vanished never says good-bye.
      if (this.connection === connection) void this.disconnect();
      throw error;
    }
  }

  private async round(): Promise<number> {
    await this.sample();
    const { pendingSince } = this.fence;
    if (pendingSince === undefined) return IDLE_MS;
    const ageMs = performance.now() - pendingSince;
    if (ageMs > TOO_OLD_MS) await this.warn(pendingSince, ageMs);
    return Math.min(PENDING_CAP_MS, Math.max(PENDING_MS, ageMs / 10));
  }

  /** Begun once, however many samples wait for it. */
  private connect(): Promise<Client> {
    const client = new Client({
      connectionString: this.options.directUrl,
      application_name: this.options.applicationName,
      connectionTimeoutMillis: ANSWER_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      keepAlive: true,
    });
    const opening = client
      .connect()
      .then(() => client.query(`listen ${FEED_CHANNEL}`))
      .then(() => client);
    const lost = (): void => {
      if (this.connection === opening) this.forget();
    };
    client.on('error', lost);
    client.on('end', lost);
    client.on('notification', ({ payload }) => this.wake(payload ? payload.split(',') : 'all'));
    return opening;
  }

  private forget(): void {
    this.connection = undefined;
    this.fence.discard();
  }

  private async disconnect(): Promise<void> {
    const { connection } = this;
    this.forget();
    await connection?.then((client) => client.end()).catch(() => undefined);
  }

  private tell(tenants?: readonly string[] | 'all'): void {
    for (const listener of this.listeners) listener(tenants);
  }

  private report(): void {
    const { pendingSince } = this.fence;
    metrics.drawn.set(this.drawn);
    metrics.safe.set(this.position);
    metrics.age.set(pendingSince === undefined ? 0 : (performance.now() - pendingSince) / 1000);
  }

  private async warn(since: number, ageMs: number): Promise<void> {
    if (this.warnedOf === since) return;
    this.warnedOf = since;
    const found = await (await this.connection)?.query<{ pids: number[] }>(PIDS, [this.fence.waitsFor]);
    const pids = found?.rows[0]?.pids ?? [];
    this.logger.warn({ msg: 'an appender holds back the feed', pids, ageMs: Math.round(ageMs) });
  }
}

const SAMPLE = 'select last_drawn, appenders from es.feed_fence()';
const PIDS = `select coalesce(array_agg(distinct pid), '{}') as pids from pg_locks where virtualtransaction = any($1) and pid is not null`;
