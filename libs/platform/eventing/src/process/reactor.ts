import { DiscoveryService } from '@nestjs/core';
import type { NewCommand } from '../core/decider.js';
import type { FeedEvent } from '../feed/feed.js';
import { insertOutbox, keyed, metaOf } from '../outbox/outbox-rows.js';
import type { Subscriber } from '../projections/subscriber.js';

/** How a reaction is run. */
export interface ReactionOptions {
  /** `context.what-it-does`, for ever: it stands in keys of the outbox. */
  readonly name: string;
  readonly events: readonly string[];
  /** When it is deployed for the first time: react to all history, or only to what comes from now on. */
  readonly startAt: 'beginning' | 'end';
  readonly shards?: number;
}

/** Answers events with commands, without remembering anything. A provider with `@Reactor` in any module of the worker. */
export interface IReactor {
  /** A pure function of the event. The commands are carried out once, from the outbox. */
  react(event: FeedEvent): readonly NewCommand[];
}

/** As a reactor, for many events of a tenant at once: one command where each event would have its own. */
export interface IBulkReactor {
  /** A pure function of the events, whichever of them come together. */
  reactTo(events: readonly FeedEvent[]): readonly NewCommand[];
}

/** Marks a class as a reactor. */
export const Reactor = DiscoveryService.createDecorator<ReactionOptions>();

/** Events taken at once; each leads to at most a row or two of the outbox. */
const PAGE_SIZE = 200;

/** Whoever reacts, as the feed's runner sees it. */
export function reactionSubscriber(options: ReactionOptions, apply: Subscriber['apply']): Subscriber {
  const { name, events: types, startAt, shards = 1 } = options;
  return { name, kind: 'reaction', version: 1, types, shards, pageSize: PAGE_SIZE, startAt, views: [], apply };
}

/** The reactor as the feed's runner sees it. */
export function reactorSubscriber(options: ReactionOptions, reactor: IReactor | IBulkReactor): Subscriber {
  return reactionSubscriber(options, async (page, unit) => {
    const last = page.at(-1);
    if ('reactTo' in reactor) {
      const commands = last ? keyed(last.eventId, options.name, reactor.reactTo(page)) : [];
      return insertOutbox(unit, commands, last ? metaOf(last) : {});
    }
    for (const event of page) {
      await insertOutbox(unit, keyed(event.eventId, options.name, reactor.react(event)), metaOf(event));
    }
  });
}
