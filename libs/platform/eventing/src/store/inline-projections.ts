import type { Unit } from '#platform/persistence';
import type { DomainEvent } from '../core/decider.js';
import type { StreamId } from '../core/stream-id.js';
import type { EventBatch } from './event-log.js';

/** An event as an inline projection takes it: not yet appended, so without version and position. */
export interface InlineEvent extends DomainEvent {
  readonly tenantId: string;
  readonly streamId: string;
  readonly category: string;
  readonly eventId: string;
  readonly meta: Readonly<Record<string, unknown>>;
}

/** Keeps a view in the transaction of the events, for rules that need one: a unique SKU, stock that never goes below zero. */
export interface InlineProjection {
  /** Categories of the streams it follows. */
  readonly categories: readonly string[];
  /** Writes with a few statements however many events there are. Runs before the append, which takes the streams' locks. */
  apply(events: readonly InlineEvent[], unit: Unit): Promise<void>;
}

/** The inline projections of the running build. */
export class InlineProjections {
  private readonly projections: InlineProjection[] = [];

  add(projection: InlineProjection): void {
    this.projections.push(projection);
  }

  /** Whether events of these streams go through an inline projection. */
  follow(streams: readonly StreamId[]): boolean {
    return streams.some(({ category }) => this.projections.some(({ categories }) => categories.includes(category)));
  }

  /** Hands the events to those that follow them. */
  async apply(events: readonly InlineEvent[], unit: Unit | undefined): Promise<void> {
    if (!unit) throw new Error('an inline projection needs a transaction, and there is none');
    for (const projection of this.projections) {
      const own = events.filter(({ category }) => projection.categories.includes(category));
      if (own.length > 0) await projection.apply(own, unit);
    }
  }
}

/** The events of a batch as inline projections take them. @param owners each event's stream, or the one of all */
export function inlineEvents(
  { ids, meta }: EventBatch,
  events: readonly DomainEvent[],
  owners: readonly StreamId[],
): InlineEvent[] {
  const parsed = JSON.parse(meta) as Record<string, unknown>;
  return events.flatMap(({ type, data }, index) => {
    const [owner, eventId] = [owners[index] ?? owners[0], ids[index]];
    if (!owner || eventId === undefined) return [];
    return [
      { tenantId: owner.tenantId, streamId: owner.id, category: owner.category, eventId, type, data, meta: parsed },
    ];
  });
}
