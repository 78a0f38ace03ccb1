import 'reflect-metadata';
import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FilesHttpModule, UploadStorage } from '#libs/files';
import { FreightHttpModule } from '#libs/freight';
import { EventingModule } from '#platform/eventing';
import { CursorCodec } from '#platform/http';
import { JobsClientModule } from '#platform/jobs';
import { newUuid, parseId, systemActor } from '#platform/kernel';
import { Bus, PersistenceModule, RedisModule, UnitOfWork } from '#platform/persistence';
import { CreateJob } from '../../../dist/libs/freight/src/commands/create-job.command.js';
import { PauseJob } from '../../../dist/libs/freight/src/commands/pause-job.command.js';
import { GetJob } from '../../../dist/libs/freight/src/queries/get-job.query.js';
import { launchOf } from '../../../tools/lib/apps.mjs';
import { prepareDatabase } from '../event-store/database.mjs';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
const NAME = 'bench-freight-worker';

class Cursors {}
Global()(Cursors);
Module({
  providers: [{ provide: CursorCodec, useFactory: () => new CursorCodec('a secret of benchmarks, long enough') }],
  exports: [CursorCodec],
})(Cursors);

const UPLOADED = `
  insert into files.upload (tenant_id, id, kind, state, filename, reserved_bytes, size_bytes, sent_bytes, sha256, gzip, created_at,
    expires_at, finished_at, version)
  values ($1, $2, 'stream', 'complete', 'bench.csv', $3, $3, $3, sha256('bench'), false, now(), now() + interval '1 day', now(), 1)`;

/** CPU microseconds of a process so far, from the scheduler's own account. */
export function cpuOf(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1_000;
  } catch {
    return 0;
  }
}

/** The api's side in this process, and workers in processes of their own, on a database of their own. */
export class Installation {
  static async start({ workers, concurrency, unitMs, redisUrl = process.env.TEST_REDIS_URL }) {
    const made = new Installation();
    made.database = await prepareDatabase();
    made.uploads = mkdtempSync(join(tmpdir(), 'recrate-bench-'));
    made.module = await Test.createTestingModule({
      imports: [
        PersistenceModule.forRoot({
          main: { url: made.database.rtUrl, max: 8 },
          applicationName: 'bench-freight-api',
          statementTimeoutMs: 60_000,
          acquireTimeoutMs: 10_000,
          slowQueryMs: 60_000,
        }),
        RedisModule.forRoot({ url: redisUrl, connectionName: 'bench-freight-api' }),
        EventingModule.forRoot(),
        Cursors,
        FilesHttpModule.forRoot({
          folder: made.uploads,
          uploadBytes: 2 ** 31,
          tenantBytes: 2 ** 33,
          keepMs: 86_400_000,
        }),
        JobsClientModule,
        FreightHttpModule,
      ],
    }).compile();
    made.module.useLogger(false);
    await made.module.init();
    made.orders = {
      databaseUrl: made.database.workerUrl,
      redisUrl,
      uploads: made.uploads,
      concurrency,
      unitMs,
      name: NAME,
    };
    made.workers = [];
    for (let index = 0; index < workers; index++) await made.addWorker();
    return made;
  }

  async addWorker() {
    const { flags, env: own } = launchOf('worker');
    const env = { ...process.env, ...own, WORKER: JSON.stringify(this.orders) };
    const child = fork(WORKER, [], { env, execArgv: flags, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.workers.push(child);
    const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`a worker ended with ${code}`)));
    await Promise.race([once(child, 'message'), failed]);
    failed.catch(() => undefined);
    return child;
  }

  get bus() {
    return this.module.get(Bus, { strict: false });
  }

  get work() {
    return this.module.get(UnitOfWork, { strict: false });
  }

  newStore() {
    return systemActor(newUuid(), 'bench');
  }

  /** Keeps a file as a complete upload of a store. @returns its UUID */
  async upload({ tenantId }, source) {
    const uploadId = newUuid();
    const storage = this.module.get(UploadStorage, { strict: false });
    const bytes = await storage.keep({ tenantId, uploadId }, source);
    await this.database.run(UPLOADED, [tenantId, uploadId, bytes]);
    return uploadId;
  }

  /** Starts a job on a file of the uploads. @returns its UUID */
  async startJob(actor, uploadId, input) {
    const { job } = await this.bus.execute(new CreateJob(actor, { kind: 'import', source: { uploadId }, ...input }));
    return parseId('job', job.id);
  }

  job(actor, id) {
    return this.bus.execute(new GetJob(actor, id));
  }

  /** What the workers say of themselves. */
  said() {
    return this.ask('cpu');
  }

  /** The turns that the workers gave since they were last asked; see `noteTurns`. */
  async turns() {
    return (await this.ask('turns')).flat();
  }

  ask(what) {
    return Promise.all(
      this.workers
        .filter((child) => child.connected)
        .map(async (child) => {
          const answer = once(child, 'message');
          child.send(what);
          return (await answer)[0];
        }),
    );
  }

  /** CPU microseconds so far: of the workers, and of the database's processes that serve them. */
  async cpu() {
    const backends = await this.database.backends(NAME);
    return {
      node: (await this.said()).reduce((sum, { micros }) => sum + micros, 0),
      byBackend: new Map(backends.map((pid) => [pid, cpuOf(pid)])),
    };
  }

  async stop() {
    for (const child of this.workers) child.kill('SIGKILL');
    await this.module.close();
    await this.database.drop();
    rmSync(this.uploads, { recursive: true, force: true });
  }
}

const MAPPING = { source: 'bench', release: { externalId: { column: 'id' }, title: { column: 'title' } } };
const fileOf = (rows) =>
  Readable.from([Buffer.from(`id,title\n${Array.from({ length: rows }, (_, row) => `${row},t`).join('\n')}\n`)]);

/** Starts a job of so many one-record batches. */
export async function startJob(installation, store, batches) {
  const uploadId = await installation.upload(store, fileOf(batches));
  return installation.startJob(store, uploadId, { mapping: MAPPING, batchSize: 1 });
}

/** As above; its batches are held when it is planned. */
export async function startHeld(installation, store, batches) {
  const id = await startJob(installation, store, batches);
  await installation.bus.execute(new PauseJob(store, id));
  return id;
}

/** The job, when it is over. */
export async function over(installation, store, id) {
  for (;;) {
    const job = await installation.job(store, id);
    if (['completed', 'completed_with_errors', 'failed'].includes(job.state)) return job;
    await sleep(50);
  }
}

/** What was used between two readings: of workers, and of the database. */
export function used(before, after) {
  let database = 0;
  for (const [pid, micros] of after.byBackend) database += micros - (before.byBackend.get(pid) ?? 0);
  return { node: after.node - before.node, database };
}
