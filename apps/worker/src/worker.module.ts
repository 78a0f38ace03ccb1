import { type DynamicModule, Module } from '@nestjs/common';
import { CatalogWorkerModule } from '#libs/catalog';
import { FilesWorkerModule, filesSettings } from '#libs/files';
import { freightSettings, FreightWorkerModule } from '#libs/freight';
import { IdentityWorkerModule } from '#libs/identity';
import { InventoryModule, InventoryWorkerModule } from '#libs/inventory';
import { EventingModule, EventingWorkerModule } from '#platform/eventing';
import { HealthModule } from '#platform/health';
import { JobsModule } from '#platform/jobs';
import { PersistenceModule, RedisConnection, RedisModule, SchemaState } from '#platform/persistence';
import type { WorkerConfig } from './config.js';

/** Connections beside those of running tasks: dispatcher, scheduler, heartbeats. */
const SPARE_CONNECTIONS = 3;
/** Projections at work, the outbox, and looking at both. */
const EVENTING_CONNECTIONS = 6;

/** The worker: every context's tasks, and the platform beneath them. */
@Module({})
export class WorkerModule {
  static forRoot(config: WorkerConfig): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        PersistenceModule.forRoot({
          main: {
            url: config.DATABASE_URL_WORKER,
            max: Math.max(config.POOL_MAX, config.WORKER_CONCURRENCY + SPARE_CONNECTIONS + EVENTING_CONNECTIONS),
          },
          applicationName: 'recrate-worker',
          statementTimeoutMs: config.STATEMENT_TIMEOUT_MS,
          acquireTimeoutMs: config.ACQUIRE_TIMEOUT_MS,
          slowQueryMs: config.SLOW_QUERY_MS,
        }),
        RedisModule.forRoot({ url: config.REDIS_URL, connectionName: 'recrate-worker' }),
        HealthModule.forRootAsync({
          inject: [SchemaState, RedisConnection],
          useFactory: (schema: SchemaState, redis: RedisConnection) => ({
            checks: { database: () => schema.ping(), schema: () => schema.check(), redis: () => redis.ping() },
          }),
        }),
        JobsModule.forRoot({ concurrency: config.WORKER_CONCURRENCY }),
        EventingModule.forRoot(),
        EventingWorkerModule.forRoot({
          directUrl: config.DATABASE_DIRECT_URL ?? config.DATABASE_URL_WORKER,
          applicationName: 'recrate-worker-feed',
        }),
        IdentityWorkerModule,
        CatalogWorkerModule,
        InventoryModule,
        InventoryWorkerModule,
        FilesWorkerModule.forRoot(filesSettings(config)),
        FreightWorkerModule.forRoot(freightSettings(config)),
      ],
    };
  }
}
