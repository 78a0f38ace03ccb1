import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplicationContext, Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { z } from 'zod';
import { newUuid } from '#platform/kernel';
import { Databases, PersistenceModule, type Unit, UnitOfWork } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../../../../../test/support/database.js';
import { startEventing, type TestEventing } from '../../../../../test/support/eventing.js';
import { eventually } from '../../../../../test/support/redis-server.js';
import { schema } from '../../../persistence/migrations/kit.js';
import { readModel } from '../../../persistence/migrations/read-model-kit.js';
import type { Decider } from '../core/decider.js';
import { defineEvents } from '../core/event-registry.js';
import { type StreamId, streamId } from '../core/stream-id.js';
import { EventingModule } from '../eventing.module.js';
import { EventStore } from '../store/event-store.js';
import { type InlineEvent, type InlineProjection, InlineProjections } from '../store/inline-projections.js';

const [TENANT, OTHER] = [newUuid(), newUuid()];

interface Moved {
  readonly type: 'stock.moved';
  readonly data: { readonly by: number };
}
const moved = (by: number): Moved => ({ type: 'stock.moved', data: { by } });
defineEvents<Moved | { type: 'stock.renamed'; data: object }>({
  'stock.moved': { version: 1, schema: z.object({ by: z.int() }) },
  'stock.renamed': { version: 1, schema: z.object({}) },
});
const item: Decider<number, Moved> = {
  category: 'stock.item',
  initial: 0,
  evolve: (onHand, { data }) => onHand + data.by,
};

/** What is on hand of each item, kept in the transaction of the moves. */
@Injectable()
class Levels implements InlineProjection, OnModuleInit {
  static poison = NaN;
  static readonly calls: number[] = [];
  readonly categories = ['stock.item'];
  readonly readModel = { name: 'stock.levels', version: 1, events: ['stock.moved'], views: ['stock.level'] };

  constructor(@Inject(InlineProjections) private readonly inline: InlineProjections) {}

  onModuleInit(): void {
    this.inline.add(this);
  }

  async apply(events: readonly InlineEvent[], unit: Unit, table: (view: string) => string): Promise<void> {
    Levels.calls.push(events.length);
    const sums = new Map<string, number>();
    for (const { streamId: id, data } of events) {
      const { by } = data as Moved['data'];
      if (by === Levels.poison) throw new Error('unlucky');
      sums.set(id, (sums.get(id) ?? 0) + by);
    }
    await unit.run(
      `insert into ${table('stock.level')} as t (tenant_id, item, on_hand)
       select $1, n.item, n.by from unnest($2::uuid[], $3::int[]) as n (item, by)
           on conflict (tenant_id, item) do update set on_hand = t.on_hand + excluded.on_hand`,
      [unit.tenantId, [...sums.keys()], [...sums.values()]],
    );
  }
}

describe('inline read models', () => {
  let database: TestDatabase;
  let api: INestApplicationContext;
  let worker: TestEventing | undefined;

  beforeEach(async () => {
    Levels.poison = NaN;
    Levels.calls.length = 0;
    database = await createTestDatabase();
    for (const sql of [
      ...schema('stock'),
      ...readModel({
        name: 'stock.level',
        projection: 'stock.levels',
        columns: 'item uuid not null, on_hand int not null, primary key (tenant_id, item)',
        inline: true,
      }),
    ]) {
      await database.admin(sql);
    }
    const limits = { statementTimeoutMs: 10_000, acquireTimeoutMs: 5_000, slowQueryMs: 10_000 };
    const persistence = { main: { url: database.rtUrl, max: 6 }, applicationName: 'test-api', ...limits };
    const testing = Test.createTestingModule({
      imports: [PersistenceModule.forRoot(persistence), EventingModule.forRoot()],
      providers: [Levels],
    });
    api = await (await testing.compile()).init();
  });
  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
    await api.close();
    await api.get(Databases, { strict: false }).close();
    await database.drop();
  });

  const start = async (): Promise<void> => {
    worker = await startEventing({ database, providers: [Levels] });
    await eventually('it is registered', async () => (await builds()).length > 0);
  };
  const store = (): EventStore => api.get(EventStore, { strict: false });
  const work = (): UnitOfWork => api.get(UnitOfWork, { strict: false });
  const anItem = (tenantId = TENANT): StreamId => streamId('stock.item', tenantId, newUuid());
  const move = (stream: StreamId, by: number) => store().change(stream, item, () => [moved(by)]);
  const builds = () =>
    database.admin<{ slot: string; status: string; wish: string | null; error: unknown }>(
      `select slot, status, wish, error from es.projections where name = 'stock.levels' order by slot`,
    );
  const isLive = async (slot: string): Promise<boolean> =>
    (await builds()).some((build) => build.slot === slot && build.status === 'live');
  const ask = (what: string, status = 'live') =>
    database.admin(`update es.projections set ${what} where name = 'stock.levels' and status = '${status}'`);
  const rows = (table: string) => database.admin(`select tenant_id, item, on_hand from ${table} order by 1, 2`);
  const expected = () =>
    database.admin(`select tenant_id, stream_id as item, sum((data->>'by')::int)::int as on_hand from es.events
                     where type = 'stock.moved' group by 1, 2 order by 1, 2`);

  it('are rebuilt beside the writes: never empty or behind, and equal in the end', async () => {
    const items = [...Array.from({ length: 8 }, () => anItem()), anItem(OTHER)];
    for (const one of items) await move(one, 10);
    await start();
    await eventually('the history from before is in it', () => isLive('b'));
    await eventually('nothing is wished', async () => (await builds()).every(({ wish }) => wish === null));
    // What a rebuild must not keep: a row that no event tells of, in either table.
    for (const slot of ['a', 'b'])
      await database.admin(`insert into stock.level_${slot} values ('${TENANT}', '${newUuid()}', 1)`);
    await ask(`wish = 'rebuild'`);
    const totals: number[] = [];
    let n = 0;
    await eventually('it has turned', async () => {
      await Promise.all([0, 1, 2].map(() => move(items[n++ % items.length] ?? anItem(), 1)));
      const [row] = await database.admin<{ total: number }>(
        `select coalesce(sum(on_hand), 0)::int as total from stock.level where tenant_id = '${TENANT}'`,
      );
      totals.push(row?.total ?? 0);
      return isLive('a');
    });
    expect(Math.min(...totals)).toBeGreaterThanOrEqual(80);
    await Promise.all(items.map((one) => move(one, 2)));
    expect(await rows('stock.level')).toEqual(await expected());
  });

  it('turn only when those who write have ended, and have what they wrote', async () => {
    const one = anItem();
    await move(one, 1);
    await start();
    await eventually('it is live', () => isLive('b'));
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
    const { promise: hasWritten, resolve: wrote } = Promise.withResolvers<void>();
    const open = work().run({ tenantId: TENANT }, async () => {
      await store().append(anItem(), [moved(5)]);
      wrote();
      await mayEnd;
    });
    await hasWritten;
    await ask(`wish = 'rebuild'`);
    const waits = `select 1 from pg_locks where locktype = 'advisory' and not granted and mode = 'ExclusiveLock'`;
    await eventually('the flip waits for it', async () => (await database.admin(waits)).length > 0);
    await move(one, 2);
    expect(await isLive('a')).toBe(false);
    end();
    await open;
    await eventually('it has turned', () => isLive('a'));
    await move(one, 3);
    expect(await rows('stock.level')).toEqual(await expected());
  });

  it('lack nothing: while an event of the history is parked the old one stays', async () => {
    await move(anItem(), 13);
    const [good, bad] = [anItem(), 13];
    await move(good, 1);
    Levels.poison = bad;
    await start();
    const parked = () => database.admin('select 1 from es.parked');
    await eventually('it is parked', async () => (await parked()).length === 1, 15_000);
    await move(good, 1);
    await eventually('the others are in it', async () => {
      return JSON.stringify(await rows('stock.level_b')).includes('"on_hand":2');
    });
    expect(await isLive('a')).toBe(true);
    Levels.poison = NaN;
    await ask(`wish = 'replay'`, 'catching_up');
    await eventually('it is live', () => isLive('b'), 15_000);
    expect(await rows('stock.level')).toEqual(await expected());
  });

  it('are turned back to the old build, which catches up; and the other is dropped on purpose', async () => {
    const one = anItem();
    await move(one, 1);
    await start();
    await eventually('it is live', () => isLive('b'));
    await move(one, 2);
    await ask(`status = 'catching_up'`, 'retired');
    await eventually('it is turned back', () => isLive('a'));
    expect(await rows('stock.level')).toEqual(await expected());
    expect(await rows('stock.level_b')).toHaveLength(1);
    await ask(`wish = 'drop'`, 'retired');
    await eventually('it is gone', async () => (await builds()).length === 1);
    expect(await rows('stock.level_b')).toEqual([]);
    await move(one, 3);
    expect(await rows('stock.level')).toEqual(await expected());
  });

  it('take five thousand events of the bulk lane, and of many streams, in one call', async () => {
    const some = (count: number) =>
      Array.from({ length: count }, (_, by) => ({ stream: anItem(), events: [moved(by)] }));
    await store().appendBulk(some(5_000), { expected: 'none' });
    await store().appendMany(some(300));
    expect(Levels.calls).toEqual([5_000, 300]);
    expect(await rows('stock.level')).toEqual(await expected());
  });

  it('are not asked about events they do not take', async () => {
    await store().append(anItem(), [{ type: 'stock.renamed', data: {} }]);
    expect(Levels.calls).toEqual([]);
  });

  it('have one name each', () => {
    const inline = new InlineProjections();
    const projection = new Levels(inline);
    inline.add(projection);
    expect(() => inline.add(projection)).toThrow('two inline projections are called stock.levels');
  });
});
