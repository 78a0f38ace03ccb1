import { afterAll, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { counted, counter, newCounter } from '../../testing/counter.js';
import { openCounters } from '../../testing/counters.js';
import type { StreamId } from '../core/stream-id.js';
import type { Appended } from './event-log.js';

const { tenantId, under, store, begun, total } = await openCounters();

afterAll(() => under.dispose());

describe('the event store in a unit of work', () => {
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
});
