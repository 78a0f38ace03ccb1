import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { eventTypes } from './core/event-registry.js';
import { FeedSampler, type FeedSamplerOptions } from './feed/feed-sampler.js';
import { OutboxCommands } from './outbox/from-outbox.js';
import { OUTBOX_SETTINGS, OutboxRunner, type OutboxSettings } from './outbox/outbox-runner.js';
import { Processes } from './process/processes.js';
import { FeedMeter } from './projections/feed-meter.js';
import { FeedRunner } from './projections/feed-runner.js';
import { EVENT_DECODER, Pages } from './projections/pages.js';
import { Rebuilds } from './projections/rebuilds.js';
import { Replays } from './projections/replays.js';
import type { EventDecoder } from './projections/subscriber.js';
import { Subscribers } from './projections/subscribers.js';
import { TenantUnits } from './projections/tenant-units.js';

/** What the worker hands to `EventingWorkerModule.forRoot`. */
export interface EventingWorkerOptions extends FeedSamplerOptions {
  /** Brings stored events into their current shape. Default: by the registered types. */
  readonly decode?: EventDecoder;
  readonly outbox?: OutboxSettings;
}

/** By the registered types; most events are as they are written now, and stay the object they are. */
export const currentShape: EventDecoder = (event) => {
  const { data } = eventTypes.read(event.type, event.schemaVersion, event.data);
  return data === event.data ? event : { ...event, data };
};

/**
 * Runs what follows events: projections, reactors, process managers and the outbox. They are providers of any module of the
 * worker, with `@Projection`, `@Reactor`, `@ProcessManager` and `@FromOutbox`.
 */
@Module({})
export class EventingWorkerModule {
  static forRoot({ decode = currentShape, outbox = {}, ...feed }: EventingWorkerOptions): DynamicModule {
    return {
      module: EventingWorkerModule,
      imports: [DiscoveryModule],
      providers: [
        { provide: FeedSampler, useFactory: () => new FeedSampler(feed) },
        { provide: EVENT_DECODER, useValue: decode },
        { provide: OUTBOX_SETTINGS, useValue: outbox },
        TenantUnits,
        Pages,
        Rebuilds,
        Replays,
        Processes,
        Subscribers,
        FeedMeter,
        FeedRunner,
        OutboxCommands,
        OutboxRunner,
      ],
    };
  }
}
