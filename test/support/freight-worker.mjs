// A worker with Freight in a process of its own, for tests that kill, freeze and flood it. What it is told comes in WORKER, as JSON:
// { databaseUrl, redisUrl, uploads, jobs, delayMs, targets, blockUntil, fault: { step, nth } }. It kills itself at the given step of its
// nth batch.
import 'reflect-metadata';
import { existsSync, writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { Test } from '@nestjs/testing';
import { CatalogWorkerModule } from '#libs/catalog';
import { FilesWorkerModule } from '#libs/files';
import { FreightWorkerModule } from '#libs/freight';
import { InventoryModule } from '#libs/inventory';
import { EventingModule } from '#platform/eventing';
import { JobsModule, JobsRunner } from '#platform/jobs';
import { Bus, PersistenceModule, RedisModule, UnitOfWork } from '#platform/persistence';
import { JobProgress } from '../../dist/libs/freight/src/processors/job-progress.js';
import { JobReader } from '../../dist/libs/freight/src/processors/job-reader.js';
import { ContextTargets } from '../../dist/libs/freight/src/targets/context-targets.js';
import { RecordTargets } from '../../dist/libs/freight/src/targets/record-targets.js';
import { TaskStore } from '../../dist/libs/platform/jobs/src/task-store.js';
import { addRecords } from './additive.mjs';

const {
  databaseUrl,
  redisUrl,
  uploads,
  jobs,
  delayMs = 0,
  targets,
  blockUntil,
  fault,
} = JSON.parse(process.env.WORKER);

let passed = 0;
/** Dies when a step is reached for the nth time. */
function reach(step) {
  if (fault?.step !== step) return;
  passed += 1;
  if (passed === fault.nth) process.kill(process.pid, 'SIGKILL');
}

/** Runs `before` and `after` around a method of a class. */
function around(type, method, { before, after }) {
  const original = type.prototype[method];
  type.prototype[method] = async function (...args) {
    before?.(...args);
    const result = await original.apply(this, args);
    after?.(...args);
    return result;
  };
}

const isBatch = (task) => task.kind === 'freight.batch';
around(JobReader, 'read', { before: () => reach('claimed'), after: () => reach('read') });
around(JobProgress, 'batchIsOver', {
  before: (unit) => {
    reach('logged');
    unit.afterCommit(() => reach('committed'));
  },
});
around(TaskStore, 'finish', {
  before: (_unit, task) => isBatch(task) && reach('finishing'),
  after: (_unit, task) => isBatch(task) && reach('finished'),
});

let blocked = false;
/** Nothing else runs in this process until the file is there, heartbeats neither. */
function block() {
  if (!blockUntil || blocked) return;
  blocked = true;
  writeSync(1, 'blocks\n');
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(blockUntil)) Atomics.wait(nothing, 0, 0, 20);
}

class AdditiveTargets {
  constructor(contexts) {
    this.contexts = contexts;
  }

  async apply(of, records) {
    const added = await addRecords(work.current(), records, delayMs);
    block();
    const applied = targets === 'both' ? await this.contexts.apply(of, records) : added;
    reach('applied');
    return applied;
  }
}

const module = await Test.createTestingModule({
  imports: [
    PersistenceModule.forRoot({
      main: { url: databaseUrl, max: 10 },
      applicationName: 'test-freight-worker',
      statementTimeoutMs: 20_000,
      acquireTimeoutMs: 5_000,
      slowQueryMs: 20_000,
    }),
    RedisModule.forRoot({ url: redisUrl, connectionName: 'test-freight-worker' }),
    EventingModule.forRoot(),
    JobsModule.forRoot(jobs),
    FilesWorkerModule.forRoot({ folder: uploads, uploadBytes: 2 ** 31, tenantBytes: 2 ** 32, keepMs: 86_400_000 }),
    CatalogWorkerModule,
    InventoryModule,
    FreightWorkerModule.forRoot({ fileRows: 1_000_000 }),
  ],
})
  .overrideProvider(RecordTargets)
  .useFactory({ inject: [Bus], factory: (bus) => new AdditiveTargets(new ContextTargets(bus)) })
  .compile();
const work = module.get(UnitOfWork, { strict: false });
const words = (line) => process.stdout.write(`${line.outcome ?? line.msg}\n`);
module.useLogger({ log: words, warn: words, error: words, debug: () => undefined });
await module.init();
process.once('SIGTERM', async () => {
  await module.get(JobsRunner, { strict: false }).drain(25_000);
  await module.close();
  process.exit(0);
});
process.stdout.write('ready\n');
flushCompileCache();
