// A worker with Freight in a process of its own, as the worker app has it. What it is told comes in WORKER, as JSON:
// { databaseUrl, redisUrl, uploads, concurrency, unitMs, name }. With unitMs it takes records over by waiting so long, to measure the engine alone.
import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { CatalogWorkerModule } from '#libs/catalog';
import { FilesWorkerModule } from '#libs/files';
import { FreightWorkerModule } from '#libs/freight';
import { InventoryModule } from '#libs/inventory';
import { EventingModule } from '#platform/eventing';
import { JobsModule } from '#platform/jobs';
import { PersistenceModule, RedisModule } from '#platform/persistence';
import { RecordTargets } from '../../../dist/libs/freight/src/targets/record-targets.js';
import { ContextTargets } from '../../../dist/libs/freight/src/targets/context-targets.js';
import { noteTurns } from './turns.mjs';

const { databaseUrl, redisUrl, uploads, concurrency, unitMs, name } = JSON.parse(process.env.WORKER);

class WaitingTargets {
  async apply(_of, records) {
    await sleep(unitMs);
    return records.map(({ rowNo }) => ({
      release: { outcome: 'created', id: `00000000-0000-7000-8000-${String(rowNo).padStart(12, '0')}`, version: 1 },
    }));
  }
}

const module = await Test.createTestingModule({
  imports: [
    PersistenceModule.forRoot({
      main: { url: databaseUrl, max: concurrency + 6 },
      applicationName: name,
      statementTimeoutMs: 60_000,
      acquireTimeoutMs: 10_000,
      slowQueryMs: 60_000,
    }),
    RedisModule.forRoot({ url: redisUrl, connectionName: name }),
    EventingModule.forRoot(),
    FilesWorkerModule.forRoot({ folder: uploads, uploadBytes: 2 ** 31, tenantBytes: 2 ** 33, keepMs: 86_400_000 }),
    CatalogWorkerModule,
    InventoryModule,
    JobsModule.forRoot({ concurrency }),
    FreightWorkerModule.forRoot({ fileRows: 5_000_000 }),
  ],
})
  .overrideProvider(RecordTargets)
  .useClass(unitMs === undefined ? ContextTargets : WaitingTargets)
  .compile();
module.useLogger(false);
const takeTurns = unitMs === undefined ? () => [] : noteTurns(module);
await module.init();
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
process.on('message', (wanted) => {
  if (wanted === 'turns') return process.send(takeTurns());
  const { user, system } = process.cpuUsage();
  process.send({ micros: user + system, lagMs: delay.max / 1e6 });
});
process.send('ready');
