import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newUuid } from '#platform/kernel';
import { type Decider, fold } from '../src/core/decider.js';
import type { EventStore } from '../src/store/event-store.js';
import type { ContractKit } from './contract-kit.js';
import { type Counter, counted, type CounterEvent, counter, countUpTo, documented, emptied } from './counter.js';

/** How streams are read, decided on and kept folded. */
export function describeChanges(kit: ContractKit): void {
  describe('a decision on several streams', () => {
    const onBoth = (by: readonly number[]) => async () => by.map((one) => (one === 0 ? [] : [counted(one)]));

    it('appends to those that it changes, in one commit, and answers all states', async () => {
      const [a, b] = [await kit.begun(1, 2), await kit.begun(5)];
      const changed = await kit.store.changeMany([a, b], counter, onBoth([4, 0]));
      expect(changed).toMatchObject({
        streams: [
          { version: 3, state: { total: 7 } },
          { version: 1, state: { total: 5 } },
        ],
        duplicate: false,
      });
      expect([await kit.totals(a), await kit.totals(b)]).toEqual([[1, 2, 4], [5]]);
      expect(await kit.store.changeMany([a, b], counter, onBoth([0, 0]))).toMatchObject({ lastPosition: undefined });
    });

    it('answers what it did when the same command comes again', async () => {
      const [a, b] = [await kit.begun(1), kit.fresh()];
      const commandId = newUuid();
      const first = await kit.store.changeMany([a, b], counter, onBoth([2, 3]), { commandId });
      const again = await kit.store.changeMany([a, b], counter, onBoth([2, 3]), { commandId });
      expect([first.duplicate, again.duplicate, again.lastPosition]).toEqual([false, true, first.lastPosition]);
      expect([await kit.totals(a), await kit.totals(b)]).toEqual([[1, 2], [3]]);
    });

    it('keeps states beside their streams', async () => {
      const kept = documented(2);
      const [a, b] = [await kit.begun(1), await kit.begun(1, 2, 3)];
      await kit.store.changeMany([a, b], kept, onBoth([5, 0]));
      await kit.under.spoilState(a, { total: 100, events: 2 });
      const { streams } = await kit.store.changeMany([a, b], kept, onBoth([1, 1]));
      expect(streams).toMatchObject([{ state: { total: 101 } }, { state: { total: 7 } }]);
    });

    it('is nothing when it is refused, or when a stream is archived', async () => {
      const [a, b] = [await kit.begun(1), await kit.begun(2)];
      const refused = kit.store.changeMany([a, b], counter, async ([first]) => [
        countUpTo(9)(first?.state ?? counter.initial),
        countUpTo(2)({ total: 2, events: 1 }),
      ]);
      await expect(refused).rejects.toMatchObject({ code: 'test.full' });
      await kit.under.close(b);
      const closed = kit.store.changeMany([a, b], counter, onBoth([1, 1]));
      await expect(closed).rejects.toMatchObject({ code: 'eventing.stream_closed' });
      expect(await kit.totals(a)).toEqual([1]);
    });
  });

  describe('reading', () => {
    it('answers events in order, after a version and so many', async () => {
      const stream = await kit.begun(1, 2, 3, 4);
      const read = await kit.store.read(stream, { after: 1, limit: 2 });
      expect(read.map(({ version, event }) => [version, event])).toEqual([
        [2, counted(2)],
        [3, counted(3)],
      ]);
      expect(await kit.store.read(kit.fresh())).toEqual([]);
    });

    it('answers the state at a version and at an instant', async () => {
      const stream = await kit.begun(1, 2);
      await kit.under.tick();
      await kit.store.append(stream, [counted(4)]);
      await kit.under.tick();
      await kit.store.append(stream, [emptied('full')]);
      const instants = (await kit.store.read(stream)).map(({ recordedAt }) => recordedAt);
      const at = (point: Parameters<EventStore['readAt']>[2]) => kit.store.readAt(stream, counter, point);
      expect(await at({ version: 1 })).toEqual({ version: 1, state: { total: 1, events: 1 } });
      expect(await at({ version: 99 })).toEqual({ version: 4, state: { total: 0, events: 4 } });
      expect(await at({ version: 0 })).toEqual({ version: 0, state: counter.initial });
      expect(await at({ time: instants[2] ?? new Date(0) })).toEqual({ version: 3, state: { total: 7, events: 3 } });
      expect(await at({ time: instants[3] ?? new Date(0) })).toEqual({ version: 4, state: { total: 0, events: 4 } });
      expect(await at({ time: new Date(0) })).toEqual({ version: 0, state: counter.initial });
    });

    it('answers the initial state where there is no stream', async () => {
      expect(await kit.store.load(kit.fresh(), counter)).toEqual({ version: 0, state: counter.initial });
    });
  });

  describe('change', () => {
    it('decides on the state and appends what was decided', async () => {
      const stream = await kit.begun(1, 2);
      const changed = await kit.store.change(stream, counter, ({ total }) => [counted(total)]);
      expect(changed).toMatchObject({
        version: 3,
        state: { total: 6, events: 3 },
        events: [counted(3)],
        duplicate: false,
      });
      expect(await kit.totals(stream)).toEqual([1, 2, 3]);
    });

    it('hands the time and the version to the decision, and begins a stream that is not there', async () => {
      const seen: unknown[] = [];
      const { version } = await kit.store.change(kit.fresh(), counter, (state, { now, version: before }) => {
        seen.push(state, now instanceof Date, before);
        return [counted(1)];
      });
      expect(seen).toEqual([counter.initial, true, 0]);
      expect(version).toBe(1);
    });

    it('appends nothing where nothing was decided', async () => {
      const stream = await kit.begun(1);
      expect(await kit.store.change(stream, counter, () => [])).toMatchObject({
        version: 1,
        events: [],
        lastPosition: undefined,
      });
      await expect(kit.store.change(stream, counter, countUpTo(1))).rejects.toMatchObject({ code: 'test.full' });
      expect(await kit.totals(stream)).toEqual([1]);
    });

    it('refuses a version that the caller has not seen', async () => {
      const stream = await kit.begun(1, 2);
      const stale = kit.store.change(stream, counter, () => [counted(9)], { expectedVersion: 1 });
      await expect(stale).rejects.toMatchObject({ code: 'eventing.stream_changed' });
      expect(await kit.store.change(stream, counter, () => [counted(9)], { expectedVersion: 2 })).toMatchObject({
        version: 3,
      });
    });

    it('decides again when others were faster', async () => {
      const stream = await kit.begun(0);
      const changes = [1, 2, 3].map(() => kit.store.change(stream, counter, countUpTo(2)));
      const settled = await Promise.allSettled(changes);
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
      expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'test.full' } });
      expect(await kit.store.load(stream, counter)).toMatchObject({ state: { total: 2 } });
    });

    it('carries a command out once, without deciding again', async () => {
      const stream = await kit.begun(1);
      const options = { commandId: newUuid() };
      const first = await kit.store.change(stream, counter, () => [counted(5)], options);
      const again = await kit.store.change(stream, counter, () => [counted(7)], options);
      expect(again).toMatchObject({
        version: 2,
        lastPosition: first.lastPosition,
        events: [],
        duplicate: true,
        state: { total: 6 },
      });
      expect(await kit.totals(stream)).toEqual([1, 5]);
    });

    it('writes commands with the events, of the same key only one', async () => {
      const [stream, key] = [kit.fresh(), newUuid()];
      const command = { command: 'test.count', payload: { stream: stream.id } };
      const decide = (): {
        events: ReturnType<typeof counted>[];
        commands: { command: string; payload: { stream: string } }[];
      } => ({
        events: [counted(1)],
        commands: [command, { ...command, ...{ dedupeKey: key, notBefore: new Date('2030-01-01T00:00:00Z') } }],
      });
      await kit.store.change(stream, counter, decide);
      await kit.store.change(stream, counter, decide);
      const own = (await kit.under.outbox(kit.tenantId)).filter(
        ({ payload }) => Reflect.get(Object(payload), 'stream') === stream.id,
      );
      expect(own).toHaveLength(3);
      expect(own.filter(({ dedupeKey }) => dedupeKey === key)).toHaveLength(1);
      await expect(kit.store.change(stream, counter, () => ({ events: [], commands: [command] }))).rejects.toThrow(
        'needs an event',
      );
    });
  });

  describe('state documents', () => {
    it('stand for the events before them', async () => {
      const decider = documented(2);
      const stream = await kit.begun(1);
      await kit.store.change(stream, decider, () => [counted(2), counted(3)]);
      await kit.under.spoilState(stream, { total: 100, events: 3 });
      expect(await kit.store.load(stream, decider)).toEqual({ version: 3, state: { total: 100, events: 3 } });
      await kit.store.append(stream, [counted(4)]);
      expect(await kit.store.load(stream, decider)).toEqual({ version: 4, state: { total: 104, events: 4 } });
    });

    it('are not used where their schema is another', async () => {
      const stream = await kit.begun(1);
      await kit.store.change(stream, documented(1), () => [counted(2)]);
      await kit.under.spoilState(stream, { total: 100, events: 2 });
      expect(await kit.store.load(stream, documented(1, 2))).toEqual({ version: 2, state: { total: 3, events: 2 } });
      expect(await kit.store.load(stream, counter)).toEqual({ version: 2, state: { total: 3, events: 2 } });
    });

    it('are written when the version passes a multiple, and survive appends without one', async () => {
      const decider = documented(3);
      const stream = kit.fresh();
      for (const by of [1, 2]) await kit.store.change(stream, decider, () => [counted(by)]);
      await expect(kit.under.spoilState(stream, { total: 0, events: 0 })).rejects.toThrow('no state');
      await kit.store.change(stream, decider, () => [counted(3), counted(4)]);
      await kit.under.spoilState(stream, { total: 50, events: 4 });
      await kit.store.change(stream, decider, () => [counted(5)]);
      expect(await kit.store.load(stream, decider)).toEqual({ version: 5, state: { total: 55, events: 5 } });
    });

    /** The same counter as releases of it would fold it, each in a way of its own. */
    const released = (schema: number, every: number): Decider<Counter, CounterEvent> => ({
      ...documented(every, schema),
      evolve: ({ total, events }, event) => {
        const next = counter.evolve({ total, events }, event);
        return { ...next, total: (next.total * schema) % 1_000_003 };
      },
    });

    it('and the events after them are the fold of all events, whoever wrote them; those of another schema are never used', async () => {
      const schema = fc.constantFrom(1, 2, 3);
      const step = fc.record({
        schema,
        every: fc.integer({ min: 1, max: 4 }),
        by: fc.array(fc.nat(99), { maxLength: 5 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
          const stream = kit.fresh();
          const all: CounterEvent[] = [];
          for (const { schema: writer, every, by } of steps) {
            all.push(...by.map(counted));
            await kit.store.change(stream, released(writer, every), () => by.map(counted));
          }
          for (const reader of [1, 2, 3]) {
            const decider = released(reader, 1);
            expect(await kit.store.load(stream, decider)).toEqual({ version: all.length, state: fold(decider, all) });
          }
        }),
        { numRuns: 25 },
      );
    });
  });
}
