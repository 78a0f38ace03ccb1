import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { eventTypes, type FeedEvent, publishedFacts, readFeed, UnreadableEvent, uuid5 } from '#platform/eventing';
import { field, IdOf, Instant, type ValueRule, WholeNumber } from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { wireData } from './event-wire.js';

/** Positions that one statement looks through, of all stores; and statements of one request. */
const WINDOW = 20_000;
const WINDOWS = 10;
/** Types that one request may name. */
const MOST_TYPES = 50;

/** Any text: reading the cursor says what it is. */
const afterRule: ValueRule = { name: 'cursor', refuse: () => undefined, schema: { type: 'string' } };

const typeRule: ValueRule = {
  name: 'event_type',
  refuse: (value) =>
    publishedFacts.all().some(({ type }) => type === value)
      ? undefined
      : { code: 'event_type', message: 'must be a type of the catalogue of events' },
  schema: { type: 'string', pattern: '^[a-z][a-z0-9]*\\.[a-z0-9-]+\\.v[0-9]+$' },
};

/** Which part of the feed. */
export class EventsParameters {
  @field(afterRule, {
    optional: true,
    description:
      'nextCursor of the answer before: only events after it. It never gets old. `latest`: only what comes from now on. Without it: from the first event.',
  })
  readonly after?: string;

  @WholeNumber({ min: 1, max: 100, optional: true, description: 'Events of a page; 100 unless given.' })
  readonly limit: number = 100;

  @field(typeRule, {
    optional: true,
    list: { min: 1, max: MOST_TYPES },
    description: 'Only events of one of these types.',
  })
  readonly 'filter[type]'?: readonly string[];
}

/** Something that has happened in the store. */
export class PublishedEventView {
  /** The same whenever the event is read: what was seen before can be told by it. */
  @IdOf('event')
  id!: string;
  /**
   * What has happened; the catalogue of events says what each type means. Types that you do not know may come at any time.
   * @example "inventory.stock-received.v1"
   */
  type!: string;
  /** When it was written down. */
  @Instant()
  recordedAt!: string;
  /** When it happened, where that was told; else when it was written down. */
  @Instant()
  occurredAt!: string;
  /**
   * The fact itself, as its type says. Members that you do not know may come at any time.
   * @example {}
   */
  data!: Record<string, unknown>;
}

/** Where a page of the feed ends. */
export class EventPageView {
  /**
   * Send it as `after` to go on, now or in a year. It is there also when there is nothing more yet.
   * @example "QmFzZTY0dXJsIG9mIGEgcGxhY2UgaW4gdGhlIGZlZWQ"
   */
  nextCursor!: string;
  /** Whether there is more to read at once. A page may be empty all the same. */
  hasMore!: boolean;
}

/** What has happened in the store, in the order of the feed. */
export class EventFeedView {
  data!: PublishedEventView[];
  page!: EventPageView;
}

/** A part of the feed that was read. */
export interface EventScan {
  readonly events: readonly PublishedEventView[];
  /** Everything up to here is in it. */
  readonly position: number;
  readonly hasMore: boolean;
}

/** What was published in a store between two positions of the feed. */
export class ListEvents extends Query<EventScan> {
  constructor(
    readonly actor: Actor,
    readonly range: {
      readonly after: number;
      /** From the fence: the feed is complete up to here. */
      readonly upTo: number;
      readonly limit: number;
      /** Default: all. */
      readonly types?: readonly string[] | undefined;
    },
  ) {
    super();
  }
}

@QueryHandler(ListEvents)
export class ListEventsHandler implements IQueryHandler<ListEvents> {
  constructor(private readonly work: UnitOfWork) {}

  /** Looks through a bounded number of positions: where others write a lot, a page may be short and yet not the last. */
  async execute({ range: { after, upTo, limit, types } }: ListEvents): Promise<EventScan> {
    const wanted = types ?? publishedFacts.all().map(({ type }) => type);
    const stored = publishedFacts.storedTypes(wanted);
    const events: PublishedEventView[] = [];
    let position = Math.min(after, upTo);
    for (let n = 0; n < WINDOWS && position < upTo; n++) {
      const end = Math.min(upTo, position + WINDOW);
      const page = await readFeed(this.work.current(), { after: position, upTo: end, limit, types: stored });
      for (const event of page) {
        const facts = factsOf(event, wanted);
        // A type or version of a newer build: that one will answer it. A page ends with a whole event.
        if (!facts) return { events, position, hasMore: false };
        if (events.length > 0 && events.length + facts.length > limit) return { events, position, hasMore: true };
        events.push(...facts);
        ({ position } = event);
      }
      if (page.length < limit) position = end;
    }
    return { events, position: Math.max(position, Math.min(after, upTo)), hasMore: position < upTo };
  }
}

/** The facts that a stored event is for others; undefined when this build cannot read it. */
function factsOf(event: FeedEvent, types: readonly string[]): PublishedEventView[] | undefined {
  try {
    const current = { ...event, ...eventTypes.read(event.type, event.schemaVersion, event.data) };
    return publishedFacts.seenAs(types, current).map((fact) => publishedView(fact, event.type));
  } catch (error) {
    if (error instanceof UnreadableEvent) return undefined;
    throw error;
  }
}

function publishedView({ eventId, type, recordedAt, meta, data }: FeedEvent, storedType: string): PublishedEventView {
  const { effectiveAt } = meta;
  const at = recordedAt.toISOString();
  return {
    // Facts that are cut from one event are several things.
    id: formatId('event', type === storedType ? eventId : uuid5(eventId, type)),
    type,
    recordedAt: at,
    occurredAt: typeof effectiveAt === 'string' ? effectiveAt : at,
    data: wireData(type, data),
  };
}
