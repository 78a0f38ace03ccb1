import { Global, Module, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { EventingModule, EventingWorkerModule, EventStore } from '#platform/eventing';
import { CursorCodec, type ListRequest, type ListSpec, type PageQuery, readListRequest } from '#platform/http';
import { type Actor, newUuid, parseId, systemActor } from '#platform/kernel';
import { Bus, PersistenceModule, RedisModule, UnitOfWork } from '#platform/persistence';
import { CatalogModule, UpsertReleases } from '#libs/catalog';
import type { TestDatabase } from '../../../test/support/database.js';
import { ReceiveStock, type ReceiveStockInput } from '../src/commands/receive-stock.command.js';
import { InventoryModule, LISTS } from '../src/inventory.module.js';
import type { StockItemView } from '../src/inventory.views.js';
import { HoldDays } from '../src/projections/hold-days.projection.js';
import { Movements } from '../src/projections/movements.projection.js';
import { Prices } from '../src/projections/prices.projection.js';
import { StockList } from '../src/projections/stock-list.projection.js';
import { OnStockChanged } from '../src/reactions/on-stock-changed.js';

const SECRET = 'an installation secret for tests, long enough';

const redis = () => RedisModule.forRoot({ url: undefined, connectionName: 'test-inventory' });

@Global()
@Module({ providers: [{ provide: CursorCodec, useFactory: () => new CursorCodec(SECRET) }], exports: [CursorCodec] })
class CursorsModule {}

/** A store with stock, and what its releases are. */
export interface StockStore {
  readonly tenantId: string;
  readonly actor: Actor;
}

/** Inventory as one api process has it, without its HTTP edge. */
export class InventoryApp {
  private constructor(private readonly module: TestingModule) {}

  /** @param connections of the pool */
  static async start(db: TestDatabase, connections = 10): Promise<InventoryApp> {
    const persistence = PersistenceModule.forRoot({
      main: { url: db.rtUrl, max: connections },
      applicationName: 'test-inventory',
      statementTimeoutMs: 20_000,
      acquireTimeoutMs: 20_000,
      slowQueryMs: 60_000,
    });
    const imports = [persistence, redis(), CursorsModule, EventingModule.forRoot(), CatalogModule, InventoryModule];
    const module = await Test.createTestingModule({ imports, providers: LISTS }).compile();
    module.useLogger(false);
    module.enableShutdownHooks([]);
    await module.init();
    return new InventoryApp(module);
  }

  /** What follows events, as one worker process has it; the sweeper is called by hand. */
  static async startWorker(db: TestDatabase): Promise<InventoryApp> {
    const persistence = PersistenceModule.forRoot({
      main: { url: db.workerUrl, max: 8 },
      applicationName: 'test-inventory-worker',
      statementTimeoutMs: 20_000,
      acquireTimeoutMs: 20_000,
      slowQueryMs: 60_000,
    });
    const worker = EventingWorkerModule.forRoot({
      directUrl: db.workerUrl,
      applicationName: 'test-inventory-feed',
      outbox: { backoffSeconds: 0.005 },
    });
    const module = await Test.createTestingModule({
      imports: [persistence, redis(), CursorsModule, EventingModule.forRoot(), worker, CatalogModule, InventoryModule],
      providers: [HoldDays, Movements, OnStockChanged, Prices, StockList],
    }).compile();
    module.useLogger(false);
    module.enableShutdownHooks([]);
    await module.init();
    return new InventoryApp(module);
  }

  get<T>(type: Type<T>): T {
    return this.module.get(type, { strict: false });
  }

  get bus(): Bus {
    return this.get(Bus);
  }

  get work(): UnitOfWork {
    return this.get(UnitOfWork);
  }

  get events(): EventStore {
    return this.get(EventStore);
  }

  /** A store of its own. */
  newStore(): StockStore {
    const tenantId = newUuid();
    return { tenantId, actor: systemActor(tenantId, 'test') };
  }

  /** An item of a release that the catalogue knows: for sale unless something else is said. */
  async receive(store: StockStore, input: Partial<ReceiveStockInput> = {}): Promise<StockItemView> {
    const releaseId = input.releaseId ?? (await this.release(store));
    const whole = { kind: 'single', mediaGrade: 'NM', price: EUR(1_999), ...input, releaseId } as const;
    return this.bus.execute(new ReceiveStock(store.actor, whole));
  }

  /** A release of the store's catalogue, always the same for a name. @returns its UUID */
  async release({ actor }: StockStore, externalId = 'kind-of-blue', productType = 'record'): Promise<string> {
    const facts = { externalId, title: 'Kind of Blue', artists: ['Miles Davis'], genres: ['Jazz'], productType };
    const [made] = await this.bus.execute(new UpsertReleases(actor, { source: 'test', items: [facts] }));
    if (!made || made.outcome === 'failed') throw new Error(`the release was not made: ${JSON.stringify(made)}`);
    return made.releaseId;
  }

  /** A pool of so many units. */
  receivePool(store: StockStore, quantity: number, input: Partial<ReceiveStockInput> = {}): Promise<StockItemView> {
    return this.receive(store, { kind: 'pool', quantity, ...input });
  }

  async close(): Promise<void> {
    await this.module.close();
  }
}

export const EUR = (amount: number) => ({ amount, currency: 'EUR' });

/** The UUID inside a typed id. */
export function uuid(kind: Parameters<typeof parseId>[0], id: string): string {
  const value = parseId(kind, id);
  if (value === undefined) throw new Error(`${id} is no id of a ${kind}`);
  return value;
}

/** The UUID of an item. */
export const itemId = ({ id }: StockItemView): string => uuid('stockItem', id);

/** A list query as the edge reads it. */
export function listed<Q extends PageQuery>(
  spec: ListSpec<Q>,
  parameters: Record<string, string> = {},
): ListRequest<Q> {
  return readListRequest(spec, parameters);
}
