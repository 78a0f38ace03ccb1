import type { Unit } from '#platform/persistence';
import type { FeedEvent } from '../feed/feed.js';
import type { Slot } from '../store/inline-projections.js';

/** Whoever is fed from the feed, page by page: a projection, a reactor or a process manager. */
export interface Subscriber {
  readonly name: string;
  /** A projection can be rebuilt; what reacts cannot. An inline one is fed only while it is rebuilt. */
  readonly kind: 'projection' | 'inline' | 'reaction';
  readonly version: number;
  /** Types of the events it takes. */
  readonly types: readonly string[];
  readonly shards: number;
  readonly pageSize: number;
  /** Where it begins when it is new here. */
  readonly startAt: 'beginning' | 'end';
  /** Views of its read model: `schema.name`. */
  readonly views: readonly string[];
  /** Takes events of one tenant in order of position, inside the unit of that tenant that also moves the checkpoint. */
  apply(events: readonly FeedEvent[], unit: Unit, slot: Slot): Promise<void>;
}

/** Turns a stored event into the shape that is current now. @throws Error for a type or version it does not know */
export type EventDecoder = (event: FeedEvent) => FeedEvent;

/** Name under which a build's events are parked. */
export function parkedName(name: string, slot: Slot): string {
  return `${name}@${slot}`;
}
