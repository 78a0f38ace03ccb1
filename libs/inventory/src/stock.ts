import { Injectable } from '@nestjs/common';
import { EventStore, type NewCommand, type Rehydrated, streamId, type StreamId } from '#platform/eventing';
import { checkIfMatch, type IfMatchCondition, notFound } from '#platform/http';
import { isUniqueViolation, type Unit, UnitOfWork } from '#platform/persistence';
import { type ClaimLine, expire } from './domain/claims.js';
import { fold } from './domain/fold.js';
import { inventoryErrors } from './domain/inventory.errors.js';
import { item, type Item } from './domain/item.js';
import type { ItemEvent } from './domain/item-events.js';
import { settled } from './domain/settle.js';

/** An item under its lock. */
export interface LockedItem extends Rehydrated<Item> {
  readonly itemId: string;
}

/** What has become of an item. */
export interface ChangedItem extends Rehydrated<Item> {
  readonly itemId: string;
}

/** How one item is changed. */
export interface ItemChangeOptions {
  readonly ifMatch?: IfMatchCondition | undefined;
  /** For the outbox, if anything changes. */
  readonly commands?: readonly NewCommand[];
}

/** Decides on an item under its lock. */
export type DecideItem = (state: Item, now: Date) => readonly ItemEvent[] | Promise<readonly ItemEvent[]>;

/** Decides on items under their locks; answers the events of each, in the order of the items. */
export type DecideItems = (
  items: readonly LockedItem[],
  now: Date,
) => Promise<readonly (readonly ItemEvent[])[]> | readonly (readonly ItemEvent[])[];

/** Stream of an item. */
export function itemStream(tenantId: string, itemId: string): StreamId {
  return streamId(item.category, tenantId, itemId);
}

/** The one way in which stock changes: the streams of the items are locked, then it is decided by the database's clock. */
@Injectable()
export class Stock {
  constructor(
    private readonly events: EventStore,
    private readonly work: UnitOfWork,
  ) {}

  /**
   * Changes one item. Holds on it that are over are released first.
   * @throws http.not_found, http.precondition_failed, what `decide` throws
   */
  async change(
    itemId: string,
    decide: DecideItem,
    { ifMatch, commands }: ItemChangeOptions = {},
  ): Promise<ChangedItem> {
    const [changed] = await this.changeMany(
      [itemId],
      async ([locked], now) => {
        if (!locked || locked.version === 0) throw notFound();
        checkIfMatch(ifMatch, locked.version);
        return [await this.afterExpiry(locked, now, decide)];
      },
      commands,
    );
    if (!changed) throw notFound();
    return changed;
  }

  /**
   * Changes several items in one decision and one commit. An item that is not there has version 0.
   * @throws inventory.code_taken, inventory.sku_taken, inventory.key_taken, what `decide` throws
   */
  async changeMany(
    itemIds: readonly string[],
    decide: DecideItems,
    commands: readonly NewCommand[] = [],
  ): Promise<ChangedItem[]> {
    const { tenantId } = this.work.current();
    const streams = itemIds.map((itemId) => itemStream(tenantId, itemId));
    const { streams: changed } = await asTaken(() =>
      this.events.changeMany(
        streams,
        item,
        async (states, now) =>
          decide(
            states.map((one, index) => ({ ...one, itemId: itemIds[index] ?? '' })),
            now,
          ),
        { commands },
      ),
    );
    return changed.map((one, index) => ({ ...one, itemId: itemIds[index] ?? '' }));
  }

  /** Decides on an item after its expired holds were released, and adds what follows by itself. */
  async afterExpiry({ itemId, state }: LockedItem, now: Date, decide: DecideItem): Promise<ItemEvent[]> {
    const isReserved = Object.values(state.levels).some(({ reserved }) => reserved > 0);
    const holds = isReserved ? await overdueHolds(this.work.current(), [itemId]) : [];
    const expired = expire(holds, now);
    return settled(state, [...expired, ...(await decide(fold(state, expired), now))]);
  }
}

/** Holds of these items whose end may have come: judged again by the clock that was read under the locks. */
export function overdueHolds(unit: Unit, itemIds: readonly string[]): Promise<ClaimLine[]> {
  return unit.prepared<ClaimLine>('inventory.overdue-holds', OVERDUE, [unit.tenantId, itemIds]);
}

/** Columns of `inventory.reservation_line l` by the names of ClaimLine. */
export const LINE_COLUMNS = `l.reservation_id as "reservationId", l.item_id as "itemId", l.location_id as "locationId",
  l.quantity, l.state, l.expires_at as "expiresAt", l.extensions`;

const OVERDUE = `select ${LINE_COLUMNS} from inventory.reservation_line l
  where l.tenant_id = $1 and l.item_id = any($2) and l.state = 'held' and l.expires_at <= clock_timestamp()
  order by l.reservation_id, l.item_id, l.location_id`;

/** The refusal behind a unique index: two calls may want the same code at the same time. */
export async function asTaken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isTaken(error, 'item_code')) {
      throw inventoryErrors.code_taken('Another item has this code. Scan it, or give another one.');
    }
    if (isTaken(error, 'item_sku')) {
      throw inventoryErrors.sku_taken('Another item has this SKU. Use that item, or give another SKU.');
    }
    if (isTaken(error, 'item_source')) {
      throw inventoryErrors.key_taken('The same copy is being received by another call. Repeat the request.');
    }
    throw error;
  }
}

/** A read model has two tables, each with its index. */
const isTaken = (error: unknown, index: string): boolean =>
  isUniqueViolation(error, `${index}_a`) || isUniqueViolation(error, `${index}_b`);
