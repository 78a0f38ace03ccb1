import { type CursorRow, IdOf, Instant, instantRule, type ListSpec, oneOfRule } from '#platform/http';
import { formatId } from '#platform/kernel';
import { MOVEMENT_KINDS } from './projections/movements.projection.js';

/** Units of an item that came to a location or left it. */
export class MovementView {
  @IdOf('stockItem')
  itemId!: string;
  @IdOf('location')
  locationId!: string;
  /**
   * `received`, `adjusted`, `counted`, `transferred`, `sold`, `returned` or `written_off`.
   * @example "received"
   */
  kind!: string;
  /**
   * Units that came, or, negative, left.
   * @example 1
   */
  quantity!: number;
  /** Why, where somebody said so. */
  reason!: string | null;
  /** The reservation under which it was sold or returned. */
  @IdOf('reservation', { nullable: true })
  reservationId!: string | null;
  /** Who did it, such as `key:` and the id of an API key. */
  actor!: string | null;
  @Instant()
  at!: string;
}

/** A row of `inventory.movement m`. */
export interface MovementRow extends CursorRow {
  readonly itemId: string;
  readonly locationId: string;
  readonly kind: string;
  readonly quantity: number;
  readonly reason: string | null;
  readonly reservationId: string | null;
  readonly actor: string | null;
  readonly at: Date;
}

export const MOVEMENT_COLUMNS = `m.item_id as "itemId", m.location_id as "locationId", m.kind, m.quantity, m.reason,
  m.reservation_id as "reservationId", m.actor, m.at`;

/** What movements can be asked for. */
export const MOVEMENTS: ListSpec = {
  name: 'movements',
  id: 'm.id',
  sort: { at: { sql: 'm.position', type: 'bigint' } },
  defaultSort: '-at',
  filters: {
    kind: { sql: 'm.kind', type: 'text', rule: oneOfRule(MOVEMENT_KINDS) },
    at: { sql: 'm.at', type: 'timestamptz', rule: instantRule(), range: true },
  },
};

/** A movement as callers see it. */
export function movementView({ itemId, locationId, reservationId, at, ...row }: MovementRow): MovementView {
  return {
    itemId: formatId('stockItem', itemId),
    locationId: formatId('location', locationId),
    kind: row.kind,
    quantity: row.quantity,
    reason: row.reason,
    reservationId: reservationId === null ? null : formatId('reservation', reservationId),
    actor: row.actor,
    at: at.toISOString(),
  };
}
