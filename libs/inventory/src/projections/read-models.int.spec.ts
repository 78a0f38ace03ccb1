import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/redis-server.js';
import { EUR, InventoryApp, itemId, listed, type StockStore, uuid } from '../../test/inventory-app.js';
import { AdjustStock } from '../commands/adjust-stock.command.js';
import { AllocateReservation } from '../commands/allocate-reservation.command.js';
import { ChangePrice } from '../commands/change-price.command.js';
import { CommitReservation } from '../commands/commit-reservation.command.js';
import { CreateLocation } from '../commands/create-location.command.js';
import { ExtendReservation } from '../commands/extend-reservation.command.js';
import { MakeReservation } from '../commands/make-reservation.command.js';
import { QuarantineItem } from '../commands/quarantine-item.command.js';
import { ReceiveStockInBulk } from '../commands/receive-stock-in-bulk.command.js';
import type { ReceiveItem } from '../domain/receive-item.js';
import { ReleaseReservation } from '../commands/release-reservation.command.js';
import { ReturnReservation } from '../commands/return-reservation.command.js';
import { SetThreshold } from '../commands/set-threshold.command.js';
import { TransferStock } from '../commands/transfer-stock.command.js';
import { WriteOffItem } from '../commands/write-off-item.command.js';
import type { StockItemView } from '../inventory.views.js';
import { MOVEMENTS } from '../movement.views.js';
import { GetAvailability } from '../queries/get-availability.query.js';
import { GetHoldStatistics } from '../queries/get-hold-statistics.query.js';
import { GetInventorySummary } from '../queries/get-inventory-summary.query.js';
import { GetPriceHistory } from '../queries/get-price-history.query.js';
import { GetStockItem } from '../queries/get-stock-item.query.js';
import { ListItemMovements } from '../queries/list-item-movements.query.js';
import { ListLocationMovements } from '../queries/list-location-movements.query.js';
import { ListStockItems } from '../queries/list-stock-items.query.js';
import { CSV_HEADER, StockExport } from '../stock-export.js';
import { STOCK_EXPORT, STOCK_ITEMS } from '../stock-list.js';

let db: TestDatabase;
let app: InventoryApp;
let worker: InventoryApp;
let store: StockStore;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await InventoryApp.start(db);
  worker = await InventoryApp.startWorker(db);
});
beforeEach(() => {
  store = app.newStore();
});
afterAll(async () => {
  await worker.close();
  await app.close();
  await db.drop();
});

/** Waits until something is as expected; the last answer is compared, so that a failure shows it. */
async function becomes(read: () => Promise<unknown>, expected: unknown): Promise<void> {
  await eventually('the expected answer', async () => isDeepStrictEqual(await read(), expected)).catch(() => undefined);
  expect(await read()).toEqual(expected);
}

/** Waits until everything that follows events has come to their end. */
const caughtUp = () =>
  becomes(
    () =>
      db.admin(
        `select p.name from es.projections p where p.status = 'live' and p.kind <> 'inline' and p.name like 'inventory.%'
            and p.position < (select coalesce(max(position), 0) from es.events)`,
      ),
    [],
  );
const list = async (parameters: Record<string, string> = {}) => {
  const page = await app.bus.execute(new ListStockItems(store.actor, listed(STOCK_ITEMS, parameters)));
  return page.data;
};
const reserve = (item: StockItemView, quantity: number, holdSeconds?: number) =>
  app.bus.execute(new MakeReservation(store.actor, { items: [{ itemId: itemId(item), quantity }], holdSeconds }));
const price = (item: StockItemView, amount: number) =>
  app.bus.execute(
    new ChangePrice(store.actor, itemId(item), { input: { price: EUR(amount), reason: 'sale', rule: 'markdown' } }),
  );
const adjust = (item: StockItemView, delta: number) =>
  app.bus.execute(new AdjustStock(store.actor, itemId(item), { input: { delta, reason: 'damaged' } }));

/** A bit of everything that can happen to stock. */
async function history() {
  const back = uuid('location', (await app.bus.execute(new CreateLocation(store.actor, { name: 'Back' }))).id);
  const pool = await app.receivePool(store, 20, { sku: 'P', cost: EUR(700) });
  const copy = await app.receive(store, { cost: EUR(500) });
  const gone = await app.receive(store);
  await app.bus.execute(new TransferStock(store.actor, itemId(pool), { input: { to: back, quantity: 8 } }));
  await app.bus.execute(new SetThreshold(store.actor, itemId(pool), { input: { threshold: 16 } }));
  const order = await reserve(pool, 5);
  const id = uuid('reservation', order.id);
  await app.bus.execute(new ExtendReservation(store.actor, id, {}));
  await app.bus.execute(new AllocateReservation(store.actor, id, {}));
  await app.bus.execute(new CommitReservation(store.actor, id, { input: {} }));
  await app.bus.execute(
    new ReturnReservation(store.actor, id, { input: { items: [{ itemId: itemId(pool), quantity: 2 }] } }),
  );
  const cart = await reserve(copy, 1);
  await app.bus.execute(new ReleaseReservation(store.actor, uuid('reservation', cart.id), { input: {} }));
  await adjust(pool, -1);
  await price(pool, 1_500);
  await app.bus.execute(new WriteOffItem(store.actor, itemId(gone), { input: { reason: 'broken' } }));
  return { pool, copy, gone, back };
}

describe('the stock list', () => {
  test('shows items with what the catalogue calls them, and leaves out what is gone', async () => {
    const { pool, copy, gone } = await history();
    await caughtUp();
    const rows = await list();
    expect(rows.map(({ id }) => id)).toEqual([copy.id, pool.id]);
    expect(rows[1]).toMatchObject({
      artist: 'Miles Davis',
      title: 'Kind of Blue',
      genres: ['Jazz'],
      onHand: 16,
      isLow: true,
    });
    const [now] = [await app.bus.execute(new GetStockItem(store.actor, itemId(pool)))];
    expect(rows[1]).toMatchObject({ version: now.version, free: now.free, price: EUR(1_500), sku: 'P' });
    expect((await list({ 'filter[status]': 'written_off' })).map(({ id }) => id)).toEqual([gone.id]);
  });

  test('is filtered by everything that staff ask for', async () => {
    const mug = await app.release(store, 'a mug', 'mug');
    const { pool, copy, back } = await history();
    const other = await app.receive(store, {
      releaseId: mug,
      mediaGrade: undefined,
      price: EUR(300),
      sleeveGrade: 'Generic',
    });
    await caughtUp();
    const found = async (parameters: Record<string, string>) => (await list(parameters)).map(({ id }) => id).sort();
    const of = (...items: StockItemView[]) => items.map(({ id }) => id).sort();
    expect(await found({ 'filter[kind]': 'pool' })).toEqual(of(pool));
    expect(await found({ 'filter[mediaGrade]': 'NM', 'filter[kind]': 'single' })).toEqual(of(copy));
    expect(await found({ 'filter[sleeveGrade]': 'Generic' })).toEqual(of(other));
    expect(await found({ 'filter[genre]': 'Jazz,Rock' })).toEqual(of(pool, copy, other));
    expect(await found({ 'filter[genre]': 'Rock' })).toEqual([]);
    const unpriced = await app.receivePool(store, 1, { price: undefined });
    await caughtUp();
    expect(await found({ 'filter[price][lt]': '1000' })).toEqual(of(other));
    await app.bus.execute(new WriteOffItem(store.actor, itemId(unpriced), { input: { reason: 'x' } }));
    await caughtUp();
    expect(await found({ 'filter[price][gte]': '1500', 'filter[currency]': 'EUR' })).toEqual(of(pool, copy));
    expect(await found({ 'filter[location]': await locationIdOf(back) })).toEqual(of(pool));
    expect(await found({ 'filter[lowStock]': 'true' })).toEqual(of(pool));
    expect(await found({ 'filter[text]': 'MILÉS,blue' })).toEqual(of(pool, copy, other));
    expect(await found({ 'filter[text]': '100%' })).toEqual([]);
    expect(await found({ 'filter[text]': copy.code.slice(3, 9) })).toEqual(of(copy));
    expect(await found({ 'filter[receivedAt][gt]': '2099-01-01T00:00:00Z' })).toEqual([]);
    expect(await found({ 'filter[release]': other.releaseId })).toEqual(of(other));
    expect((await list({ sort: 'price' })).map(({ price: one }) => one?.amount)).toEqual([300, 1_500, 1_999]);
    expect((await list({ sort: '-onHand', limit: '1' })).map(({ id }) => id)).toEqual([pool.id]);
  });

  const locationIdOf = async (id: string): Promise<string> => {
    const rows = await list();
    const found = rows.flatMap(({ locationIds }) => locationIds).find((one) => uuid('location', one) === id);
    return found ?? '';
  };

  test('is exported as CSV, filtered and in order, however many pages it has', async () => {
    const releaseId = await app.release(store);
    const items = Array.from({ length: 1_100 }, (_, at): ReceiveItem => {
      return { releaseId, kind: 'pool', quantity: at, sku: `=${at}`, price: EUR(at) };
    });
    await app.bus.execute(new ReceiveStockInBulk(store.actor, { source: 'file', items }));
    await app.receive(store);
    await caughtUp();
    const parameters = { 'filter[kind]': 'pool', sort: 'onHand' };
    const pieces: string[] = [];
    const file = await new StockExport(app.bus).open(store.actor, listed(STOCK_EXPORT, parameters));
    for await (const piece of file) pieces.push(piece);
    expect(pieces.length).toBe(3);
    const lines = pieces.join('').trimEnd().split('\r\n');
    expect(lines.length).toBe(1_101);
    expect(lines[0]).toBe(CSV_HEADER.trimEnd());
    expect(lines.slice(1).map((line) => line.split(',')[9])).toEqual(items.map(({ sku }) => `'${sku}`));
  });
});

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

describe('movements', () => {
  test('tell what came and went, of an item and of a location', async () => {
    const { pool, back } = await history();
    await caughtUp();
    const ofItem = await app.bus.execute(new ListItemMovements(store.actor, itemId(pool), listed(MOVEMENTS)));
    const moved = ofItem.data.map(({ kind, quantity }) => `${kind} ${quantity}`);
    expect([...moved.slice(0, 3), ...moved.slice(3, 5).sort(), ...moved.slice(5)]).toEqual([
      'adjusted -1',
      'returned 2',
      'sold -5',
      'transferred -8',
      'transferred 8',
      'received 20',
    ]);
    const ofPlace = await app.bus.execute(
      new ListLocationMovements(store.actor, back, listed(MOVEMENTS, { 'filter[kind]': 'transferred' })),
    );
    expect(ofPlace.data.map(({ quantity }) => quantity)).toEqual([8]);
    await expect(
      app.bus.execute(new ListItemMovements(app.newStore().actor, itemId(pool), listed(MOVEMENTS))),
    ).rejects.toMatchObject({ code: 'http.not_found' });
  });
});

describe('prices', () => {
  test('are kept with their causes; a reduction names the lowest price before it', async () => {
    const copy = await app.receive(store);
    await price(copy, 1_800);
    await price(copy, 1_500);
    await caughtUp();
    const found = await app.bus.execute(new GetPriceHistory(store.actor, itemId(copy)));
    expect(found.prices).toMatchObject([
      { price: EUR(1_500), reason: 'sale', rule: 'markdown' },
      { price: EUR(1_800) },
      { price: EUR(1_999), reason: 'received' },
    ]);
    expect([found.lowestPrice30d, found.was]).toEqual([EUR(1_500), EUR(1_999)]);
  });
});

describe('numbers', () => {
  test('sum up units and value, now and at any instant before', async () => {
    const before = new Date();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const pool = await app.receivePool(store, 10, { cost: EUR(700) });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const [{ now } = { now: before }] = await db.admin<{ now: Date }>('select clock_timestamp() as now');
    await new Promise((resolve) => setTimeout(resolve, 5));
    await adjust(pool, -4);
    await price(pool, 1_000);
    await app.receive(store, { price: { amount: 300, currency: 'JPY' } });
    await caughtUp();
    const summary = (asOf?: string) => app.bus.execute(new GetInventorySummary(store.actor, asOf));
    expect(await summary()).toMatchObject({
      items: 2,
      units: 7,
      costValue: [EUR(4_200)],
      listValue: [EUR(6_000), { amount: 300, currency: 'JPY' }],
      ageing: [{ fromDays: 0, toDays: 30, items: 2, units: 7 }, {}, {}, {}, { fromDays: 365, toDays: null, items: 0 }],
    });
    expect(await summary(now.toISOString())).toMatchObject({ items: 1, units: 10, costValue: [EUR(7_000)], listValue: [EUR(19_990)] });
    expect(await summary(before.toISOString())).toMatchObject({ items: 0, units: 0, costValue: [], listValue: [] });
  }); // prettier-ignore

  test('count what becomes of holds', async () => {
    await history();
    await caughtUp();
    const { days } = await app.bus.execute(new GetHoldStatistics(store.actor, 7));
    expect(days).toMatchObject([{ held: 6, extended: 5, converted: 5, expired: 0, released: 1, sold: 5, returned: 2 }]);
    const { velocity } = await app.bus.execute(new GetInventorySummary(store.actor));
    expect(velocity.map(({ days: n, soldUnits, returnedUnits }) => [n, soldUnits, returnedUnits])).toEqual([
      [7, 5, 2],
      [30, 5, 2],
      [90, 5, 2],
    ]);
  });

  test('say what can be had at this moment', async () => {
    const [pool, copy] = [await app.receivePool(store, 5), await app.receive(store)];
    await reserve(pool, 2, 1);
    await reserve(copy, 1, 1);
    const available = async () => {
      const { items } = await app.bus.execute(new GetAvailability(store.actor, [itemId(pool), itemId(copy)]));
      return items.map((one) => one.available);
    };
    expect(await available()).toEqual([3, 0]);
    await becomes(available, [5, 1]);
  });
});

describe('a rebuild', () => {
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
