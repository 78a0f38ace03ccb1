import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Global, Module, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { CursorCodec } from '#platform/http';
import { newUuid, type SystemActor, systemActor } from '#platform/kernel';
import { Scheduler } from '#platform/jobs';
import { Bus, PersistenceModule, UnitOfWork } from '#platform/persistence';
import type { TestDatabase } from '../../../test/support/database.js';
import { FilesHttpModule, FilesWorkerModule } from '../src/files.module.js';
import { UploadIntake } from '../src/intake/upload-intake.js';
import type { UploadRow } from '../src/uploads.views.js';

/** Cursors as the edge signs them, and a scheduler that nobody starts. */
@Global()
@Module({
  providers: [
    { provide: CursorCodec, useFactory: () => new CursorCodec('a secret of tests, long enough for cursors') },
    { provide: Scheduler, useValue: { schedule: () => undefined } },
  ],
  exports: [CursorCodec, Scheduler],
})
class SurroundingsModule {}

/** Files as an app has them, without its HTTP edge, on a folder of their own. */
export class FilesApp {
  private constructor(
    private readonly module: TestingModule,
    readonly folder: string,
  ) {}

  static async start(db: TestDatabase, role: 'rt' | 'worker', at?: string): Promise<FilesApp> {
    const folder = at ?? (await mkdtemp(join(tmpdir(), 'files-')));
    const settings = { folder, uploadBytes: 1_048_576, tenantBytes: 4_194_304, keepMs: 7 * 86_400_000 };
    const module = await Test.createTestingModule({
      imports: [
        PersistenceModule.forRoot({
          applicationName: 'test',
          statementTimeoutMs: 20_000,
          acquireTimeoutMs: 10_000,
          slowQueryMs: 10_000,
          main: { url: role === 'rt' ? db.rtUrl : db.workerUrl, max: 8 },
        }),
        SurroundingsModule,
        role === 'rt' ? FilesHttpModule.forRoot(settings) : FilesWorkerModule.forRoot(settings),
      ],
    }).compile();
    module.enableShutdownHooks([]);
    await module.init();
    return new FilesApp(module, folder);
  }

  get<T>(type: Type<T> | (abstract new () => T)): T {
    return this.module.get<T>(type, { strict: false });
  }

  get bus(): Bus {
    return this.get(Bus);
  }

  get work(): UnitOfWork {
    return this.get(UnitOfWork);
  }

  /** Somebody of a store that nobody else works for. */
  newStore(): SystemActor {
    return systemActor(newUuid(), 'test');
  }

  /** A complete upload. */
  async upload(actor: SystemActor, text = 'a,b\n'): Promise<UploadRow> {
    const claims = { filename: undefined, sha256: undefined, idempotencyKey: undefined };
    const body = Readable.from([Buffer.from(text)], { objectMode: false });
    const file = { ...claims, body, contentLength: text.length, sentAsGzip: false };
    return (await this.get(UploadIntake).receive(actor, file)).upload;
  }

  async close(): Promise<void> {
    await this.module.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
