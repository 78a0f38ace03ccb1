import { Injectable } from '@nestjs/common';
import { type FeedEvent, type IProjection, Projection, uuid5 } from '#platform/eventing';
import type { Unit } from '#platform/persistence';
import type { ItemEvent, ItemEventType } from '../domain/item-events.js';
import type { TableOf } from './inline-item-event.js';
import { unitChanges } from './unit-changes.js';

/** What a movement is called, by the event that tells of it. A transfer is two. */
const KINDS: Partial<Record<ItemEventType, string>> = {
  'inventory.stock-received': 'received',
  'inventory.stock-adjusted': 'adjusted',
  'inventory.stock-counted': 'counted',
  'inventory.stock-transferred': 'transferred',
  'inventory.reservation-committed': 'sold',
  'inventory.stock-returned': 'returned',
  'inventory.item-written-off': 'written_off',
};

/** The words for kinds of movements. */
export const MOVEMENT_KINDS = Object.values(KINDS);

/** Units that came and went, and what they add up to (D3). */
@Injectable()
@Projection({
  name: 'inventory.movements',
  version: 1,
  events: Object.keys(KINDS),
  views: ['inventory.movement', 'inventory.stock_level'],
})
export class Movements implements IProjection {
  async apply(events: readonly FeedEvent[], unit: Unit, table: TableOf): Promise<void> {
    const rows = events.flatMap(movementsOf);
    if (rows.length === 0) return;
    await unit.run(INSERT(table('inventory.movement')), [unit.tenantId, JSON.stringify(rows)]);
    const sums = Map.groupBy(rows, ({ item_id, location_id }) => `${item_id} ${location_id}`);
    const levels = [...sums.values()].map((same) => ({
      item_id: same[0]?.item_id,
      location_id: same[0]?.location_id,
      quantity: same.reduce((sum, { quantity }) => sum + quantity, 0),
    }));
    await unit.run(LEVELS(table('inventory.stock_level')), [unit.tenantId, JSON.stringify(levels)]);
  }
}

function movementsOf(event: FeedEvent) {
  const fact = { type: event.type, data: event.data } as ItemEvent;
  return unitChanges(fact)
    .filter(({ onHand }) => onHand !== 0)
    .map(({ locationId, onHand }, index) => ({
      // The event's own id, and one that follows from it where an event moves units at several locations.
      id: index === 0 ? event.eventId : uuid5(event.eventId, String(index)),
      position: event.position,
      item_id: event.streamId,
      location_id: locationId,
      kind: KINDS[fact.type] ?? fact.type,
      quantity: onHand,
      reason: 'reason' in fact.data ? fact.data.reason : null,
      reservation_id: 'reservationId' in fact.data ? fact.data.reservationId : null,
      actor: actorOf(event),
      at: event.recordedAt,
    }));
}

/** Who did it, as it was noted with the event. */
export function actorOf({ meta: { actor } }: FeedEvent): string | null {
  return typeof actor === 'string' ? actor : null;
}

const INSERT = (table: string): string => `
  insert into ${table} (tenant_id, id, position, item_id, location_id, kind, quantity, reason, reservation_id, actor, at)
  select $1, n.* from jsonb_to_recordset($2::jsonb) as n (id uuid, position bigint, item_id uuid, location_id uuid, kind text,
         quantity bigint, reason text, reservation_id uuid, actor text, at timestamptz)`;

const LEVELS = (table: string): string => `
  insert into ${table} as l (tenant_id, item_id, location_id, on_hand)
  select $1, n.* from jsonb_to_recordset($2::jsonb) as n (item_id uuid, location_id uuid, quantity bigint)
      on conflict (tenant_id, item_id, location_id) do update set on_hand = l.on_hand + excluded.on_hand`;
