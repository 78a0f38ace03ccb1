import { type DynamicModule, Module } from '@nestjs/common';
import { Databases, UnitOfWork } from '#platform/persistence';
import { FeedWakeUps } from './feed/wake-ups.js';
import { Appends } from './store/appends.js';
import { EventStore } from './store/event-store.js';
import { InlineProjections } from './store/inline-projections.js';
import { PostgresLog } from './store/postgres-log.js';

/** The event store, for both apps. After a commit that wrote events the workers are woken. */
@Module({})
export class EventingModule {
  static forRoot(): DynamicModule {
    const appends = {
      provide: Appends,
      inject: [FeedWakeUps],
      useFactory: (wakeUps: FeedWakeUps) => {
        const made = new Appends();
        made.listen((tenantId) => wakeUps.send(tenantId));
        return made;
      },
    };
    const store = {
      provide: EventStore,
      inject: [Databases, UnitOfWork, Appends, InlineProjections],
      useFactory: (databases: Databases, work: UnitOfWork, made: Appends, inline: InlineProjections) =>
        new EventStore(new PostgresLog(databases, work, made), inline),
    };
    return {
      module: EventingModule,
      global: true,
      providers: [FeedWakeUps, appends, InlineProjections, store],
      exports: [FeedWakeUps, Appends, InlineProjections, EventStore],
    };
  }
}
