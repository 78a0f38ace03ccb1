import { Injectable } from '@nestjs/common';
import { checkIfMatch, type IfMatchCondition, notFound } from '#platform/http';
import { UnitOfWork } from '#platform/persistence';
import { type ClaimLine, expire, type LineDecision } from './domain/claims.js';
import { inventoryErrors } from './domain/inventory.errors.js';
import type { ItemEvent } from './domain/item-events.js';
import { settled } from './domain/settle.js';
import { readReservation, type ReservationView } from './reservation.views.js';
import { LINE_COLUMNS, type LockedItem, overdueHolds, Stock } from './stock.js';

/** Which lines of a reservation, and what happens to each. */
export interface LineChanges {
  readonly reservationId: string;
  /** UUIDs; absent: all items of the reservation. */
  readonly itemIds?: readonly string[] | undefined;
  readonly ifMatch?: IfMatchCondition | undefined;
  readonly decide: LineDecision;
  /** How many units of an item are meant, of all its lines together; undefined: all. */
  readonly unitsOf?: (itemId: string) => number | undefined;
}

type VersionedLine = ClaimLine & { readonly changes: number };

/** Changes reservations: every item of one under its lock, all lines in one decision and one commit. */
@Injectable()
export class Reservations {
  constructor(
    private readonly work: UnitOfWork,
    private readonly stock: Stock,
  ) {}

  /**
   * Decides on lines of a reservation. Other holds on the same items that are over are released with it.
   * @throws http.not_found, http.precondition_failed, inventory.nothing_reserved, what `decide` throws
   */
  async change(changes: LineChanges): Promise<ReservationView> {
    const { reservationId, itemIds, ifMatch } = changes;
    const lines = await this.linesOf(reservationId);
    if (lines.length === 0) throw notFound();
    const own = new Set(lines.map(({ itemId }) => itemId));
    const stranger = itemIds?.find((itemId) => !own.has(itemId));
    if (stranger !== undefined) {
      throw inventoryErrors.nothing_reserved('The reservation has no line of that item. Read it, and name its items.');
    }
    const wanted = new Set(itemIds ?? own);
    // All items of the reservation, so that its version stands still.
    await this.stock.changeMany([...own].sort(), async (items, now) => {
      const current = await this.linesOf(reservationId);
      checkIfMatch(
        ifMatch,
        current.reduce((sum, line) => sum + line.changes, 0),
      );
      const overdue = await overdueHolds(this.work.current(), [...wanted]);
      const others = overdue.filter((hold) => hold.reservationId !== reservationId);
      return items.map((item) => (wanted.has(item.itemId) ? eventsOf(item, current, others, changes, now) : []));
    });
    const changed = await readReservation(this.work.current(), reservationId);
    if (!changed) throw notFound();
    return changed;
  }

  private linesOf(reservationId: string): Promise<VersionedLine[]> {
    const unit = this.work.current();
    return unit.prepared<VersionedLine>('inventory.lines-of', LINES_OF, [unit.tenantId, reservationId]);
  }
}

function eventsOf(
  { itemId, state }: LockedItem,
  lines: readonly ClaimLine[],
  overdue: readonly ClaimLine[],
  { decide, unitsOf }: LineChanges,
  now: Date,
): ItemEvent[] {
  const own = lines.filter((line) => line.itemId === itemId);
  const wanted = unitsOf?.(itemId);
  let left = wanted ?? Number.POSITIVE_INFINITY;
  const events: ItemEvent[] = [];
  for (const line of own) {
    const units = Math.min(left, line.quantity);
    const decided = units > 0 ? decide(state, line, now, units) : [];
    if (decided.length > 0) left -= units;
    events.push(...decided);
  }
  if (events.length === 0) return [];
  if (wanted !== undefined && left > 0) {
    throw inventoryErrors.too_many_units(`The reservation has ${wanted - left} of these units, not ${wanted}.`, {
      there: wanted - left,
    });
  }
  const expired = overdue.filter((hold) => hold.itemId === itemId);
  return settled(state, [...expire(expired, now), ...events]);
}

const LINES_OF = `select ${LINE_COLUMNS}, l.changes from inventory.reservation_line l
  where l.tenant_id = $1 and l.reservation_id = $2 order by l.item_id, l.location_id`;
