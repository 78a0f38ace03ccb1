import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { becomes, followStock, makeHistory, staffOf } from '../../test/followed-stock.js';
import { EUR, itemId, type StockStore, uuid } from '../../test/inventory-app.js';
import { QuarantineItem } from '../commands/quarantine-item.command.js';
import { ReceiveStockInBulk } from '../commands/receive-stock-in-bulk.command.js';
import { WriteOffItem } from '../commands/write-off-item.command.js';
import type { ReceiveItem } from '../domain/receive-item.js';
import { GetStockItem } from '../queries/get-stock-item.query.js';

const { db, app, caughtUp, close } = await followStock();
let store: StockStore;
const { list, reserve, price } = staffOf(app, () => store);
const history = () => makeHistory(app, store);

beforeEach(() => {
  store = app.newStore();
});
afterAll(close);

describe('releases that change', () => {
  test('change what stock is called, and stock follows a merge', async () => {
    const [kept, merged] = [await app.release(store, 'kept'), await app.release(store, 'merged')];
    const copy = await app.receive(store, { releaseId: merged });
    await caughtUp();
    const fact = (type: string, data: object) => ({
      type,
      data: { artist: 'Coltrane', title: 'Blue Train', genres: ['Bop'], ...data },
    });
    const stream = (id: string) => ({ tenantId: store.tenantId, category: 'catalog.release', id });
    await app.events.append(stream(merged), [fact('catalog.release-changed.v1', { releaseId: merged })]);
    await caughtUp();
    expect(await list({ 'filter[text]': 'coltrane' })).toMatchObject([{ id: copy.id, genres: ['Bop'] }]);
    await db.admin(`update catalog.release set state = 'merged', merged_into = $1 where id = $2`, [kept, merged]);
    await app.events.append(stream(merged), [
      fact('catalog.release-merged.v1', { releaseId: merged, mergedInto: kept }),
    ]);
    await caughtUp();
    const [row] = await list();
    expect([uuid('release', row?.releaseId ?? ''), row?.artist]).toEqual([kept, 'Miles Davis']);
    await becomes(stockStatuses, { [kept]: 1, [merged]: 0 });
  });
});

const stockStatuses = async () => {
  const rows = await db.admin<{ id: string; available: number }>(
    'select release_id as id, available from catalog.release_stock where tenant_id = $1',
    [store.tenantId],
  );
  return Object.fromEntries(rows.map(({ id, available }) => [id, available]));
};

test('the catalogue is told how many copies can be sold', async () => {
  const releaseId = await app.release(store);
  const pool = await app.receivePool(store, 7);
  const copy = await app.receive(store);
  await reserve(pool, 2);
  await becomes(stockStatuses, { [releaseId]: 6 });
  const holdUntil = new Date(Date.now() + 3_600_000).toISOString();
  await app.bus.execute(new QuarantineItem(store.actor, itemId(copy), { input: { holdUntil, reason: 'x' } }));
  await becomes(stockStatuses, { [releaseId]: 5 });
});

test('a quarantine is lifted by its timer, and not before its time', async () => {
  const copy = await app.receive(store, { holdUntil: new Date(Date.now() + 700).toISOString() });
  expect(copy).toMatchObject({ status: 'quarantined' });
  const status = async () => (await app.bus.execute(new GetStockItem(store.actor, itemId(copy)))).status;
  await becomes(status, 'available');
  const [row] = await db.admin<{ early: boolean }>(
    `select recorded_at < $2::timestamptz as early from es.events where stream_id = $1 and type = 'inventory.quarantine-lifted'`,
    [itemId(copy), copy.holdUntil],
  );
  expect(row).toEqual({ early: false });
});

describe('a rebuild', () => {
  /** Stock of shapes that nothing above has: the whole database is compared. */
  beforeAll(async () => {
    store = app.newStore();
    const releaseId = await app.release(store, 'a mug', 'mug');
    const [mediaGrade, sleeveGrade] = [undefined, 'Generic'] as const;
    await app.receive(store, { releaseId, mediaGrade, sleeveGrade, price: { amount: 300, currency: 'JPY' } });
    const unpriced = await app.receivePool(store, 1, { price: undefined });
    await app.bus.execute(new WriteOffItem(store.actor, itemId(unpriced), { input: { reason: 'x' } }));
    const items = Array.from({ length: 100 }, (_, at): ReceiveItem => {
      return { releaseId, kind: 'pool', quantity: at, sku: `=${at}`, price: EUR(at) };
    });
    await app.bus.execute(new ReceiveStockInBulk(store.actor, { source: 'file', items }));
    const copy = await app.receive(store);
    await price(copy, 1_800);
    await reserve(copy, 1, 1);
  });

  const VIEWS: readonly [projection: string, views: readonly string[]][] = [
    ['inventory.stock-list', ['inventory.stock_row', 'inventory.release_fact', 'inventory.value_change']],
    ['inventory.movements', ['inventory.movement', 'inventory.stock_level']],
    ['inventory.prices', ['inventory.price']],
    ['inventory.hold-days', ['inventory.hold_day']],
    ['inventory.stock-guards', ['inventory.item', 'inventory.availability', 'inventory.reservation_line']],
  ];
  const dump = async (views: readonly string[], slot: string) => {
    const rows = await Promise.all(
      views.map((view) => db.admin<{ row: string }>(`select t::text as row from ${view}_${slot} t order by 1`)),
    );
    return rows.map((one) => one.map(({ row }) => row));
  };

  test.each(VIEWS)('of %s gives what is there, byte for byte', async (name, views) => {
    await history();
    await reserve(await app.receivePool(store, 3), 1);
    await caughtUp();
    const live = await db.admin<{ slot: string }>(`select slot from es.projections where name = $1 and status = 'live'`, [name]);
    const slot = live[0]?.slot ?? 'a';
    const before = await dump(views, slot);
    expect(before.every((rows) => rows.length > 0)).toBe(true);
    await db.admin(`update es.projections set wish = 'rebuild' where name = $1 and status = 'live'`, [name]);
    const other = slot === 'a' ? 'b' : 'a';
    const liveSlot = () => db.admin(`select slot from es.projections where name = $1 and status = 'live'`, [name]);
    await becomes(liveSlot, [{ slot: other }]);
    expect(await dump(views, other)).toEqual(before);
  }); // prettier-ignore
});
