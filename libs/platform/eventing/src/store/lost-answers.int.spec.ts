import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { CutProxy } from '../../testing/cut-proxy.js';
import { counted, type CounterEvent, counter, documented, newCounter } from '../../testing/counter.js';
import { openPostgresStore, type PostgresStore } from '../../testing/postgres.js';
import type { ExpectedVersion, StreamId } from '../core/stream-id.js';
import type { Appended } from './event-log.js';

const tenantId = newUuid();

describe('an append whose answer is lost', () => {
  let proxy: CutProxy;
  let under: PostgresStore;

  beforeAll(async () => {
    proxy = await CutProxy.open(process.env['TEST_DATABASE_URL'] ?? '');
    under = await openPostgresStore({ url: (url) => proxy.through(url), max: 1 });
  });
  afterAll(async () => {
    await under.dispose();
    await proxy.close();
  });
  // The pool's one connection is there and has prepared what is going to be cut.
  beforeEach(async () => void (await begun()));

  async function begun(): Promise<StreamId> {
    const stream = newCounter(tenantId);
    await under.store.append(stream, [counted(1)], { expected: 'none' });
    return stream;
  }
  const totals = async (stream: StreamId): Promise<number> => (await under.store.load(stream, counter)).state.total;
  const outbox = async (): Promise<number> => (await under.outbox(tenantId)).length;

  it.each<ExpectedVersion>(['none', 1, 'any', 'exists'])(
    'is repeated and answers as the first did, expecting %s',
    async (expected) => {
      const stream = expected === 'none' ? newCounter(tenantId) : await begun();
      const before = await outbox();
      const cut = proxy.loseNextAnswer();
      const commands = [{ command: 'test.count', payload: {} }];
      const appended = await under.store.append(stream, [counted(10), counted(20)], { expected, commands });
      await cut;
      expect(appended.duplicate).toBe(true);
      const events = await under.store.read(stream);
      expect(events.slice(-2).map(({ position }) => position)).toEqual([appended.firstPosition, appended.lastPosition]);
      expect(appended.versions).toEqual([events.length]);
      expect(await totals(stream)).toBe(expected === 'none' ? 30 : 31);
      expect(await outbox()).toBe(before + 1);
    },
  );

  it.each<[string, (streams: readonly StreamId[], events: CounterEvent[]) => Promise<Appended>]>([
    ['many streams', (streams, events) => under.store.appendMany(streams.map((stream) => ({ stream, events })))],
    [
      'the bulk lane',
      (streams, events) =>
        under.store.appendBulk(
          streams.map((stream) => ({ stream, events })),
          { expected: 'any' },
        ),
    ],
    [
      'new streams in bulk',
      (streams, events) =>
        under.store.appendBulk(
          streams.map(({ id }) => ({ stream: newCounter(tenantId, id), events })),
          { expected: 'none', decider: documented(1) },
        ),
    ],
  ])('is repeated for %s', async (_, append) => {
    const streams = [newCounter(tenantId), newCounter(tenantId)];
    const cut = proxy.loseNextAnswer();
    const appended = await append(streams, [counted(3)]);
    await cut;
    expect(appended).toMatchObject({ duplicate: true, versions: [1, 1] });
    expect(await Promise.all(streams.map(totals))).toEqual([3, 3]);
  });

  it('is repeated by a change, which decides once', async () => {
    const stream = await begun();
    await under.store.change(stream, counter, () => [counted(2)]);
    let decisions = 0;
    let cut: Promise<void> | undefined;
    const changed = await under.store.change(stream, counter, () => {
      decisions += 1;
      // The answer to the load has arrived: the next one is that to the append.
      cut = proxy.loseNextAnswer();
      return [counted(4)];
    });
    await cut;
    expect(decisions).toBe(1);
    expect(changed).toMatchObject({ version: 3, state: { total: 7 }, duplicate: true });
    expect(await totals(stream)).toBe(7);
  });

  it('is found done by a locking change that has lost the answer to its commit', async () => {
    const stream = await begun();
    let [decisions, cuts] = [0, 0];
    const commit = under.work.run.bind(under.work);
    Object.assign(under.work, {
      run: (scope: Parameters<typeof commit>[0], work: Parameters<typeof commit>[1]) =>
        commit(scope, async (unit) => {
          const result = await work(unit);
          if (decisions === 1 && cuts++ === 0) void proxy.loseNextAnswer();
          return result;
        }),
    });
    const changed = await under.store
      .change(
        stream,
        counter,
        () => {
          decisions += 1;
          return [counted(8)];
        },
        { lock: true },
      )
      .finally(() => Object.assign(under.work, { run: commit }));
    expect(decisions).toBe(1);
    expect(changed).toMatchObject({ version: 2, duplicate: true, state: { total: 9 } });
    expect(await totals(stream)).toBe(9);
  });

  it('sends an append as one message', async () => {
    const stream = await begun();
    await under.store.append(stream, [counted(1)], { expected: 1 });
    const before = proxy.sent;
    await under.store.append(stream, [counted(2)], { expected: 2 });
    expect(proxy.sent - before).toBe(1);
  });

  it('sends a change as two: what there is to decide on, and what was decided', async () => {
    const stream = await begun();
    for (const by of [1, 2]) await under.store.change(stream, counter, () => [counted(by)]);
    const before = proxy.sent;
    await under.store.change(stream, counter, () => [counted(3)]);
    expect(proxy.sent - before).toBe(2);
  });
});

describe('an append without a server', () => {
  it('is refused at once, for it was never sent', async () => {
    const proxy = await CutProxy.open(process.env['TEST_DATABASE_URL'] ?? '');
    const under = await openPostgresStore({ url: (url) => proxy.through(url), max: 1 });
    await proxy.close();
    const startedAt = performance.now();
    await expect(under.store.append(newCounter(tenantId), [counted(1)])).rejects.toMatchObject({
      code: 'database.unavailable',
    });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await under.dispose();
  });

  it('says that the outcome is unknown when it was sent and the server stays away', async () => {
    const proxy = await CutProxy.open(process.env['TEST_DATABASE_URL'] ?? '');
    const under = await openPostgresStore({ url: (url) => proxy.through(url), max: 1 });
    await under.store.append(newCounter(tenantId), [counted(1)]);
    void proxy.loseNextAnswer().then(() => proxy.close());
    await expect(under.store.append(newCounter(tenantId), [counted(1)])).rejects.toMatchObject({
      code: 'eventing.outcome_unknown',
    });
    await under.dispose();
  });
});
