import { Global, Module, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { EventingModule } from '#platform/eventing';
import { CursorCodec } from '#platform/http';
import { newUuid, type SystemActor, systemActor } from '#platform/kernel';
import { Bus, PersistenceModule, RedisModule, UnitOfWork } from '#platform/persistence';
import type { TestDatabase } from '../../../test/support/database.js';
import { CatalogModule } from '../src/catalog.module.js';
import { type ReleaseItem, type ReleaseOutcome, UpsertReleases } from '../src/commands/upsert-releases.command.js';

@Global()
@Module({
  providers: [
    { provide: CursorCodec, useFactory: () => new CursorCodec('a secret of tests, long enough for cursors') },
  ],
  exports: [CursorCodec],
})
class CursorsModule {}

/** The catalogue as an app has it, without its HTTP edge. */
export class CatalogApp {
  private constructor(private readonly module: TestingModule) {}

  /** @param role whose connections it uses; default: the api's */
  static async start(
    db: TestDatabase,
    { role = 'rt', redisUrl }: { readonly role?: 'rt' | 'worker'; readonly redisUrl?: string } = {},
  ): Promise<CatalogApp> {
    const module = await Test.createTestingModule({
      imports: [
        PersistenceModule.forRoot({
          applicationName: 'test',
          statementTimeoutMs: 20_000,
          acquireTimeoutMs: 10_000,
          slowQueryMs: 10_000,
          main: { url: role === 'rt' ? db.rtUrl : db.workerUrl, max: 8 },
        }),
        RedisModule.forRoot({ url: redisUrl, connectionName: 'test' }),
        EventingModule.forRoot(),
        CursorsModule,
        CatalogModule,
      ],
    }).compile();
    module.enableShutdownHooks([]);
    await module.init();
    return new CatalogApp(module);
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

  /** Somebody of a store that nobody else works for. */
  newStore(): SystemActor {
    return systemActor(newUuid(), 'test');
  }

  /** Sends releases as they come from a source. */
  upsert(
    actor: SystemActor,
    items: readonly ReleaseItem[],
    options: { source?: string; importId?: string } = {},
  ): Promise<readonly ReleaseOutcome[]> {
    return this.bus.execute(new UpsertReleases(actor, { source: 'discogs', ...options, items }));
  }

  async close(): Promise<void> {
    await this.module.close();
  }
}

/** The ids of outcomes that all are releases. */
export function idsOf(outcomes: readonly ReleaseOutcome[]): string[] {
  return outcomes.map((one) => {
    if (one.outcome === 'failed') throw new Error(`${one.code}: ${one.message}`);
    return one.releaseId;
  });
}
