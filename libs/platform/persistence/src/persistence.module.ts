import { ReflectMetadataProvider } from '@mikro-orm/decorators/legacy';
import { MikroOrmModule } from '@mikro-orm/nestjs';
import { MikroORM, PostgreSqlDriver } from '@mikro-orm/postgresql';
import { type DynamicModule, Global, Inject, Module, type OnModuleInit } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { PostgresDialect } from 'kysely';
import { Bus } from './bus.js';
import { Databases } from './databases.js';
import type { PersistenceOptions } from './options.js';
import { RoleCheck } from './role-check.js';
import { SchemaState } from './schema-state.js';
import { UnitOfWork } from './unit-of-work.js';

@Module({ providers: [], exports: [] })
class DatabasesModule {
  static forRoot(options: PersistenceOptions): DynamicModule {
    const provider = { provide: Databases, useFactory: () => new Databases(options) };
    return { module: DatabasesModule, providers: [provider], exports: [Databases] };
  }
}

/** Pools, MikroORM, the ambient unit of work and the bus, for one app. */
@Global()
@Module({})
export class PersistenceModule implements OnModuleInit {
  constructor(
    private readonly orm: MikroORM,
    @Inject(Databases) private readonly databases: Databases,
  ) {}

  static forRoot(options: PersistenceOptions): DynamicModule {
    const databases = DatabasesModule.forRoot(options);
    const orm = MikroOrmModule.forRootAsync({
      driver: PostgreSqlDriver,
      imports: [databases],
      inject: [Databases],
      useFactory: (pools: Databases) => ({
        driver: PostgreSqlDriver,
        // Entity work always runs on a unit's connection; the pool is here so that nothing else ever opens one.
        driverOptions: new PostgresDialect({ pool: pools.get('main').pool }),
        dbName: 'recrate',
        metadataProvider: ReflectMetadataProvider,
        autoLoadEntities: true,
        registerRequestContext: false,
        discovery: { warnWhenNoEntities: false },
        connect: false,
        ensureDatabase: false,
        forceUtcTimezone: true,
      }),
    });
    return {
      module: PersistenceModule,
      imports: [CqrsModule.forRoot(), databases, orm],
      providers: [UnitOfWork, Bus, RoleCheck, SchemaState],
      exports: [UnitOfWork, Bus, SchemaState, databases, CqrsModule],
    };
  }

  onModuleInit(): void {
    this.databases.useOrm(this.orm);
  }
}
