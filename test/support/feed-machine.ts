import { setTimeout as sleep } from 'node:timers/promises';
import { newUuid } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from './database.js';
import { orderFaults, productReader, type Seen, storedEvents } from './feed-readers.js';
import { FeedWriter } from './feed-writer.js';

/** How hard to try. */
export interface MachineSetup {
  readonly events: number;
  readonly writers: number;
  readonly subscribers: number;
  /** Streams that all writers share; few make them hot. */
  readonly streams: number;
  /** Seed of the random choices; the interleaving itself is the machine's. */
  readonly seed: number;
}

/** What came out. */
export interface MachineReport {
  readonly stored: number;
  readonly rolledBack: number;
  /** Faults of every subscriber. */
  readonly faults: string[][];
  /** Whether all had caught up while foreign transactions were still open. */
  readonly stalled: boolean;
  readonly seconds: number;
}

const TENANTS = [newUuid(), newUuid(), newUuid()];
/** How long subscribers may take to see the last event. */
const CATCH_UP_MS = 60_000;

/**
 * Writers that pause, roll back, use savepoints and append to many streams at once, against subscribers of the product's feed;
 * all the while one unrelated transaction and an appender in another database of the cluster stay open.
 */
export async function runMachine(database: TestDatabase, setup: MachineSetup): Promise<MachineReport> {
  const startedAt = performance.now();
  const random = generator(setup.seed);
  const foreign = await holdForeign(database);
  const state = { left: setup.events, rolledBack: 0, written: false };
  const streams = Array.from({ length: setup.streams }, () => newUuid());
  const readers = Array.from({ length: setup.subscribers }, () => subscribe(database, state, random));
  await Promise.all(Array.from({ length: setup.writers }, (_, n) => write(database, { n, state, streams, random })));
  const stored = await storedEvents(database);
  state.written = true;
  const last = stored.at(-1)?.position ?? 0;
  const seen = await Promise.all(readers.map((reader) => reader.until(last)));
  const stalled = seen.some((events) => events.at(-1)?.position !== last);
  await foreign();
  return {
    stored: stored.length,
    rolledBack: state.rolledBack,
    faults: seen.map((events) => orderFaults(events, stored).slice(0, 10)),
    stalled,
    seconds: (performance.now() - startedAt) / 1_000,
  };
}

interface State {
  left: number;
  rolledBack: number;
  written: boolean;
}

/** Opens a transaction that has an id and appends nothing, and an appender in another database; answers how to end them. */
async function holdForeign(database: TestDatabase): Promise<() => Promise<void>> {
  const other = await createTestDatabase();
  const [idle, appender] = [
    await FeedWriter.connect(database.rtUrl, newUuid()),
    await FeedWriter.connect(other.rtUrl, newUuid()),
  ];
  await idle.sql('begin');
  await idle.sql('select pg_current_xact_id(), count(*) from es.events');
  await appender.sql('begin');
  await appender.append(newUuid());
  return async () => {
    await Promise.all([idle.close(), appender.close()]);
    await other.drop();
  };
}

function subscribe(database: TestDatabase, state: State, random: () => number) {
  const reader = productReader(database);
  const seen: Seen[] = [];
  const run = async (last: () => number | undefined): Promise<Seen[]> => {
    let deadline = Infinity;
    while ((seen.at(-1)?.position ?? 0) < (last() ?? Infinity) && Date.now() < deadline) {
      seen.push(...(await reader.poll(1 + Math.floor(random() * 1_500))));
      if (state.written && deadline === Infinity) deadline = Date.now() + CATCH_UP_MS;
      await sleep(random() * 20);
    }
    await reader.close();
    return seen;
  };
  let last: number | undefined;
  const running = run(() => last);
  return {
    until: (position: number): Promise<Seen[]> => {
      last = position;
      return running;
    },
  };
}

interface WriterSetup {
  readonly n: number;
  readonly state: State;
  readonly streams: readonly string[];
  readonly random: () => number;
}

async function write(database: TestDatabase, { n, state, streams, random }: WriterSetup): Promise<void> {
  const tenant = TENANTS[n % TENANTS.length] ?? '';
  const own = streams.filter((_, index) => index % TENANTS.length === n % TENANTS.length);
  const writer = await FeedWriter.connect(database.rtUrl, tenant);
  const pick = (): string => own[Math.floor(random() * own.length)] ?? newUuid();
  const some = (most: number): number => 1 + Math.floor(random() * most);
  const pause = (): Promise<void> | undefined => (random() < 0.3 ? sleep(random() * 6) : undefined);
  while (state.left > 0) {
    await writer.sql('begin');
    if (random() < 0.5) await writer.sql('select pg_current_xact_id()');
    await pause();
    const count = await portion(writer, { random, pick, some });
    await pause();
    const keeps = random() >= 0.1;
    await writer.sql(keeps ? 'commit' : 'rollback');
    if (keeps) state.left -= count;
    else state.rolledBack += count;
  }
  await writer.close();
}

interface Choices {
  readonly random: () => number;
  readonly pick: () => string;
  readonly some: (most: number) => number;
}

/** Appends in one of the ways there are and answers how many events. */
async function portion(writer: FeedWriter, { random, pick, some }: Choices): Promise<number> {
  const way = random();
  if (way < 0.15) {
    await writer.sql('savepoint s');
    await writer.append(pick(), some(5));
    await writer.sql('rollback to s');
  }
  if (way < 0.6) {
    const count = some(8);
    await writer.append(pick(), count);
    return count;
  }
  // Streams in the order of their ids across calls as well: two writers that meet wait for each other, none for ever.
  const portions = [...new Set(way < 0.9 ? [pick(), pick(), pick()] : Array.from({ length: 40 }, () => newUuid()))]
    .sort()
    .map((streamId) => ({ streamId, count: some(6) }));
  await (way < 0.9 ? writer.appendMany(portions) : writer.appendBulk(portions));
  return portions.reduce((sum, { count }) => sum + count, 0);
}

/** Mulberry32: small, seeded, good enough to choose with. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
