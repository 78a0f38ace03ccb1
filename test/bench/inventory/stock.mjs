import { NestFactory } from '@nestjs/core';
import { seeded } from '../catalog/generate.mjs';

const GRADES = ['M', 'NM', 'NM', 'VG+', 'VG+', 'VG+', 'VG', 'VG', 'G+', 'G'];

/** Stock as shops have it: nineteen graded copies to a pool, a tenth without a grade or a price. */
export class StockMaker {
  constructor(releaseIds, seed = 7) {
    this.releaseIds = releaseIds;
    this.random = seeded(seed);
  }

  item(number) {
    const isPool = number % 20 === 0;
    const at = (list) => list[Math.floor(this.random() * list.length)];
    return {
      key: `${number}#1`,
      releaseId: at(this.releaseIds),
      kind: isPool ? 'pool' : 'single',
      quantity: isPool ? 1 + Math.floor(this.random() * 50) : 1,
      ...(isPool || this.random() < 0.05 ? {} : { mediaGrade: at(GRADES), sleeveGrade: at(GRADES) }),
      ...(this.random() < 0.05
        ? {}
        : { price: { amount: 300 + Math.floor(3_000 * this.random() ** 2), currency: 'EUR' } }),
      cost: { amount: 100 + Math.floor(1_000 * this.random()), currency: 'EUR' },
    };
  }
}

/** Inventory in this process as the api (or, with projections, the worker) has it. */
export async function inventoryOn(url, { application, max, projections = false }) {
  const { CatalogModule } = await import('../../../dist/libs/catalog/src/index.js');
  const { InventoryModule, InventoryWorkerModule } = await import('../../../dist/libs/inventory/src/index.js');
  const { EventingModule, EventingWorkerModule, EventStore } =
    await import('../../../dist/libs/platform/eventing/src/index.js');
  const { Bus, PersistenceModule, RedisModule, UnitOfWork } =
    await import('../../../dist/libs/platform/persistence/src/index.js');
  const { CursorCodec } = await import('../../../dist/libs/platform/http/src/index.js');
  const { JobsModule } = await import('../../../dist/libs/platform/jobs/src/index.js');
  const settings = {
    statementTimeoutMs: 60_000,
    acquireTimeoutMs: 60_000,
    slowQueryMs: 60_000,
    applicationName: application,
  };
  class Root {}
  class Cursors {}
  const cursors = {
    module: Cursors,
    global: true,
    providers: [{ provide: CursorCodec, useFactory: () => new CursorCodec('a secret of the benchmark, long enough') }],
    exports: [CursorCodec],
  };
  const feed = [
    EventingWorkerModule.forRoot({ directUrl: url, applicationName: `${application}-feed` }),
    JobsModule.forRoot({ concurrency: 1 }),
    InventoryWorkerModule,
  ];
  const root = {
    module: Root,
    imports: [
      PersistenceModule.forRoot({ ...settings, main: { url, max } }),
      RedisModule.forRoot({ connectionName: application }),
      EventingModule.forRoot(),
      cursors,
      CatalogModule,
      InventoryModule,
      ...(projections ? feed : []),
    ],
  };
  const app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
  const get = (token) => app.get(token, { strict: false });
  return { bus: get(Bus), events: get(EventStore), work: get(UnitOfWork), close: () => app.close() };
}
