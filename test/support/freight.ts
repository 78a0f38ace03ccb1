import { Global, Injectable, Module, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { CatalogWorkerModule } from '#libs/catalog';
import { FilesHttpModule, type FilesSettings, FilesWorkerModule, UploadStorage } from '#libs/files';
import { FreightHttpModule, FreightWorkerModule } from '#libs/freight';
import { InventoryModule } from '#libs/inventory';
import { EventingModule } from '#platform/eventing';
import { CursorCodec, readListRequest } from '#platform/http';
import { JobsClientModule, JobsModule, type JobsOptions } from '#platform/jobs';
import { newUuid, parseId, type SystemActor, systemActor } from '#platform/kernel';
import { Bus, Databases, PersistenceModule, RedisModule, UnitOfWork } from '#platform/persistence';
import { CreateJob } from '../../libs/freight/src/commands/create-job.command.js';
import type { CreateJobInput } from '../../libs/freight/src/commands/job-input.js';
import type { JobView } from '../../libs/freight/src/freight.views.js';
import type { MappingInput } from '../../libs/freight/src/mapping/mapping.js';
import { GetJob } from '../../libs/freight/src/queries/get-job.query.js';
import {
  ListRecordLogs,
  RECORD_LOGS,
  type RecordLogView,
} from '../../libs/freight/src/queries/list-record-logs.query.js';
import {
  type Applied,
  type ImportOf,
  type ReadyRecord,
  RecordTargets,
} from '../../libs/freight/src/targets/record-targets.js';
import { guard, schema } from '../../libs/platform/persistence/migrations/kit.js';
import { ACCOUNTING } from './accounting.js';
import { ADDITIVE_TABLE, addRecords } from './additive.mjs';
import type { TestDatabase } from './database.js';
import { eventually } from './redis-server.js';

/** Columns of the files that tests make: what identifies, what it is called, what is added. */
export const ADDITIVE_MAPPING: MappingInput = {
  source: 'file',
  release: { externalId: { column: 'id' }, title: { column: 'title' }, weightGrams: { column: 'quantity' } },
};

/** A file of those columns. */
export function csvOf(rows: readonly (readonly [id: string, title: string, quantity: number | string])[]): string {
  return ['id,title,quantity', ...rows.map((cells) => cells.join(','))].join('\n') + '\n';
}

/** `count` good records that each add their own number. */
export function goodRows(count: number, prefix = 'r'): [string, string, number][] {
  return Array.from({ length: count }, (_, index) => [`${prefix}${index + 1}`, `Title ${index + 1}`, index + 1]);
}

/** Makes the table of the additive target. */
export async function createAdditiveTable(database: TestDatabase): Promise<void> {
  for (const sql of [
    ...schema('probe'),
    ADDITIVE_TABLE,
    ...guard('probe.additive', { app_worker: 'select, insert, update' }),
  ]) {
    await database.admin(sql);
  }
}

@Global()
@Module({
  providers: [
    { provide: CursorCodec, useFactory: () => new CursorCodec('a secret of tests, long enough for cursors') },
  ],
  exports: [CursorCodec],
})
class CursorsModule {}

@Injectable()
class AdditiveTargets extends RecordTargets {
  static delayMs = 0;

  constructor(private readonly work: UnitOfWork) {
    super();
  }

  apply(_of: ImportOf, records: readonly ReadyRecord[]): Promise<Applied[]> {
    return addRecords(this.work.current(), records, AdditiveTargets.delayMs);
  }
}

/** How a test's Freight runs. */
export interface FreightSetup {
  readonly redisUrl?: string;
  readonly jobs?: Partial<JobsOptions>;
  /** 0: no worker in this process. Default: 1. */
  readonly workers?: number;
  /** Where records go: to catalogue and inventory, or to the additive target. Default: additive. */
  readonly targets?: 'contexts' | 'additive';
  /** Most records of a file. Default: as the product has it. */
  readonly fileRows?: number;
}

/** Freight as api and workers have it, in one process, with a directory for uploads and the additive target. */
export class FreightApp {
  readonly uploads = mkdtempSync(join(tmpdir(), 'recrate-uploads-'));
  private readonly modules: TestingModule[] = [];

  private constructor(readonly database: TestDatabase) {}

  static async start(
    database: TestDatabase,
    { redisUrl, jobs, workers = 1, targets = 'additive', fileRows = 1_000_000 }: FreightSetup = {},
  ): Promise<FreightApp> {
    const app = new FreightApp(database);
    const files = filesIn(app.uploads);
    const common = (
      url: string,
      max: number,
    ): NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']> => [
      PersistenceModule.forRoot({
        main: { url, max },
        applicationName: 'test-freight',
        statementTimeoutMs: 20_000,
        acquireTimeoutMs: 10_000,
        slowQueryMs: 10_000,
      }),
      RedisModule.forRoot({ url: redisUrl, connectionName: 'test-freight' }),
      EventingModule.forRoot(),
      CursorsModule,
    ];
    const api = await Test.createTestingModule({
      imports: [...common(database.rtUrl, 8), JobsClientModule, FilesHttpModule.forRoot(files), FreightHttpModule],
    }).compile();
    app.modules.push(api);
    for (let worker = 0; worker < workers; worker++) {
      const short = { concurrency: 3, leaseMs: 1_000, pollEveryMs: 100, redispatchAfterMs: 400 };
      const builder = Test.createTestingModule({
        imports: [
          ...common(database.workerUrl, 10),
          JobsModule.forRoot({ ...short, ...jobs }),
          FilesWorkerModule.forRoot(files),
          CatalogWorkerModule,
          InventoryModule,
          FreightWorkerModule.forRoot({ fileRows }),
        ],
      });
      if (targets === 'additive') builder.overrideProvider(RecordTargets).useClass(AdditiveTargets);
      const made = await builder.compile();
      app.modules.push(made);
    }
    for (const made of app.modules) {
      made.useLogger(false);
      await made.init();
    }
    return app;
  }

  /** Each call of the additive target takes so long. */
  set delayMs(ms: number) {
    AdditiveTargets.delayMs = ms;
  }

  get<T>(type: Type<T> | (abstract new (...args: never[]) => T)): T {
    const [api] = this.modules;
    if (!api) throw new Error('not started');
    return api.get(type, { strict: false });
  }

  get bus(): Bus {
    return this.get(Bus);
  }

  newStore(): SystemActor {
    return systemActor(newUuid(), 'test');
  }

  /** Stores a file as a complete upload. @returns its UUID */
  async upload({ tenantId }: SystemActor, content: string | Buffer): Promise<string> {
    const uploadId = newUuid();
    const bytes = Buffer.from(content as string);
    await this.get(UploadStorage).keep({ tenantId, uploadId }, Readable.from([bytes]));
    const sha256 = createHash('sha256').update(bytes).digest();
    await this.database.admin(UPLOADED, [tenantId, uploadId, bytes.length, sha256]);
    return uploadId;
  }

  /** Starts a job on a file. */
  async start(
    actor: SystemActor,
    content: string | Buffer,
    input: Partial<CreateJobInput> = {},
    key?: string,
  ): Promise<JobView> {
    const source = { uploadId: input.source?.uploadId ?? (await this.upload(actor, content)) };
    const given = { kind: 'import', mapping: ADDITIVE_MAPPING, ...input, source } as CreateJobInput;
    return (await this.bus.execute(new CreateJob(actor, given, key))).job;
  }

  /** The job when it is in one of these states. */
  async reaches(actor: SystemActor, id: string, states: readonly string[], withinMs = 20_000): Promise<JobView> {
    let job = await this.job(actor, id);
    await eventually(
      `the job is ${states.join(' or ')}`,
      async () => {
        job = await this.job(actor, id);
        return states.includes(job.state);
      },
      withinMs,
    );
    return job;
  }

  /** The job when it is over. */
  over(actor: SystemActor, id: string, withinMs?: number): Promise<JobView> {
    return this.reaches(actor, id, ['completed', 'completed_with_errors', 'failed', 'cancelled'], withinMs);
  }

  job(actor: SystemActor, id: string): Promise<JobView> {
    return this.bus.execute(new GetJob(actor, uuidOf(id)));
  }

  async logs(
    actor: SystemActor,
    id: string,
    parameters: Record<string, string> = {},
  ): Promise<readonly RecordLogView[]> {
    const request = readListRequest(RECORD_LOGS, { limit: '100', ...parameters });
    return (await this.bus.execute(new ListRecordLogs(actor, uuidOf(id), request))).data;
  }

  /** What the additive target holds of a store. */
  async effects({ tenantId }: SystemActor): Promise<{ items: number; sum: number; most: number }> {
    const [row] = await this.database.admin<{ items: number; sum: number; most: number }>(
      `select count(*)::int as items, coalesce(sum(quantity), 0)::int as sum, coalesce(max(version), 0) as most
       from probe.additive where tenant_id = $1`,
      [tenantId],
    );
    return row ?? { items: 0, sum: 0, most: 0 };
  }

  /** What does not add up in this database: nothing, whatever has happened to it. */
  async accountingFaults(): Promise<string[]> {
    const rows = await this.database.admin<{ fault: string }>(ACCOUNTING);
    return rows.map(({ fault }) => fault);
  }

  async stop(): Promise<void> {
    AdditiveTargets.delayMs = 0;
    for (const made of this.modules) {
      await made.close();
      await made.get(Databases, { strict: false }).close();
    }
    rmSync(this.uploads, { recursive: true, force: true });
  }
}

const UPLOADED = `
  insert into files.upload (tenant_id, id, kind, state, filename, reserved_bytes, size_bytes, sent_bytes, sha256, gzip, created_at,
    expires_at, finished_at, version)
  values ($1, $2, 'stream', 'complete', 'file.csv', $3, $3, $3, $4, false, now(), now() + interval '1 day', now(), 1)`;

/** Settings of a test's uploads. */
export function filesIn(folder: string): FilesSettings {
  return { folder, uploadBytes: 2 ** 31, tenantBytes: 2 ** 32, keepMs: 86_400_000 };
}

/** The UUID in a job's id. */
export function uuidOf(id: string): string {
  return parseId('job', id) ?? id;
}
