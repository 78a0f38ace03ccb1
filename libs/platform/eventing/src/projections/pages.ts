import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '#platform/persistence';
import { counter, histogram } from '#platform/telemetry';
import { type FeedEvent, readFeed } from '../feed/feed.js';
import { type Build, claimBuild, moveBuild } from './builds.js';
import { Digestion } from './digestion.js';
import type { EventDecoder, Subscriber } from './subscriber.js';
import { TenantUnits } from './tenant-units.js';

/** Positions that one statement looks through for the types it wants: it stays far below the statement timeout. */
const WINDOW = 100_000;

/** The token under which the decoder of events is provided. */
export const EVENT_DECODER = Symbol('EVENT_DECODER');

const metrics = {
  seconds: histogram('app_projection_page_seconds', 'Time of one page: read, apply, move the checkpoint.', [
    'projection',
  ]),
  events: counter('app_projection_events_total', 'Events handed to projections and reactions.', ['projection']),
};

/** How a page is to be applied. */
export interface PageRequest {
  readonly upTo: number;
  /** After repeated failure: find the event that cannot be digested and park it. */
  readonly careful: boolean;
}

/** Applies the feed to builds, page by page: read model, parked events and checkpoint change in one transaction. */
@Injectable()
export class Pages {
  constructor(
    @Inject(TenantUnits) private readonly units: TenantUnits,
    @Inject(EVENT_DECODER) private readonly decode: EventDecoder,
  ) {}

  /**
   * Applies the next page to a shard of a build.
   * @returns the position it then has; undefined when there is nothing to do, or another does it
   */
  run(subscriber: Subscriber, build: Build, request: PageRequest): Promise<number | undefined> {
    return this.units.run(async (unit) => {
      const claimed = await claimBuild(unit, build);
      if (!claimed || claimed.position < 0 || claimed.position >= request.upTo) return undefined;
      return this.advance(unit, subscriber, claimed, request);
    });
  }

  /** As `run`, in a transaction that already holds the shard. */
  async advance(unit: Unit, subscriber: Subscriber, build: Build, { upTo, careful }: PageRequest): Promise<number> {
    const done = metrics.seconds.startTimer({ projection: build.name });
    const end = Math.min(upTo, build.position + WINDOW);
    const limit = subscriber.pageSize;
    const shard = { index: build.shard, count: build.shards };
    const page = await readFeed(unit, { after: build.position, upTo: end, limit, types: subscriber.types, shard });
    const position = page.length < limit ? end : (page.at(-1)?.position ?? end);
    await this.digest(unit, new Digestion(subscriber, build.slot, this.decode), page, careful);
    await moveBuild(unit, build, position);
    metrics.events.inc({ projection: build.name }, page.length);
    done();
    return position;
  }

  private async digest(unit: Unit, digestion: Digestion, page: readonly FeedEvent[], careful: boolean): Promise<void> {
    const parked = await digestion.parkedStreams(unit, page);
    for (const [tenantId, events] of Map.groupBy(page, (event) => event.tenantId)) {
      await this.units.as(unit, tenantId, (part) => digestion.take(part, events, careful, parked));
    }
  }
}
