import { join } from 'node:path';
import { formatId, newUuid } from '#platform/kernel';
import { breachesOf, readInvariants } from '../../apps/worker/src/invariants.js';
import { AdjustStock } from '../../libs/inventory/src/commands/adjust-stock.command.js';
import { AllocateReservation } from '../../libs/inventory/src/commands/allocate-reservation.command.js';
import { CommitReservation } from '../../libs/inventory/src/commands/commit-reservation.command.js';
import { CreateLocation } from '../../libs/inventory/src/commands/create-location.command.js';
import { ExtendReservation } from '../../libs/inventory/src/commands/extend-reservation.command.js';
import { MakeReservation, type WishInput } from '../../libs/inventory/src/commands/make-reservation.command.js';
import { ReleaseExpiredHolds } from '../../libs/inventory/src/commands/release-expired-holds.command.js';
import { ReleaseReservation } from '../../libs/inventory/src/commands/release-reservation.command.js';
import { ReturnReservation } from '../../libs/inventory/src/commands/return-reservation.command.js';
import { TransferStock } from '../../libs/inventory/src/commands/transfer-stock.command.js';
import { GetStockItem } from '../../libs/inventory/src/queries/get-stock-item.query.js';
import { InventoryApp, itemId, type StockStore, uuid } from '../../libs/inventory/test/inventory-app.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { ROOT } from './project.js';

/** The invariants that hold after every race. */
export const INVARIANTS = readInvariants(join(ROOT, 'tools', 'invariants'));

/** How races end for those who lose: told clearly, never "try again". */
export type Ending = 'done' | string;

/** Stock in a database of its own, and many who want it at once. */
export class StockRaces {
  private constructor(
    readonly database: TestDatabase,
    readonly app: InventoryApp,
    readonly worker: InventoryApp,
  ) {}

  static async start(connections = 16): Promise<StockRaces> {
    const database = await createTestDatabase();
    const app = await InventoryApp.start(database, connections);
    return new StockRaces(database, app, await InventoryApp.startWorker(database));
  }

  async close(): Promise<void> {
    await this.worker.close();
    await this.app.close();
    await this.database.drop();
  }

  /** What does not hold, with the worker's eyes; the sweeper has gone over it before. */
  async breaches({ tenantId, actor }: StockStore): Promise<readonly object[]> {
    while ((await this.app.bus.execute(new ReleaseExpiredHolds(actor))) > 0);
    return this.worker.work.run({ tenantId, readOnly: true }, (unit) => breachesOf(unit, INVARIANTS));
  }

  /** Buyers who all want units of one item at the same time; answers how each of them fared. */
  async buyers(store: StockStore, count: number, id: string, quantity = 1, atOnce = count): Promise<Ending[]> {
    const endings: Ending[] = [];
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next++ < count) endings.push(await this.ending(this.reserve(store, [{ itemId: id, quantity }])));
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, count) }, lane));
    return endings;
  }

  /** Writers who reserve, extend, release, commit, return, adjust and let expire, at random, on one pool. */
  async storm(
    store: StockStore,
    { writers, steps, units }: { writers: number; steps: number; units: number },
  ): Promise<Ending[]> {
    const id = itemId(await this.app.receivePool(store, units));
    const endings = new Set<Ending>();
    const writer = async (): Promise<void> => {
      const open: string[] = [];
      for (let step = 0; step < steps; step++) endings.add(await this.ending(this.anything(store, id, open)));
    };
    await Promise.all(Array.from({ length: writers }, writer));
    return [...endings];
  }

  /** Units of two items that cross each other between two places; answers what is where in the end, all places together. */
  async crossing(store: StockStore, transfers: number): Promise<number[]> {
    const place = async (name: string): Promise<string> =>
      uuid('location', (await this.app.bus.execute(new CreateLocation(store.actor, { name }))).id);
    const [here, there] = [await place('here'), await place('there')];
    const items = [
      itemId(await this.app.receivePool(store, 50, { locationId: here })),
      itemId(await this.app.receivePool(store, 50, { locationId: there })),
    ];
    const one = (index: number): Promise<Ending> => {
      const [from, to] = index % 2 === 0 ? [here, there] : [there, here];
      const input = { from, to, quantity: 1 + (index % 3) };
      const id = items[(index >> 1) % 2] ?? '';
      return this.ending(this.app.bus.execute(new TransferStock(store.actor, id, { input })));
    };
    await Promise.all(Array.from({ length: transfers }, (_, index) => one(index)));
    const found = await Promise.all(items.map((id) => this.app.bus.execute(new GetStockItem(store.actor, id))));
    return found.map(({ onHand }) => onHand);
  }

  reserve(store: StockStore, items: WishInput[], holdSeconds?: number) {
    return this.app.bus.execute(new MakeReservation(store.actor, { items, holdSeconds }));
  }

  private async anything(store: StockStore, id: string, open: string[]): Promise<unknown> {
    const { bus } = this.app;
    const mine = open[Math.floor(Math.random() * open.length)];
    const dice = Math.random();
    if (mine === undefined || dice < 0.4) {
      const quantity = 1 + Math.floor(Math.random() * 3);
      const made = await this.reserve(store, [{ itemId: id, quantity }], dice < 0.2 ? 1 : 60);
      return open.push(uuid('reservation', made.id));
    }
    if (dice < 0.5) return bus.execute(new ExtendReservation(store.actor, mine, {}));
    if (dice < 0.6) return bus.execute(new ReleaseReservation(store.actor, mine, { input: {} }));
    if (dice < 0.75) return bus.execute(new AllocateReservation(store.actor, mine, {}));
    if (dice < 0.85) return bus.execute(new CommitReservation(store.actor, mine, { input: {} }));
    if (dice < 0.95) return bus.execute(new ReturnReservation(store.actor, mine, { input: {} }));
    const delta = Math.random() < 0.5 ? 1 : -1;
    return bus.execute(new AdjustStock(store.actor, id, { input: { delta, reason: 'storm' } }));
  }

  private async ending(work: Promise<unknown>): Promise<Ending> {
    try {
      await work;
      return 'done';
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error);
    }
  }
}

/** The id of an item as callers know it. */
export const wireId = (id: string = newUuid()): string => formatId('stockItem', id);

/** How many ended in each way. */
export function tally(endings: readonly Ending[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(endings, (one) => one)].map(([ending, all]) => [ending, all.length]));
}
