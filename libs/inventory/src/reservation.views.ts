import { IdOf, Instant } from '#platform/http';
import { formatId } from '#platform/kernel';
import type { Unit } from '#platform/persistence';
import type { Shortage } from './domain/reservation-plan.js';

/** What a line can be; `expired` is a hold that is over, whose units are free for others. */
export type ShownLineState = 'held' | 'expired' | 'allocated' | 'committed' | 'released' | 'returned';

/** Units of one item at one location. */
export class ReservationLineView {
  @IdOf('stockItem')
  itemId!: string;
  @IdOf('location')
  locationId!: string;
  /** @example 1 */
  quantity!: number;
  /** @example "held" */
  state!: ShownLineState;
  /** When a hold is over. */
  @Instant({ nullable: true })
  expiresAt!: string | null;
}

/** What was not to be had. */
export class ShortageView {
  @IdOf('stockItem')
  itemId!: string;
  /** Where it was asked for, if the request said so. */
  @IdOf('location', { nullable: true })
  locationId!: string | null;
  /** @example 2 */
  requested!: number;
  /**
   * What there was when the request was decided.
   * @example 1
   */
  available!: number;
}

/** Stock that is promised to a cart or an order. */
export class ReservationView {
  /** `rsv_` and 26 letters. */
  @IdOf('reservation')
  id!: string;
  /**
   * That of all its lines, `mixed` where they differ.
   * @example "held"
   */
  state!: ShownLineState | 'mixed';
  /** Whose it is, in the words of who made it. */
  reference!: string | null;
  /** When the first of its holds is over. */
  @Instant({ nullable: true })
  expiresAt!: string | null;
  lines!: ReservationLineView[];
  /**
   * Grows with every change; the ETag is made of it.
   * @example 1
   */
  version!: number;
}

/** A reservation that was made just now. */
export class MadeReservationView extends ReservationView {
  /**
   * Empty, unless the reservation was made in part.
   * @example []
   */
  shortages!: ShortageView[];
}

interface LineRow {
  readonly itemId: string;
  readonly locationId: string;
  readonly quantity: number;
  readonly state: ShownLineState;
  readonly expiresAt: Date | null;
  readonly reference: string | null;
  readonly changes: number;
}

/** A reservation as its lines are now; undefined when there is none. */
export async function readReservation(unit: Unit, reservationId: string): Promise<ReservationView | undefined> {
  const rows = await unit.prepared<LineRow>('inventory.read-reservation', READ, [unit.tenantId, reservationId]);
  const [first] = rows;
  if (!first) return undefined;
  const states = new Set(rows.map(({ state }) => state));
  const ends = rows.flatMap(({ state, expiresAt }) => (state === 'held' && expiresAt ? [expiresAt.toISOString()] : []));
  return {
    id: formatId('reservation', reservationId),
    state: states.size === 1 ? first.state : 'mixed',
    reference: first.reference,
    expiresAt: ends.sort()[0] ?? null,
    lines: rows.map(lineView),
    version: rows.reduce((sum, { changes }) => sum + changes, 0),
  };
}

function lineView({ itemId, locationId, quantity, state, expiresAt }: LineRow): ReservationLineView {
  return {
    itemId: formatId('stockItem', itemId),
    locationId: formatId('location', locationId),
    quantity: Number(quantity),
    state,
    expiresAt: expiresAt?.toISOString() ?? null,
  };
}

/** Shortages as callers see them: with the ids they know. */
export function shortageViews(shortages: readonly Shortage[]): ShortageView[] {
  return shortages.map(({ itemId, locationId, requested, available }) => ({
    itemId: formatId('stockItem', itemId),
    locationId: locationId === undefined ? null : formatId('location', locationId),
    requested,
    available,
  }));
}

const READ = `
  select l.item_id as "itemId", l.location_id as "locationId", l.quantity,
         case when l.state = 'held' and l.expires_at <= clock_timestamp() then 'expired' else l.state end as state,
         l.expires_at as "expiresAt", l.reference, l.changes
    from inventory.reservation_line l where l.tenant_id = $1 and l.reservation_id = $2 order by l.item_id, l.location_id`;
