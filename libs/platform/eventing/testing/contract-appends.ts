import { describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import type { ExpectedVersion, StreamId } from '../src/core/stream-id.js';
import type { ContractKit } from './contract-kit.js';
import { counted, counter, documented, newCounter } from './counter.js';

const ALL_MODES: readonly ExpectedVersion[] = ['none', 1, 'any', 'exists'];

/** How events get into streams. */
export function describeAppends(kit: ContractKit): void {
  describe('append', () => {
    it('begins a stream that must not exist', async () => {
      const stream = kit.fresh();
      const appended = await kit.store.append(stream, [counted(1), counted(2)], { expected: 'none' });
      expect(appended).toMatchObject({ versions: [2], duplicate: false });
      expect(appended.lastPosition).toBeGreaterThan(appended.firstPosition);
      expect(await kit.totals(stream)).toEqual([1, 2]);
      await expect(kit.store.append(stream, [counted(3)], { expected: 'none' })).rejects.toMatchObject({
        code: 'eventing.version_clash',
      });
      await expect(kit.store.append(stream, [counted(3)], { expected: 0 })).rejects.toMatchObject({
        code: 'eventing.version_clash',
      });
    });

    it('goes on from exactly the version it was told', async () => {
      const stream = await kit.begun(1, 2);
      expect(await kit.store.append(stream, [counted(3)], { expected: 2 })).toMatchObject({ versions: [3] });
      for (const expected of [1, 2, 4]) {
        await expect(kit.store.append(stream, [counted(9)], { expected })).rejects.toMatchObject({
          code: 'eventing.version_clash',
        });
      }
      await expect(kit.store.append(kit.fresh(), [counted(9)], { expected: 1 })).rejects.toMatchObject({
        code: 'eventing.stream_missing',
      });
      expect(await kit.totals(stream)).toEqual([1, 2, 3]);
    });

    it('takes any version, also none', async () => {
      const stream = kit.fresh();
      expect(await kit.store.append(stream, [counted(1)])).toMatchObject({ versions: [1] });
      expect(await kit.store.append(stream, [counted(2), counted(3)], { expected: 'any' })).toMatchObject({
        versions: [3],
      });
    });

    it('takes any version of a stream that must exist', async () => {
      const stream = await kit.begun(1);
      expect(await kit.store.append(stream, [counted(2)], { expected: 'exists' })).toMatchObject({ versions: [2] });
      await expect(kit.store.append(kit.fresh(), [counted(1)], { expected: 'exists' })).rejects.toMatchObject({
        code: 'eventing.stream_missing',
      });
    });

    it('refuses a closed stream in every mode', async () => {
      const stream = await kit.begun(1);
      await kit.under.close(stream);
      for (const expected of ALL_MODES) {
        await expect(kit.store.append(stream, [counted(2)], { expected })).rejects.toMatchObject({
          code: 'eventing.stream_closed',
        });
      }
      await expect(kit.store.change(stream, counter, () => [counted(2)])).rejects.toMatchObject({
        code: 'eventing.stream_closed',
      });
      expect(await kit.totals(stream)).toEqual([1]);
    });

    it.each(ALL_MODES)('answers a repeated command as before, expecting %s', async (expected) => {
      const stream = expected === 'none' ? kit.fresh() : await kit.begun(7);
      const options = {
        expected,
        commandId: newUuid(),
        commands: [{ command: 'test.count', payload: { stream: stream.id } }],
      };
      const first = await kit.store.append(stream, [counted(1), counted(2)], options);
      expect(first.duplicate).toBe(false);
      expect(await kit.store.append(stream, [counted(1), counted(2)], options)).toEqual({ ...first, duplicate: true });
      await kit.store.append(stream, [counted(3)], { expected: first.versions[0] ?? 0 });
      expect(await kit.store.append(stream, [counted(1), counted(2)], options)).toEqual({ ...first, duplicate: true });
      await kit.under.close(stream);
      expect(await kit.store.append(stream, [counted(1), counted(2)], options)).toEqual({ ...first, duplicate: true });
      expect(await kit.totals(stream)).toEqual([...(expected === 'none' ? [] : [7]), 1, 2, 3]);
      expect(
        (await kit.under.outbox(kit.tenantId)).filter(
          ({ payload }) => Reflect.get(Object(payload), 'stream') === stream.id,
        ),
      ).toHaveLength(1);
    });

    it('gives the events of a command ids that are always the same', async () => {
      const commandId = newUuid();
      const [first, second] = [kit.fresh(), newCounter(newUuid())];
      await kit.store.append(first, [counted(1), counted(2)], { expected: 'none', commandId });
      await kit.store.append(second, [counted(1), counted(2)], { expected: 'none', commandId });
      const ids = async (stream: StreamId): Promise<string[]> =>
        (await kit.store.read(stream)).map(({ eventId }) => eventId);
      expect(await ids(first)).toEqual(await ids(second));
      expect(new Set(await ids(first)).size).toBe(2);
    });

    it('refuses what is no event', async () => {
      await expect(kit.store.append(kit.fresh(), [])).rejects.toThrow('at least one event');
      await expect(kit.store.append(kit.fresh(), [{ type: 'test.unknown', data: {} }])).rejects.toThrow('not defined');
      await expect(kit.store.append(kit.fresh(), [{ type: 'test.counted', data: { by: 'many' } }])).rejects.toThrow(
        'does not match its schema',
      );
      await expect(kit.store.append(kit.fresh(), [counted(1)], { expected: -1 })).rejects.toThrow('whole number');
    });

    it('notes with an event what led to it and when it took effect', async () => {
      const stream = kit.fresh();
      const [causationId, effectiveAt] = [newUuid(), new Date('2026-02-03T04:05:06.000Z')];
      await kit.store.append(stream, [counted(1)], { causationId, effectiveAt });
      const [recorded] = await kit.store.read(stream);
      expect(recorded?.meta).toEqual({ causation: causationId, effectiveAt: effectiveAt.toISOString() });
      expect(recorded?.recordedAt).toBeInstanceOf(Date);
    });
  });

  describe('append to many streams', () => {
    it('writes to all of them in one commit, each in its own mode', async () => {
      const [old, exact, made] = [await kit.begun(1), await kit.begun(1, 2), kit.fresh()];
      const appended = await kit.store.appendMany([
        { stream: old, expected: 'exists', events: [counted(5)] },
        { stream: made, expected: 'none', events: [counted(6), counted(7)] },
        { stream: exact, expected: 2, events: [counted(8)] },
      ]);
      expect(appended).toMatchObject({ versions: [2, 2, 3], duplicate: false });
      expect(await kit.totals(old)).toEqual([1, 5]);
      expect(await kit.totals(made)).toEqual([6, 7]);
      expect(await kit.totals(exact)).toEqual([1, 2, 8]);
    });

    it('writes nothing when one of them is not as expected', async () => {
      const [old, made] = [await kit.begun(1), kit.fresh()];
      const clash = kit.store.appendMany([
        { stream: made, events: [counted(1)] },
        { stream: old, expected: 7, events: [counted(1)] },
      ]);
      await expect(clash).rejects.toMatchObject({ code: 'eventing.version_clash' });
      expect(await kit.totals(made)).toEqual([]);
      expect(await kit.totals(old)).toEqual([1]);
    });

    it('answers a repeated command as before', async () => {
      const appends = [await kit.begun(1), kit.fresh()].map((stream) => ({ stream, events: [counted(2)] }));
      const commandId = newUuid();
      const first = await kit.store.appendMany(appends, { commandId });
      expect(await kit.store.appendMany(appends, { commandId })).toEqual({ ...first, duplicate: true });
    });

    it('refuses a stream named twice, an empty list and a second tenant', async () => {
      const stream = kit.fresh();
      const twice = [1, 2].map((by) => ({ stream, events: [counted(by)] }));
      await expect(kit.store.appendMany(twice)).rejects.toThrow('each stream once');
      await expect(kit.store.appendMany([])).rejects.toThrow('at least one stream');
      await expect(kit.store.appendMany([{ stream, events: [] }])).rejects.toThrow('at least one event');
      const foreign = [stream, newCounter(newUuid())].map((one) => ({ stream: one, events: [counted(1)] }));
      await expect(kit.store.appendMany(foreign)).rejects.toThrow('one tenant');
    });
  });

  describe('the bulk lane', () => {
    const some = (count: number): { stream: StreamId; events: ReturnType<typeof counted>[] }[] =>
      Array.from({ length: count }, (_, by) => ({ stream: kit.fresh(), events: [counted(by), counted(1)] }));

    it('begins a thousand streams with their states', async () => {
      const appends = some(1_000);
      const decider = documented(1);
      const appended = await kit.store.appendBulk(appends, { expected: 'none', decider });
      expect(appended.versions).toEqual(appends.map(() => 2));
      for (const by of [0, 500, 999]) {
        const stream = appends[by]?.stream ?? kit.fresh();
        expect(await kit.totals(stream)).toEqual([by, 1]);
        expect(await kit.store.load(stream, decider)).toEqual({ version: 2, state: { total: by + 1, events: 2 } });
      }
    });

    it('goes on with old streams and new ones alike', async () => {
      const old = await kit.begun(1, 2, 3);
      const appends = [...some(2), { stream: old, events: [counted(4)] }];
      expect(await kit.store.appendBulk(appends, { expected: 'any' })).toMatchObject({
        versions: [2, 2, 4],
        duplicate: false,
      });
      expect(await kit.totals(old)).toEqual([1, 2, 3, 4]);
    });

    it('writes nothing when a stream that must be new is there, or one is closed', async () => {
      const old = await kit.begun(1);
      const appends = [...some(2), { stream: old, events: [counted(4)] }];
      await expect(kit.store.appendBulk(appends, { expected: 'none' })).rejects.toMatchObject({
        code: 'eventing.version_clash',
      });
      await kit.under.close(old);
      await expect(kit.store.appendBulk(appends, { expected: 'any' })).rejects.toMatchObject({
        code: 'eventing.stream_closed',
      });
      for (const { stream } of appends.slice(0, 2)) expect(await kit.totals(stream)).toEqual([]);
    });

    it.each(['none', 'any'] as const)('answers a repeated command as before, expecting %s', async (expected) => {
      const options = { expected, commandId: newUuid() };
      const appends = some(3);
      const first = await kit.store.appendBulk(appends, options);
      expect(await kit.store.appendBulk(appends, options)).toEqual({ ...first, duplicate: true });
    });

    it('takes streams of one category', async () => {
      const other = { stream: { ...kit.fresh(), category: 'test.other' }, events: [counted(1)] };
      await expect(kit.store.appendBulk([...some(1), other], { expected: 'any' })).rejects.toThrow('one category');
    });
  });
}
