import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import type { Unit } from '#platform/persistence';
import { guard, schema } from '../../../persistence/migrations/kit.js';
import { counted, counter, newCounter } from '../../testing/counter.js';
import { openCounters } from '../../testing/counters.js';
import type { StreamId } from '../core/stream-id.js';

/** A category with an inline projection: the view allows each total of a tenant once. */
const uniqueTotals = { ...counter, category: 'test.unique' };
const unique = (): StreamId => ({ ...newCounter(tenantId), category: 'test.unique' });

const { tenantId, under, store, begun } = await openCounters();
const view = (stream: StreamId): Promise<{ by: number }[]> =>
  under.database.admin('select by from probe.counted where stream_id = $1 order by by', [stream.id]);

beforeAll(async () => {
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

describe('the event store with an inline projection', () => {
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
