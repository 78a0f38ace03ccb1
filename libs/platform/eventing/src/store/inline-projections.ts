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

/** Tables that `readModel` has made in a migration with `inline: true`; they can be rebuilt from the events. */
export interface InlineReadModel {
  /** `context.what-it-shows`, for ever; as `readModel` names its projection. */
  readonly name: string;
  /** Raised when the same events are to give other rows: they are then built anew beside the old ones. */
  readonly version: number;
  /** Types of the events that are handed over, of all in the categories. */
  readonly events: readonly string[];
  /** `schema.name` of the views. */
  readonly views: readonly string[];
}

/** Keeps a view in the transaction of the events, for rules that need one: a unique SKU, stock that never goes below zero. */
export interface InlineProjection {
  /** Categories of the streams it follows. */
  readonly categories: readonly string[];
  readonly readModel?: InlineReadModel;
  /**
   * Writes with a few statements however many events there are. Runs before the append, which takes the streams' locks. A rebuild
   * hands it the same events again, in their order, one tenant at a time, with other tables: it must not do anything else.
   * @param table the table of a view that is to be written; without `readModel` the view itself
   */
  apply(events: readonly InlineEvent[], unit: Unit, table: (view: string) => string): Promise<void>;
}

/** The inline projections of the running build. */
export class InlineProjections {
  private readonly projections: InlineProjection[] = [];

  /** @throws Error when another is called the same */
  add(projection: InlineProjection): void {
    const { readModel } = projection;
    if (readModel && this.rebuildable().some((other) => other.readModel.name === readModel.name))
      throw new Error(`two inline projections are called ${readModel.name}`);
    this.projections.push(projection);
  }

  /** Those that can be rebuilt. */
  rebuildable(): Rebuildable[] {
    return this.projections.filter((one): one is Rebuildable => one.readModel !== undefined);
  }

  /** Whether events of these streams go through an inline projection. */
  follow(streams: readonly StreamId[]): boolean {
    return streams.some(({ category }) => this.projections.some(({ categories }) => categories.includes(category)));
  }

  /** Hands the events to those that follow them. */
  async apply(events: readonly InlineEvent[], unit: Unit | undefined): Promise<void> {
    if (!unit) throw new Error('an inline projection needs a transaction, and there is none');
    for (const projection of this.projections) {
      const own = events.filter((event) => takes(projection, event));
      if (own.length > 0) await projection.apply(own, unit, await this.tables(projection, unit));
    }
  }

  /**
   * The tables of a projection's views that are written now, and until this transaction ends: also for a rule that reads before
   * it appends. Asked for each time: what was locked after a savepoint is free again when that was rolled back.
   */
  async tables({ readModel }: InlineProjection, unit: Unit): Promise<(view: string) => string> {
    if (!readModel) return (view) => view;
    const [row] = await unit.prepared<{ slot: Slot }>('es.inline-slot', 'select es.inline_slot($1) as slot', [
      readModel.name,
    ]);
    return tablesIn(readModel, row?.slot ?? 'a');
  }
}

/** One of the two tables of a read model. */
export type Slot = 'a' | 'b';

/** An inline projection whose tables can be rebuilt. */
export type Rebuildable = InlineProjection & { readonly readModel: InlineReadModel };

/** Whether an event is handed to an inline projection. */
export function takes({ categories, readModel }: InlineProjection, { category, type }: InlineEvent): boolean {
  return categories.includes(category) && (!readModel || readModel.events.includes(type));
}

/** The tables of a read model's views in a slot. */
export function tablesIn({ name, views }: Pick<InlineReadModel, 'name' | 'views'>, slot: Slot) {
  return (view: string): string => {
    if (!views.includes(view)) throw new Error(`the projection ${name} does not name the view ${view}`);
    return `${view}_${slot}`;
  };
}

/** The events of a batch as inline projections take them. @param owners each event's stream, or the one of all */
export function inlineEvents(
  { ids, meta }: EventBatch,
  events: readonly DomainEvent[],
  owners: readonly StreamId[],
): InlineEvent[] {
  const parsed = JSON.parse(meta) as Record<string, unknown>;
  return events.map(({ type, data }, index) => {
    const { tenantId, id: streamId, category } = owners[index] ?? (owners[0] as StreamId);
    return { tenantId, streamId, category, eventId: ids[index] as string, type, data, meta: parsed };
  });
}
