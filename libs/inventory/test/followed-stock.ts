import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.js';
import { eventually } from '../../../test/support/redis-server.js';
import { AdjustStock } from '../src/commands/adjust-stock.command.js';
import { AllocateReservation } from '../src/commands/allocate-reservation.command.js';
import { ChangePrice } from '../src/commands/change-price.command.js';
import { CommitReservation } from '../src/commands/commit-reservation.command.js';
import { CreateLocation } from '../src/commands/create-location.command.js';
import { ExtendReservation } from '../src/commands/extend-reservation.command.js';
import { MakeReservation } from '../src/commands/make-reservation.command.js';
import { ReleaseReservation } from '../src/commands/release-reservation.command.js';
import { ReturnReservation } from '../src/commands/return-reservation.command.js';
import { SetThreshold } from '../src/commands/set-threshold.command.js';
import { TransferStock } from '../src/commands/transfer-stock.command.js';
import { WriteOffItem } from '../src/commands/write-off-item.command.js';
import type { StockItemView } from '../src/inventory.views.js';
import { ListStockItems } from '../src/queries/list-stock-items.query.js';
import { STOCK_ITEMS } from '../src/stock-list.js';
import { EUR, InventoryApp, itemId, listed, type StockStore, uuid } from './inventory-app.js';

/** Waits until something is as expected; the last answer is compared, so that a failure shows it. */
export async function becomes(read: () => Promise<unknown>, expected: unknown): Promise<void> {
  await eventually('the expected answer', async () => isDeepStrictEqual(await read(), expected)).catch(() => undefined);
  expect(await read()).toEqual(expected);
}

/** Inventory with a worker that follows its events, in a database of its own. */
export interface FollowedStock {
  readonly db: TestDatabase;
  readonly app: InventoryApp;
  /** Waits until everything that follows events has come to their end. */
  caughtUp(): Promise<void>;
  close(): Promise<void>;
}

/** Starts an api's part and a worker's. */
export async function followStock(): Promise<FollowedStock> {
  const db = await createTestDatabase();
  const app = await InventoryApp.start(db);
  const worker = await InventoryApp.startWorker(db);
  return {
    db,
    app,
    caughtUp: () =>
      becomes(
        () =>
          db.admin(
            `select p.name from es.projections p where p.status = 'live' and p.kind <> 'inline' and p.name like 'inventory.%'
                and p.position < (select coalesce(max(position), 0) from es.events)`,
          ),
        [],
      ),
    close: async () => {
      await worker.close();
      await app.close();
      await db.drop();
    },
  };
}

/**
 * What the staff of a store do.
 * @param storeNow the store that the test is about
 */
export function staffOf(app: InventoryApp, storeNow: () => StockStore) {
  const actor = () => storeNow().actor;
  const list = async (parameters: Record<string, string> = {}) => {
    const page = await app.bus.execute(new ListStockItems(actor(), listed(STOCK_ITEMS, parameters)));
    return page.data;
  };
  const reserve = (item: StockItemView, quantity: number, holdSeconds?: number) =>
    app.bus.execute(new MakeReservation(actor(), { items: [{ itemId: itemId(item), quantity }], holdSeconds }));
  const price = (item: StockItemView, amount: number) =>
    app.bus.execute(
      new ChangePrice(actor(), itemId(item), { input: { price: EUR(amount), reason: 'sale', rule: 'markdown' } }),
    );
  const adjust = (item: StockItemView, delta: number) =>
    app.bus.execute(new AdjustStock(actor(), itemId(item), { input: { delta, reason: 'damaged' } }));
  return { list, reserve, price, adjust };
}

/** A bit of everything that can happen to stock. */
export async function makeHistory(app: InventoryApp, store: StockStore) {
  const { reserve, price, adjust } = staffOf(app, () => store);

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
