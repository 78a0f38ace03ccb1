import type { Unit } from '#platform/persistence';
import type { DataOf } from '../domain/item-events.js';
import type { InlineItemEvent } from './stock-guards.projection.js';

/** A new line as it is after all events of the call. */
interface Line {
  readonly itemId: string;
  readonly locationId: string;
  readonly reservationId: string;
  readonly quantity: number;
  readonly state: string;
  readonly expiresAt: string | null;
  readonly reference: string | null;
}

/** What happens to a line that is there. */
interface LineChange {
  readonly itemId: string;
  readonly locationId: string;
  readonly reservationId: string;
  /** Null: as it is. */
  readonly state: string | null;
  readonly quantity: number | null;
  readonly expiresAt: string | null;
  readonly extensions: number;
}

/** Lines of reservations follow the events. What is given back comes first: a single copy has one live line at a time. */
export async function writeLines(unit: Unit, events: readonly InlineItemEvent[]): Promise<void> {
  const made: Line[] = [];
  const changes: LineChange[] = [];
  for (const event of events) {
    if (event.type === 'inventory.stock-reserved') made.push(lineOf(event.streamId, event.data));
    else changes.push(...changeOf(event));
  }
  const tenantId = events[0]?.tenantId;
  if (changes.length > 0) {
    await unit.prepared('inventory.change-lines', CHANGE_LINES, [
      tenantId,
      changes.map(({ reservationId }) => reservationId),
      changes.map(({ itemId }) => itemId),
      changes.map(({ locationId }) => locationId),
      changes.map(({ state }) => state),
      changes.map(({ quantity }) => quantity),
      changes.map(({ expiresAt }) => expiresAt),
      changes.map(({ extensions }) => extensions),
    ]);
  }
  if (made.length > 0) {
    await unit.prepared('inventory.insert-lines', INSERT_LINES, [
      tenantId,
      made.map(({ reservationId }) => reservationId),
      made.map(({ itemId }) => itemId),
      made.map(({ locationId }) => locationId),
      made.map(({ quantity }) => quantity),
      made.map(({ state }) => state),
      made.map(({ expiresAt }) => expiresAt),
      made.map(({ reference }) => reference),
    ]);
  }
}

function lineOf(itemId: string, data: DataOf<'inventory.stock-reserved'>): Line {
  return { ...data, itemId, expiresAt: data.expiresAt ?? null, reference: data.reference ?? null };
}

function changeOf(event: InlineItemEvent): LineChange[] {
  const change = (
    { reservationId, locationId }: { reservationId: string; locationId: string },
    members: Partial<LineChange>,
  ): LineChange[] => [
    {
      itemId: event.streamId,
      reservationId,
      locationId,
      state: null,
      quantity: null,
      expiresAt: null,
      extensions: 0,
      ...members,
    },
  ];
  switch (event.type) {
    case 'inventory.reservation-extended':
      return change(event.data, { expiresAt: event.data.expiresAt, extensions: 1 });
    case 'inventory.hold-allocated':
      return change(event.data, { state: 'allocated' });
    case 'inventory.reservation-committed':
      return change(event.data, { state: 'committed' });
    case 'inventory.reservation-released':
      return change(event.data, left(event.data.left, 'released'));
    case 'inventory.stock-returned':
      return change(event.data, left(event.data.left, 'returned'));
    default:
      return [];
  }
}

/** A line that nothing is left of keeps its last quantity. */
const left = (quantity: number, over: string): Partial<LineChange> => (quantity > 0 ? { quantity } : { state: over });

const CHANGE_LINES = `
  update inventory.reservation_line l
     set state = coalesce(n.state, l.state),
         quantity = coalesce(n.quantity, l.quantity),
         expires_at = case when n.state is null then coalesce(n.expires_at, l.expires_at) end,
         extensions = l.extensions + n.extensions,
         changes = l.changes + 1
    from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::timestamptz[], $8::smallint[])
         as n (reservation_id, item_id, location_id, state, quantity, expires_at, extensions)
   where l.tenant_id = $1 and l.reservation_id = n.reservation_id and l.item_id = n.item_id and l.location_id = n.location_id`;

const INSERT_LINES = `
  insert into inventory.reservation_line
         (tenant_id, reservation_id, item_id, location_id, single, quantity, state, expires_at, extensions, reference, changes)
  select $1, n.reservation_id, n.item_id, n.location_id, i.single, n.quantity, n.state, n.expires_at, 0, n.reference, 1
    from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::text[], $7::timestamptz[], $8::text[])
         as n (reservation_id, item_id, location_id, quantity, state, expires_at, reference)
    join inventory.item i on i.tenant_id = $1 and i.id = n.item_id`;
