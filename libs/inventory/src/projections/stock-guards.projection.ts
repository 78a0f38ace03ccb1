import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { type InlineEvent, type InlineProjection, InlineProjections } from '#platform/eventing';
import { plainArray, type Unit } from '#platform/persistence';
import { item } from '../domain/item.js';
import { ITEM_EVENTS } from '../item-event-types.js';
import type { InlineItemEvent, TableOf } from './inline-item-event.js';
import { writeItems } from './item-rows.js';
import { writeLines } from './reservation-lines.js';
import { unitChanges } from './unit-changes.js';

/**
 * The tables that guard what must never be broken, written in the transaction of the events: unique codes, SKUs and import keys,
 * 0 <= held + allocated <= on hand, one live claim on a single copy. A few statements however many events there are.
 */
@Injectable()
export class StockGuards implements InlineProjection, OnModuleInit {
  readonly categories = [item.category];
  readonly readModel = {
    name: 'inventory.stock-guards',
    version: 1,
    events: ITEM_EVENTS,
    views: ['inventory.item', 'inventory.availability', 'inventory.reservation_line'],
  };

  constructor(@Inject(InlineProjections) private readonly inline: InlineProjections) {}

  onModuleInit(): void {
    this.inline.add(this);
  }

  async apply(events: readonly InlineEvent[], unit: Unit, table: TableOf): Promise<void> {
    const own = events as unknown as readonly InlineItemEvent[];
    await writeItems(unit, own, table);
    await writeUnits(unit, own, table);
    await writeLines(unit, own, table);
  }
}

/** Sums of what a location's numbers change by. */
interface UnitSum {
  readonly itemId: string;
  readonly locationId: string;
  onHand: number;
  held: number;
  allocated: number;
}

async function writeUnits(unit: Unit, events: readonly InlineItemEvent[], table: TableOf): Promise<void> {
  const name = table('inventory.availability');
  if (events.every((event) => event.type === 'inventory.stock-received')) return writeReceived(unit, events, name);
  const sums = new Map<string, UnitSum>();
  for (const event of events) {
    for (const { locationId, onHand, held, allocated } of unitChanges(event)) {
      const key = event.streamId + locationId;
      const sum = sums.get(key) ?? { itemId: event.streamId, locationId, onHand: 0, held: 0, allocated: 0 };
      sum.onHand += onHand;
      sum.held += held;
      sum.allocated += allocated;
      sums.set(key, sum);
    }
  }
  if (sums.size === 0) return;
  const rows = [...sums.values()];
  await unit.prepared(`units ${name}`, writeUnitsSql(name), [
    unit.tenantId,
    plainArray(rows.map(({ itemId }) => itemId)),
    plainArray(rows.map(({ locationId }) => locationId)),
    plainArray(rows.map(({ onHand }) => onHand)),
    plainArray(rows.map(({ held }) => held)),
    plainArray(rows.map(({ allocated }) => allocated)),
  ]);
}

/** Items that arrive are new: nobody else has written of them, and nothing of them is promised. */
async function writeReceived(unit: Unit, events: readonly Received[], table: string): Promise<void> {
  const sql = `insert into ${table} (tenant_id, item_id, location_id, on_hand, held, allocated)
    select $1, n.*, 0, 0 from unnest($2::uuid[], $3::uuid[], $4::bigint[]) as n`;
  await unit.prepared(`received ${table}`, sql, [
    unit.tenantId,
    plainArray(events.map(({ streamId }) => streamId)),
    plainArray(events.map(({ data }) => data.locationId)),
    plainArray(events.map(({ data }) => data.quantity)),
  ]);
}

type Received = Extract<InlineItemEvent, { type: 'inventory.stock-received' }>;

const UNITS = `unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[]) as n (item_id, location_id, on_hand, held, allocated)`;

/** The streams are locked, so nobody else inserts a row that is missing here. */
const writeUnitsSql = (table: string): string => `
  with known as (
    update ${table} a set on_hand = a.on_hand + n.on_hand, held = a.held + n.held, allocated = a.allocated + n.allocated
      from ${UNITS}
     where a.tenant_id = $1 and a.item_id = n.item_id and a.location_id = n.location_id
    returning a.item_id, a.location_id)
  insert into ${table} (tenant_id, item_id, location_id, on_hand, held, allocated) select $1, n.* from ${UNITS}
   where not exists (select from known k where k.item_id = n.item_id and k.location_id = n.location_id)`;
