import { EventingModule } from '../../../dist/libs/platform/eventing/src/eventing.module.js';
import { EventingWorkerModule } from '../../../dist/libs/platform/eventing/src/eventing-worker.module.js';
import { eventTypes, Projection } from '../../../dist/libs/platform/eventing/src/index.js';
import { readModel } from '../../../dist/libs/platform/persistence/migrations/read-model-kit.js';
import { PersistenceModule } from '../../../dist/libs/platform/persistence/src/index.js';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { defineIn, TYPE } from './workload.mjs';

export const PROJECTION = 'bench.stock';
const COLUMNS = 'item uuid not null, quantity bigint not null, received int not null, primary key (tenant_id, item)';

/** Statements that make the read model: how much of each item there is. */
export const READ_MODEL = [
  ...readModel({ name: 'bench.stock', projection: PROJECTION, columns: COLUMNS }),
  'grant usage on schema bench to app_worker',
];

/** Folds a page in JavaScript and writes it with one statement. */
export async function foldStock(events, unit, table) {
  const sums = new Map();
  for (const { streamId, data } of events) {
    const sum = sums.get(streamId);
    if (sum) {
      sum.quantity += data.quantity;
      sum.received += 1;
    } else sums.set(streamId, { quantity: data.quantity, received: 1 });
  }
  const all = [...sums.values()];
  await unit.run(
    `insert into ${table('bench.stock')} as t (tenant_id, item, quantity, received)
     select $1, n.* from unnest($2::uuid[], $3::bigint[], $4::int[]) as n (item, quantity, received)
     on conflict (tenant_id, item) do update set quantity = t.quantity + excluded.quantity, received = t.received + excluded.received`,
    [unit.tenantId, [...sums.keys()], all.map(({ quantity }) => quantity), all.map(({ received }) => received)],
  );
}

/**
 * A worker with one projection.
 * @param seen hears of every page before it is folded
 */
export async function startWorker(url, seen = () => undefined) {
  class Stock {
    async apply(events, unit, table) {
      seen(events);
      await foldStock(events, unit, table);
    }
  }
  Injectable()(Stock);
  Projection({ name: PROJECTION, version: 1, events: [TYPE], views: ['bench.stock'] })(Stock);
  class WorkerModule {}
  Module({
    imports: [
      PersistenceModule.forRoot({
        main: { url, max: 8 },
        applicationName: 'bench-worker',
        statementTimeoutMs: 60_000,
        acquireTimeoutMs: 60_000,
        slowQueryMs: 60_000,
      }),
      EventingModule.forRoot(),
      EventingWorkerModule.forRoot({ directUrl: url, applicationName: 'bench-feed' }),
    ],
    providers: [Stock],
  })(WorkerModule);
  if (eventTypes.all().every(({ type }) => type !== TYPE)) defineIn(eventTypes);
  return NestFactory.createApplicationContext(WorkerModule, { logger: false, abortOnError: false });
}
