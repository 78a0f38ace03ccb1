import { DiscoveryService } from '@nestjs/core';
import type { Unit } from '#platform/persistence';
import type { FeedEvent } from '../feed/feed.js';
import { tablesIn } from '../store/inline-projections.js';
import type { Subscriber } from './subscriber.js';

/** Enough for one set-based statement per page, few enough that a page is short. */
const PAGE_SIZE = 1_000;

/** How a projection is run. */
export interface ProjectionOptions {
  /** `context.what-it-shows`, for ever. */
  readonly name: string;
  /** Raised when the same events are to give other rows: the read model is then built anew beside the old one. */
  readonly version: number;
  readonly events: readonly string[];
  /** Views of the read model, made by `readModel` in a migration: `schema.name`. */
  readonly views: readonly string[];
  /** Parts that run at the same time, by tenant. Default 1; another number takes a new version. */
  readonly shards?: number;
  readonly pageSize?: number;
}

/** Folds events into rows. A provider with `@Projection` in any module of the worker. */
export interface IProjection {
  /**
   * Takes events of one tenant, in order, of any number of streams; writes with a few statements however many there are. How the
   * feed is cut into pages must not matter. What it throws is tried again, then the event is parked.
   * @param table the table of a view in the build that is being filled
   */
  apply(events: readonly FeedEvent[], unit: Unit, table: (view: string) => string): Promise<void>;
}

/** Marks a class as an asynchronous projection. */
export const Projection = DiscoveryService.createDecorator<ProjectionOptions>();

/** The projection as the feed's runner sees it. */
export function projectionSubscriber(options: ProjectionOptions, projection: IProjection): Subscriber {
  const { name, version, events, views, shards = 1, pageSize = PAGE_SIZE } = options;
  return {
    name,
    kind: 'projection',
    version,
    types: events,
    shards,
    pageSize,
    startAt: 'beginning',
    views,
    apply: (page, unit, slot) => projection.apply(page, unit, tablesIn(options, slot)),
  };
}
