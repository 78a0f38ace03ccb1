import { type DynamicModule, Module } from '@nestjs/common';
import { CatalogHttpModule, CatalogModule } from '#libs/catalog';
import { FilesHttpModule, filesSettings } from '#libs/files';
import { FreightHttpModule } from '#libs/freight';
import { IdentityHttpModule, IdentityModule } from '#libs/identity';
import { InventoryHttpModule, InventoryModule } from '#libs/inventory';
import { EventingApiModule, EventingModule } from '#platform/eventing';
import { HealthModule } from '#platform/health';
import { HttpModule } from '#platform/http';
import { JobsClientModule } from '#platform/jobs';
import { PersistenceModule, RedisConnection, RedisModule, SchemaState } from '#platform/persistence';
import type { ApiConfig } from './config.js';
import { DiscardParkedCommandHandler } from './discard-parked-command.command.js';
import { EventFeed } from './event-feed.js';
import { EventsController } from './events.controller.js';
import { HealthController } from './health.controller.js';
import { ListEventsHandler } from './list-events.query.js';
import { ListParkedCommandsHandler } from './list-parked-commands.query.js';
import { ListParkedEventsHandler } from './list-parked-events.query.js';
import { ListProjectionsHandler } from './list-projections.query.js';
import { OperateProjectionHandler } from './operate-projection.command.js';
import { ParkedCommandsController } from './parked-commands.controller.js';
import { ProjectionsController } from './projections.controller.js';
import { ReplayParkedCommandHandler } from './replay-parked-command.command.js';

/** The api: every context's routes, and the platform beneath them. */
@Module({
  controllers: [EventsController, HealthController, ParkedCommandsController, ProjectionsController],
  providers: [
    DiscardParkedCommandHandler,
    EventFeed,
    ListEventsHandler,
    ListParkedCommandsHandler,
    ListParkedEventsHandler,
    ListProjectionsHandler,
    OperateProjectionHandler,
    ReplayParkedCommandHandler,
  ],
})
export class ApiModule {
  static forRoot(config: ApiConfig): DynamicModule {
    return {
      module: ApiModule,
      imports: [
        PersistenceModule.forRoot({
          main: { url: config.DATABASE_URL_RT, max: config.POOL_MAX },
          platform: { url: config.DATABASE_URL_PLATFORM, max: Math.max(1, Math.ceil(config.POOL_MAX / 4)) },
          applicationName: 'recrate-api',
          statementTimeoutMs: config.STATEMENT_TIMEOUT_MS,
          acquireTimeoutMs: config.ACQUIRE_TIMEOUT_MS,
          slowQueryMs: config.SLOW_QUERY_MS,
        }),
        RedisModule.forRoot({ url: config.REDIS_URL, connectionName: 'recrate-api' }),
        HealthModule.forRootAsync({
          inject: [SchemaState, RedisConnection],
          useFactory: (schema: SchemaState, redis: RedisConnection) => ({
            checks: { database: () => schema.ping(), schema: () => schema.check(), redis: () => redis.ping() },
          }),
        }),
        HttpModule.forRoot({ secret: config.RECRATE_SECRET, processes: config.API_PROCESSES }),
        JobsClientModule,
        EventingModule.forRoot(),
        EventingApiModule.forRoot({
          directUrl: config.DATABASE_DIRECT_URL ?? config.DATABASE_URL_RT,
          applicationName: 'recrate-api-feed',
        }),
        IdentityModule.forRoot({ secret: config.RECRATE_SECRET, operatorToken: config.OPERATOR_TOKEN }),
        IdentityHttpModule,
        CatalogModule,
        CatalogHttpModule,
        InventoryModule,
        InventoryHttpModule,
        FilesHttpModule.forRoot(filesSettings(config)),
        FreightHttpModule,
      ],
    };
  }
}
