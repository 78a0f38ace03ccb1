import { Injectable } from '@nestjs/common';
import { type FeedEvent, type IProjection, Projection } from '#platform/eventing';
import type { Unit } from '#platform/persistence';
import type { ItemEvent } from '../domain/item-events.js';
import type { TableOf } from './inline-item-event.js';

/** What is counted, in units of stock. */
const COUNTS = ['held', 'extended', 'converted', 'expired', 'released', 'sold', 'returned'] as const;
type Count = (typeof COUNTS)[number];

/** What becomes of holds, per day: how many units were held, and how many of such were bought, let go or left to expire. */
@Injectable()
@Projection({
  name: 'inventory.hold-days',
  version: 1,
  events: [
    'inventory.stock-reserved',
    'inventory.reservation-extended',
    'inventory.hold-allocated',
    'inventory.reservation-released',
    'inventory.reservation-committed',
    'inventory.stock-returned',
  ],
  views: ['inventory.hold_day'],
})
export class HoldDays implements IProjection {
  async apply(events: readonly FeedEvent[], unit: Unit, table: TableOf): Promise<void> {
    const days = new Map<string, Record<Count, number>>();
    for (const event of events) {
      const [count, units] = counted({ type: event.type, data: event.data } as ItemEvent);
      if (count === undefined) continue;
      const day = event.recordedAt.toISOString().slice(0, 10);
      const counts = days.get(day) ?? (Object.fromEntries(COUNTS.map((name) => [name, 0])) as Record<Count, number>);
      counts[count] += units;
      days.set(day, counts);
    }
    if (days.size === 0) return;
    const rows = [...days].map(([day, counts]) => ({ day, ...counts }));
    await unit.run(ADD(table('inventory.hold_day')), [unit.tenantId, JSON.stringify(rows)]);
  }
}

/** What an event counts as, and how many units. */
function counted({ type, data }: ItemEvent): readonly [Count, number] | readonly [undefined, 0] {
  switch (type) {
    case 'inventory.stock-reserved':
      return data.state === 'held' ? ['held', data.quantity] : [undefined, 0];
    case 'inventory.reservation-extended':
      return ['extended', data.quantity];
    case 'inventory.hold-allocated':
      return ['converted', data.quantity];
    case 'inventory.reservation-released':
      return data.from === 'held' ? [data.cause, data.quantity] : [undefined, 0];
    case 'inventory.reservation-committed':
      return ['sold', data.quantity];
    case 'inventory.stock-returned':
      return ['returned', data.quantity];
    default:
      return [undefined, 0];
  }
}

const ADD = (table: string): string => `
  insert into ${table} as d (tenant_id, day, ${COUNTS.join(', ')})
  select $1, n.* from jsonb_to_recordset($2::jsonb) as n (day date, ${COUNTS.map((name) => `${name} bigint`).join(', ')})
      on conflict (tenant_id, day) do update set ${COUNTS.map((name) => `${name} = d.${name} + excluded.${name}`).join(', ')}`;
