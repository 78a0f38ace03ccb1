import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../../test/support/database.js';
import {
  everyDatabaseReader,
  type FeedReader,
  oneStatementReader,
  orderFaults,
  positionOnlyReader,
  productReader,
  type Seen,
  storedEvents,
  xidOrderReader,
  xmaxReader,
} from '../../../../../test/support/feed-readers.js';
import { FeedWriter } from '../../../../../test/support/feed-writer.js';

const TENANT = newUuid();
/** Number of the advisory lock at which the one-statement mutant pauses. */
const PAUSE = 4711;
/** More samples than any schedule needs: what is not seen after so many never is. */
const POLLS = 4;

/** Reads until nothing can be pending any more. */
async function drain(reader: FeedReader, seen: Seen[]): Promise<void> {
  for (let i = 0; i < POLLS; i++) seen.push(...(await reader.poll()));
}

/**
 * Each way of reading or drawing that is wrong, with the schedule that shows it: the same schedule leaves the product's feed
 * without a fault. The seventh mutant needs a crash of the server: test/faults/eventing-crash.
 */
describe('the order of the feed', () => {
  let database: TestDatabase;
  let open: { close(): Promise<void> }[];

  beforeEach(async () => {
    database = await createTestDatabase();
    open = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((one) => one.close()));
    await database.drop();
  });

  async function using<T extends { close(): Promise<void> }>(one: T | Promise<T>): Promise<T> {
    const made = await one;
    open.push(made);
    return made;
  }
  const writer = (url = database.rtUrl): Promise<FeedWriter> => using(FeedWriter.connect(url, TENANT));
  const faultsOf = async (seen: Seen[]): Promise<string[]> => orderFaults(seen, await storedEvents(database));

  /** The first draws before the second and commits after it. */
  async function commitsOutOfOrder(reader: FeedReader): Promise<string[]> {
    const [slow, fast] = [await writer(), await writer()];
    const seen: Seen[] = [];
    await slow.sql('begin');
    await slow.append(newUuid());
    await fast.append(newUuid());
    seen.push(...(await reader.poll()));
    await slow.sql('commit');
    await drain(reader, seen);
    return faultsOf(seen);
  }

  it('skips nothing that commits late; a cursor on the position alone does', async () => {
    expect(await commitsOutOfOrder(await using(productReader(database)))).toEqual([]);
    await database.admin('truncate es.events, es.streams');
    expect(await commitsOutOfOrder(await using(positionOnlyReader(database)))).toEqual([
      expect.stringContaining('skip'),
    ]);
  });

  /** The first has its transaction id before the second, and the stream after it. */
  async function startsFirstAppendsLast(reader: FeedReader): Promise<string[]> {
    const [early, late] = [await writer(), await writer()];
    const stream = newUuid();
    await early.sql('begin');
    await early.sql('select pg_current_xact_id()');
    await late.append(stream);
    await early.append(stream);
    await early.sql('commit');
    const seen: Seen[] = [];
    for (const until = Date.now() + 20_000; seen.length < 2 && Date.now() < until;) seen.push(...(await reader.poll()));
    return faultsOf(seen);
  }

  it('keeps the order of a stream; the order of transaction ids does not', async () => {
    expect(await startsFirstAppendsLast(await using(productReader(database)))).toEqual([]);
    await database.admin('truncate es.events, es.streams');
    const faults = await startsFirstAppendsLast(await using(xidOrderReader(database)));
    expect(faults).toContainEqual(expect.stringContaining('inversion'));
  });

  it('waits for an appender that is younger than every ended transaction; a fence at xmax does not', async () => {
    const [reader, mutant] = [await using(productReader(database)), await using(xmaxReader(database))];
    const slow = await writer();
    const [right, wrong]: [Seen[], Seen[]] = [[], []];
    // The point to reach: no transaction of the whole cluster has ended since the appender got its id.
    for (let tries = 0; ; tries++) {
      await slow.sql('begin');
      await slow.append(newUuid());
      const { rows } = await slow.client.query<{ id: string }>('select pg_current_xact_id()::text as id');
      if ((await mutant.sample()) <= BigInt(rows[0]?.id ?? 0)) break;
      await slow.sql('rollback');
      if (tries === 500) throw new Error('the cluster is too busy for this schedule');
    }
    right.push(...(await reader.poll()));
    wrong.push(...(await mutant.poll()));
    await slow.sql('commit');
    await drain(reader, right);
    await mutant.sample();
    await drain(mutant, wrong);
    expect(await faultsOf(right)).toEqual([]);
    expect(await faultsOf(wrong)).toEqual([expect.stringContaining('skip')]);
  });

  it('reads the position before the appenders; one statement for both may not', async () => {
    const [reader, mutant] = [await using(productReader(database)), await using(oneStatementReader(database, PAUSE))];
    const [slow, gate] = [await writer(), await writer()];
    const [right, wrong]: [Seen[], Seen[]] = [[], []];
    await gate.sql(`select pg_advisory_lock(${PAUSE})`);
    const paused = mutant.poll();
    await untilWaiting();
    await slow.sql('begin');
    await slow.append(newUuid());
    await gate.sql(`select pg_advisory_unlock(${PAUSE})`);
    wrong.push(...(await paused));
    right.push(...(await reader.poll()));
    await slow.sql('commit');
    await drain(reader, right);
    await drain(mutant, wrong);
    expect(await faultsOf(right)).toEqual([]);
    expect(await faultsOf(wrong)).toEqual([expect.stringContaining('skip')]);
  });

  async function untilWaiting(): Promise<void> {
    const waiting = `select 1 from pg_locks where locktype = 'advisory' and objid = ${PAUSE} and not granted
      and database = (select oid from pg_database where datname = current_database())`;
    for (const until = Date.now() + 20_000; Date.now() < until;) if ((await database.admin(waiting)).length > 0) return;
    throw new Error('the mutant did not reach its pause');
  }

  /** Two sessions by turns: with a cache, the first draws below what the second has committed. */
  async function byTurns(): Promise<string[]> {
    const reader = await using(productReader(database));
    const [first, second] = [await writer(), await writer()];
    const seen: Seen[] = [];
    for (const one of [first, second]) await one.append(newUuid());
    await drain(reader, seen);
    await first.append(newUuid());
    await drain(reader, seen);
    return faultsOf(seen);
  }

  it('rests on a sequence that hands out one by one; a cache of 10 breaks it', async () => {
    expect(await byTurns()).toEqual([]);
    await database.admin('alter sequence es.event_position cache 10');
    await database.admin('truncate es.events, es.streams');
    expect(await byTurns()).toEqual([expect.stringContaining('skip')]);
  });

  it('does not stall behind an appender of another database of the cluster; without its name it does', async () => {
    const other = await createTestDatabase();
    open.push({ close: () => other.drop() });
    const foreign = await FeedWriter.connect(other.rtUrl, TENANT);
    const [reader, mutant] = [await using(productReader(database)), await using(everyDatabaseReader(database))];
    const [right, wrong]: [Seen[], Seen[]] = [[], []];
    try {
      await foreign.sql('begin');
      await foreign.append(newUuid());
      await (await writer()).append(newUuid());
      await drain(reader, right);
      await drain(mutant, wrong);
      expect(await faultsOf(right)).toEqual([]);
      expect(await faultsOf(wrong)).toEqual([expect.stringContaining('skip')]);
    } finally {
      await foreign.close();
    }
  });

  it('does not stall behind what is not appending: long transactions, rollbacks, dead positions', async () => {
    const reader = await using(productReader(database));
    const [idle, appender] = [await writer(), await writer()];
    const seen: Seen[] = [];
    await idle.sql('begin');
    await idle.sql('select pg_current_xact_id(), count(*) from es.events');
    await appender.sql('begin');
    await appender.append(newUuid(), 5);
    await appender.sql('rollback');
    await appender.sql('begin');
    await appender.sql('savepoint s');
    await appender.append(newUuid(), 3);
    await appender.sql('rollback to s');
    const streamId = newUuid();
    await appender.append(streamId, 2);
    await appender.sql('commit');
    await drain(reader, seen);
    expect(seen.map((event) => [event.streamId, event.version])).toEqual([
      [streamId, 1],
      [streamId, 2],
    ]);
  });
});
