import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { becomes, followStock, makeHistory, staffOf } from '../../test/followed-stock.js';
import { EUR, itemId, listed, type StockStore } from '../../test/inventory-app.js';
import { MOVEMENTS } from '../movement.views.js';
import { GetAvailability } from '../queries/get-availability.query.js';
import { GetHoldStatistics } from '../queries/get-hold-statistics.query.js';
import { GetInventorySummary } from '../queries/get-inventory-summary.query.js';
import { GetPriceHistory } from '../queries/get-price-history.query.js';
import { ListItemMovements } from '../queries/list-item-movements.query.js';
import { ListLocationMovements } from '../queries/list-location-movements.query.js';

const { db, app, caughtUp, close } = await followStock();
let store: StockStore;
const { reserve, price, adjust } = staffOf(app, () => store);
const history = () => makeHistory(app, store);

beforeEach(() => {
  store = app.newStore();
});
afterAll(close);

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
