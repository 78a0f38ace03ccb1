import { afterAll, describe, expect, it } from '@jest/globals';
import {
  counted,
  type CounterEvent,
  counter,
  counterEvents,
  countUpTo,
  documented,
  newCounter,
} from '../../testing/counter.js';
import { openCounters } from '../../testing/counters.js';
import type { EventLog } from './event-log.js';
import { EventStore } from './event-store.js';
import { PostgresLog } from './postgres-log.js';

const { tenantId, under, store, begun, total } = await openCounters();

afterAll(() => under.dispose());

describe('the event store among contenders', () => {
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
});
