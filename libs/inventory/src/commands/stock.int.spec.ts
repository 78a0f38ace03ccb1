import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { EUR, InventoryApp, itemId, type StockStore, uuid } from '../../test/inventory-app.js';
import { GetStockItem } from '../queries/get-stock-item.query.js';
import { AdjustStock } from './adjust-stock.command.js';
import { CloseLocation } from './close-location.command.js';
import { CountStock } from './count-stock.command.js';
import { CreateLocation } from './create-location.command.js';
import { DescribeItem } from './describe-item.command.js';
import { MakeReservation } from './make-reservation.command.js';
import { RegradeItem } from './regrade-item.command.js';
import { RenameLocation } from './rename-location.command.js';
import { TransferStock } from './transfer-stock.command.js';
import { WriteOffItem } from './write-off-item.command.js';

let db: TestDatabase;
let app: InventoryApp;
let store: StockStore;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await InventoryApp.start(db);
});
beforeEach(() => {
  store = app.newStore();
});
afterAll(async () => {
  await app.close();
  await db.drop();
});

const get = (id: string, asOf?: string) => app.bus.execute(new GetStockItem(store.actor, id, asOf));
const newLocation = async (name: string) =>
  uuid('location', (await app.bus.execute(new CreateLocation(store.actor, { name }))).id);
const transfer = (id: string, to: string, quantity: number, from?: string) =>
  app.bus.execute(new TransferStock(store.actor, id, { input: { to, quantity, ...(from ? { from } : {}) } }));

describe('receiving an item', () => {
  test('puts it on sale at the default location, with a code of its own', async () => {
    const made = await app.receive(store);
    expect(made).toMatchObject({ status: 'available', onHand: 1, free: 1, version: 1, reason: null });
    expect(made.code).toMatch(/^[0-9A-HJKMNP-TV-Z]{12}$/);
    expect(await get(itemId(made))).toEqual(made);
  });

  test('withdraws it until what it lacks is there', async () => {
    const made = await app.receive(store, { mediaGrade: undefined, price: undefined });
    expect(made).toMatchObject({ status: 'withdrawn', reason: 'needs_grading' });
    const graded = await app.bus.execute(new RegradeItem(store.actor, itemId(made), { input: { mediaGrade: 'VG+' } }));
    expect(graded).toMatchObject({ status: 'withdrawn', reason: 'needs_price', mediaGrade: 'VG+' });
  });

  test('is refused for releases that are not there or archived, and follows merges', async () => {
    await expect(app.receive(store, { releaseId: newUuid() })).rejects.toMatchObject({
      code: 'inventory.release_not_found',
    });
    const [survivor, merged, twice, archived] = await Promise.all(
      ['survivor', 'merged', 'merged twice', 'archived'].map((name) => app.release(store, name)),
    );
    const become = (state: string, id?: string, into?: string) =>
      db.admin('update catalog.release set state = $1, merged_into = $2 where id = $3', [state, into ?? null, id]);
    await become('archived', archived);
    await expect(app.receive(store, { releaseId: archived })).rejects.toMatchObject({
      code: 'inventory.release_archived',
    });
    await become('merged', merged, survivor);
    await become('merged', twice, merged);
    expect(uuid('release', (await app.receive(store, { releaseId: twice })).releaseId)).toBe(survivor);
  });

  test('wants a grade of a copy of a record, not of other goods', async () => {
    const releaseId = await app.release(store, 'a mug', 'mug');
    expect(await app.receive(store, { releaseId, mediaGrade: undefined })).toMatchObject({ status: 'available' });
  });

  test('is refused for a code or SKU that another item has, also in another spelling', async () => {
    await app.receive(store, { sku: 'caf\u00e9', code: 'c\u00e9' });
    await expect(app.receive(store, { sku: 'cafe\u0301' })).rejects.toMatchObject({ code: 'inventory.sku_taken' });
    await expect(app.receive(store, { code: 'ce\u0301' })).rejects.toMatchObject({ code: 'inventory.code_taken' });
    await expect(app.receive(app.newStore(), { sku: 'caf\u00e9' })).resolves.toMatchObject({ sku: 'caf\u00e9' });
  });

  test('refuses a quantity other than 1 for a single copy', async () => {
    await expect(app.receive(store, { quantity: 2 })).rejects.toMatchObject({ code: 'inventory.single_quantity' });
  });
});

describe('changing an item', () => {
  test('swaps the SKUs of two items in two steps', async () => {
    const [a, b] = [await app.receive(store, { sku: 'A' }), await app.receive(store, { sku: 'B' })];
    const describeItem = (id: string, sku: string | null) =>
      app.bus.execute(new DescribeItem(store.actor, id, { input: { sku } }));
    await expect(describeItem(itemId(a), 'B')).rejects.toMatchObject({ code: 'inventory.sku_taken' });
    await describeItem(itemId(b), null);
    await describeItem(itemId(a), 'B');
    expect(await describeItem(itemId(b), 'A')).toMatchObject({ sku: 'A', version: 3 });
  });

  test('is refused with another version than the caller has seen', async () => {
    const made = await app.receivePool(store, 5);
    const count = (counted: number, ifMatch: string) =>
      app.bus.execute(new CountStock(store.actor, itemId(made), { input: { counted }, ifMatch: [ifMatch] }));
    expect(await count(7, '"v1"')).toMatchObject({ onHand: 7, version: 2 });
    await expect(count(9, '"v1"')).rejects.toMatchObject({ code: 'http.precondition_failed' });
    expect(await get(itemId(made))).toMatchObject({ onHand: 7, version: 2 });
  });

  test('is unknown for an item of another store', async () => {
    const made = await app.receive(store);
    const { actor } = app.newStore();
    await expect(app.bus.execute(new GetStockItem(actor, itemId(made)))).rejects.toMatchObject({
      code: 'http.not_found',
    });
    await expect(
      app.bus.execute(new WriteOffItem(actor, itemId(made), { input: { reason: 'lost' } })),
    ).rejects.toMatchObject({ code: 'http.not_found' });
  });

  test('shows it as it was at any instant', async () => {
    const made = await app.receivePool(store, 5);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const [{ now } = { now: new Date(0) }] = await db.admin<{ now: Date }>('select clock_timestamp() as now');
    await new Promise((resolve) => setTimeout(resolve, 5));
    await app.bus.execute(new AdjustStock(store.actor, itemId(made), { input: { delta: -2, reason: 'damaged' } }));
    expect(await get(itemId(made), now.toISOString())).toEqual(made);
    expect(await get(itemId(made))).toMatchObject({ onHand: 3 });
    await expect(get(itemId(made), '2020-01-01T00:00:00Z')).rejects.toMatchObject({ code: 'http.not_found' });
  });
});

describe('locations', () => {
  test('are one from the first day, which is made once however many ask at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => app.receive(store)));
    expect(new Set(made.flatMap(({ levels }) => levels.map(({ locationId }) => locationId))).size).toBe(1);
    expect(await db.admin('select 1 from inventory.location where tenant_id = $1', [store.tenantId])).toHaveLength(1);
  });

  test('take what is transferred, but not what is promised', async () => {
    const made = await app.receivePool(store, 5);
    const back = await newLocation('Back room');
    await app.bus.execute(new MakeReservation(store.actor, { items: [{ itemId: itemId(made), quantity: 2 }] }));
    await expect(transfer(itemId(made), back, 4)).rejects.toMatchObject({
      code: 'inventory.reserved',
      members: { reserved: 2, onHand: 5 },
    });
    const moved = await transfer(itemId(made), back, 3);
    expect(moved.levels.map(({ onHand, reserved }) => [onHand, reserved]).sort()).toEqual([
      [2, 2],
      [3, 0],
    ]);
  });

  test('close when they are empty, and then take nothing', async () => {
    const made = await app.receivePool(store, 1);
    const back = await newLocation('Back room');
    await transfer(itemId(made), back, 1);
    const close = () => app.bus.execute(new CloseLocation(store.actor, back));
    await expect(close()).rejects.toMatchObject({ code: 'inventory.location_not_empty' });
    await app.bus.execute(new WriteOffItem(store.actor, itemId(made), { input: { reason: 'broken' } }));
    expect(await close()).toMatchObject({ version: 2, closedAt: expect.any(String) });
    expect(await close()).toMatchObject({ version: 2 });
    await expect(app.receive(store, { locationId: back })).rejects.toMatchObject({ code: 'inventory.location_closed' });
    await expect(app.receive(store, { locationId: newUuid() })).rejects.toMatchObject({
      code: 'inventory.location_not_found',
    });
  });

  test('close or take stock, never both at once', async () => {
    for (let round = 0; round < 5; round++) {
      const place = await newLocation(`place ${round}`);
      const [closed, received] = await Promise.allSettled([
        app.bus.execute(new CloseLocation(store.actor, place)),
        app.receive(store, { locationId: place }),
      ]);
      expect([closed.status, received.status].sort()).toEqual(['fulfilled', 'rejected']);
    }
  });

  test('have names that are unique among the open ones', async () => {
    const back = await newLocation('Back room');
    await expect(newLocation('Back room')).rejects.toMatchObject({ code: 'inventory.location_name_taken' });
    await expect(newLocation('Main')).rejects.toMatchObject({ code: 'inventory.location_name_taken' });
    const rename = (name: string) => app.bus.execute(new RenameLocation(store.actor, back, { input: { name } }));
    expect(await rename('Cellar')).toMatchObject({ name: 'Cellar', version: 2 });
    expect(await rename('Cellar')).toMatchObject({ version: 2 });
    await expect(rename('Main')).rejects.toMatchObject({ code: 'inventory.location_name_taken' });
    await app.bus.execute(new CloseLocation(store.actor, back));
    await expect(newLocation('Cellar')).resolves.toEqual(expect.any(String));
  });
});

test('prices are kept in any currency', async () => {
  expect(await app.receive(store, { price: { amount: 500, currency: 'JPY' }, cost: EUR(1) })).toMatchObject({
    price: { amount: 500, currency: 'JPY' },
    cost: EUR(1),
  });
});
