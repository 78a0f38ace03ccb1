import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import type { Unit } from '#platform/persistence';
import { guard, schema } from '../../../persistence/migrations/kit.js';
import {
  counted,
  type CounterEvent,
  counter,
  counterEvents,
  countUpTo,
  documented,
  newCounter,
} from '../../testing/counter.js';
import { openPostgresStore, type PostgresStore } from '../../testing/postgres.js';
import type { StreamId } from '../core/stream-id.js';
import type { Appended, EventLog } from './event-log.js';
import { EventStore } from './event-store.js';
import { PostgresLog } from './postgres-log.js';

const tenantId = newUuid();
/** A category with an inline projection: the view allows each total of a tenant once. */
const uniqueTotals = { ...counter, category: 'test.unique' };
const unique = (): StreamId => ({ ...newCounter(tenantId), category: 'test.unique' });

describe('the event store in a unit of work', () => {
  let under: PostgresStore;
  let store: EventStore;

  beforeAll(async () => {
    under = await openPostgresStore();
    store = under.store;
    for (const sql of [
      ...schema('probe'),
      'create table probe.counted (tenant_id uuid not null, stream_id uuid not null, by int not null, primary key (tenant_id, by))',
      ...guard('probe.counted', { app_rt: 'select, insert, update, delete' }),
    ]) {
      await under.database.admin(sql);
    }
    under.inline.add({
      categories: ['test.unique'],
      apply: (events, unit) => applyInline(events.flatMap(rowOf), unit),
    });
  });
  afterAll(() => under.dispose());

  const begun = async (by = 1): Promise<StreamId> => {
    const stream = newCounter(tenantId);
    await store.append(stream, [counted(by)], { expected: 'none' });
    return stream;
  };
  const total = async (stream: StreamId): Promise<number> => (await store.load(stream, counter)).state.total;
  const view = (stream: StreamId): Promise<{ by: number }[]> =>
    under.database.admin('select by from probe.counted where stream_id = $1 order by by', [stream.id]);

  it('commits with it and tells of it once, afterwards', async () => {
    const [a, b] = [newCounter(tenantId), newCounter(tenantId)];
    const told: [string, number][] = [];
    under.appends.listen((tenant, position) => void (tenant === tenantId && told.push([tenant, position])));
    const last = await under.work.run({ tenantId }, async (unit) => {
      await store.change(a, counter, () => [counted(1)]);
      await store.change(a, counter, ({ total: seen }) => [counted(seen + 1)]);
      await store.append(b, [counted(5)]);
      expect(await store.load(a, counter)).toMatchObject({ version: 2, state: { total: 3 } });
      expect(told).toEqual([]);
      return under.appends.lastPosition(unit);
    });
    expect(await total(a)).toBe(3);
    expect(told).toEqual([[tenantId, last]]);
    await store.append(b, [counted(6)]);
    expect(told).toHaveLength(2);
  });

  it.each<[string, (streams: readonly StreamId[], commandId: string) => Promise<Appended>]>([
    ...(['none', 'any', 'exists', 1] as const).map(
      (expected): [string, (streams: readonly StreamId[], commandId: string) => Promise<Appended>] => [
        `expecting ${expected}`,
        ([old, made], commandId) =>
          store.append((expected === 'none' ? made : old) ?? newCounter(tenantId), [counted(3)], {
            expected,
            commandId,
          }),
      ],
    ),
    [
      'many streams',
      (all, commandId) =>
        store.appendMany(
          all.map((stream) => ({ stream, events: [counted(3)] })),
          { commandId },
        ),
    ],
    [
      'the bulk lane',
      (all, commandId) =>
        store.appendBulk(
          all.map((stream) => ({ stream, events: [counted(3)] })),
          { expected: 'any', commandId },
        ),
    ],
  ])('waits for an identical call that is under way, and answers as it did: %s', async (_, append) => {
    const [streams, commandId] = [[await begun(), newCounter(tenantId)], newUuid()];
    const { promise, resolve } = Promise.withResolvers<void>();
    const again = promise.then(() => append(streams, commandId));
    const first = await under.work.run({ tenantId }, async (unit) => {
      const appended = await append(streams, commandId);
      resolve();
      await unit.rows('select pg_sleep(0.1)');
      return appended;
    });
    expect(await again).toEqual({ ...first, duplicate: true });
  });

  it('leaves nothing of a unit that fails', async () => {
    const stream = await begun();
    const failed = under.work.run({ tenantId }, async () => {
      await store.change(stream, counter, () => [counted(1)]);
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(await total(stream)).toBe(1);
  });

  it('refuses a stream of another tenant', async () => {
    const foreign = newCounter(newUuid());
    await expect(under.work.run({ tenantId }, () => store.append(foreign, [counted(1)]))).rejects.toThrow(
      'another tenant',
    );
  });

  it('decides again inside the open unit when others were faster, and keeps what the unit has done', async () => {
    const [stream, other] = [await begun(), newCounter(tenantId)];
    let races = 1;
    const racing = new EventStore(
      raced(new PostgresLog(under.databases, under.work, under.appends), () => races-- > 0),
      under.inline,
      counterEvents(),
    );
    let decisions = 0;
    await under.work.run({ tenantId }, async () => {
      await store.append(other, [counted(1)]);
      const changed = await racing.change(stream, counter, ({ total: seen }) => {
        decisions += 1;
        return [counted(seen)];
      });
      expect(changed).toMatchObject({ version: 3, state: { total: 202 } });
    });
    expect(decisions).toBe(2);
    expect(await total(stream)).toBe(202);
    expect(await total(other)).toBe(1);
  });

  it('gives up after three decisions, or at once where the caller named the version', async () => {
    const stream = await begun();
    const racing = new EventStore(
      raced(new PostgresLog(under.databases, under.work, under.appends), () => true),
      under.inline,
      counterEvents(),
    );
    let decisions = 0;
    const decide = (): CounterEvent[] => {
      decisions += 1;
      return [counted(1)];
    };
    await expect(racing.change(stream, counter, decide)).rejects.toMatchObject({ code: 'eventing.version_clash' });
    expect(decisions).toBe(3);
    const { version } = await store.load(stream, counter);
    const named = racing.change(stream, counter, decide, { expectedVersion: version });
    await expect(named).rejects.toMatchObject({ code: 'eventing.stream_changed' });
    expect(decisions).toBe(4);
  });

  /** A log in which somebody else appends 100 after a load. */
  function raced(log: EventLog, isRace: () => boolean): EventLog {
    return {
      read: (...args) => log.read(...args),
      readUntil: (...args) => log.readUntil(...args),
      session: (tenant, together, work) =>
        log.session(tenant, together, (session) =>
          work({
            unit: session.unit,
            repeats: session.repeats,
            find: (...args) => session.find(...args),
            loadLocked: (...args) => session.loadLocked(...args),
            append: (call) => session.append(call),
            appendMany: (call) => session.appendMany(call),
            appendBulk: (call) => session.appendBulk(call),
            load: async (stream, query) => {
              const loaded = await session.load(stream, query);
              const sql = `update es.streams set version = version + 1 where stream_id = $1`;
              const event = `insert into es.events (tenant_id, stream_id, version, event_id, type, data, meta)
                select tenant_id, stream_id, version, gen_random_uuid(), 'test.counted', '{"by":100}', '{}' from es.streams where stream_id = $1`;
              if (isRace()) for (const text of [sql, event]) await under.database.admin(text, [stream.id]);
              return loaded;
            },
          }),
        ),
    };
  }

  describe('with a lock', () => {
    it('lets contenders queue: each decides once', async () => {
      const stream = await begun(0);
      let decisions = 0;
      const changes = Array.from({ length: 24 }, () =>
        store.change(
          stream,
          counter,
          (state) => {
            decisions += 1;
            return countUpTo(20)(state);
          },
          { lock: true },
        ),
      );
      const settled = await Promise.allSettled(changes);
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
      expect(decisions).toBe(24);
      expect(await total(stream)).toBe(20);
    });

    it('hands over the time at which the lock was got', async () => {
      const stream = await begun();
      const times: Date[] = [];
      const holder = under.work.run({ tenantId }, async (unit) => {
        await store.change(stream, counter, (_, { now }) => (times.push(now), [counted(1)]), { lock: true });
        await unit.rows('select pg_sleep(0.2)');
      });
      await new Promise((resolve) => setTimeout(resolve, 50));
      await Promise.all([holder, store.change(stream, counter, (_, { now }) => (times.push(now), []), { lock: true })]);
      expect((times[1]?.getTime() ?? 0) - (times[0]?.getTime() ?? 0)).toBeGreaterThan(150);
    });

    it('begins a stream that two of them find missing', async () => {
      const stream = newCounter(tenantId);
      const both = [1, 2].map((by) => store.change(stream, documented(1), () => [counted(by)], { lock: true }));
      expect((await Promise.all(both)).map(({ version }) => version).sort()).toEqual([1, 2]);
      expect(await store.load(stream, documented(1))).toMatchObject({ version: 2, state: { total: 3 } });
    });
  });

  it('lets exactly one of many win a version', async () => {
    const stream = await begun();
    const all = Array.from({ length: 32 }, () => store.append(stream, [counted(1)], { expected: 1 }));
    const settled = await Promise.allSettled(all);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await total(stream)).toBe(2);
  });

  it('keeps a limit among writers that do not lock', async () => {
    const stream = await begun(0);
    const lanes = Array.from({ length: 8 }, async () => {
      for (let turn = 0; turn < 10; turn++) await store.change(stream, counter, countUpTo(30)).catch(() => undefined);
    });
    await Promise.all(lanes);
    const { state, version } = await store.load(stream, counter);
    expect(state.total).toBeLessThanOrEqual(30);
    expect((await store.read(stream)).map((event) => event.version)).toEqual(
      Array.from({ length: version }, (_, index) => index + 1),
    );
  });

  describe('with an inline projection', () => {
    it('writes the view in the same commit, in every lane', async () => {
      const streams = [unique(), unique(), unique(), unique()] as const;
      await store.append(streams[0], [counted(1001)]);
      await store.change(streams[1], uniqueTotals, () => [counted(1002)]);
      await store.appendMany([
        { stream: streams[2], events: [counted(1003)] },
        { stream: await begun(), events: [counted(1)] },
      ]);
      await store.appendBulk([{ stream: streams[3], events: [counted(1004), counted(1005)] }], { expected: 'none' });
      expect(await Promise.all(streams.map(view))).toEqual([
        [{ by: 1001 }],
        [{ by: 1002 }],
        [{ by: 1003 }],
        [{ by: 1004 }, { by: 1005 }],
      ]);
    });

    it('refuses events that the view refuses', async () => {
      const [first, second] = [unique(), unique()];
      await store.append(first, [counted(2001)]);
      await expect(store.append(second, [counted(2001)])).rejects.toMatchObject({ code: '23505' });
      await expect(store.change(second, uniqueTotals, () => [counted(2001)])).rejects.toMatchObject({ code: '23505' });
      expect(await store.read(second)).toEqual([]);
    });

    it('shows the projection a command once', async () => {
      const options = { commandId: newUuid() };
      const stream = unique();
      const first = await store.append(stream, [counted(3001)], options);
      expect(await store.append(stream, [counted(3001)], options)).toEqual({ ...first, duplicate: true });
      expect(await store.change(stream, uniqueTotals, () => [counted(3002)], options)).toMatchObject({
        duplicate: true,
      });
      expect(await view(stream)).toEqual([{ by: 3001 }]);
    });

    it('runs the whole unit again when two begin the same stream', async () => {
      const stream = unique();
      const both = [4001, 4002].map((by) => store.change(stream, uniqueTotals, () => [counted(by)]));
      expect((await Promise.all(both)).map(({ version }) => version).sort()).toEqual([1, 2]);
      expect(await view(stream)).toEqual([{ by: 4001 }, { by: 4002 }]);
    });

    it('says so to a unit that it has joined, which must run again', async () => {
      const stream = unique();
      await store.append(stream, [counted(5001)]);
      const stale = under.work.run({ tenantId }, () => store.append(stream, [counted(5002)], { expected: 7 }));
      await expect(stale).rejects.toMatchObject({ code: 'eventing.version_clash', cause: { code: 'RC001' } });
      expect(await view(stream)).toEqual([{ by: 5001 }]);
    });
  });
});

const rowOf = ({ streamId, data }: { streamId: string; data: object }): { streamId: string; by: number }[] => {
  const by: unknown = Reflect.get(data, 'by');
  return typeof by === 'number' ? [{ streamId, by }] : [];
};

async function applyInline(rows: readonly { streamId: string; by: number }[], unit: Unit): Promise<void> {
  await unit.run(
    'insert into probe.counted (tenant_id, stream_id, by) select $1, s, b from unnest($2::uuid[], $3::int[]) as n (s, b)',
    [unit.tenantId, rows.map(({ streamId }) => streamId), rows.map(({ by }) => by)],
  );
}
