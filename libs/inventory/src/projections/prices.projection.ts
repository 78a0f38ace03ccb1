import { Injectable } from '@nestjs/common';
import { type FeedEvent, type IProjection, Projection } from '#platform/eventing';
import type { Unit } from '#platform/persistence';
import type { ItemEvent } from '../domain/item-events.js';
import type { TableOf } from './inline-item-event.js';
import { actorOf } from './movements.projection.js';

/** Every list price an item has had, and why. */
@Injectable()
@Projection({
  name: 'inventory.prices',
  version: 1,
  events: ['inventory.stock-received', 'inventory.price-changed'],
  views: ['inventory.price'],
})
export class Prices implements IProjection {
  async apply(events: readonly FeedEvent[], unit: Unit, table: TableOf): Promise<void> {
    const rows = events.flatMap(priceOf);
    if (rows.length > 0) await unit.run(INSERT(table('inventory.price')), [unit.tenantId, JSON.stringify(rows)]);
  }
}

function priceOf(event: FeedEvent): object[] {
  const fact = { type: event.type, data: event.data } as ItemEvent;
  const isChange = fact.type === 'inventory.price-changed';
  const price = isChange || fact.type === 'inventory.stock-received' ? fact.data.price : undefined;
  if (!price) return [];
  const { reason = 'received', rule = null, policyVersion = null } = isChange ? fact.data.cause : {};
  const { eventId: id, position, streamId: item_id, recordedAt: at } = event;
  return [{ id, position, item_id, ...price, reason, rule, policy_version: policyVersion, actor: actorOf(event), at }];
}

const INSERT = (table: string): string => `
  insert into ${table} (tenant_id, id, position, item_id, amount, currency, reason, rule, policy_version, actor, at)
  select $1, n.* from jsonb_to_recordset($2::jsonb) as n (id uuid, position bigint, item_id uuid, amount bigint, currency text,
         reason text, rule text, policy_version int, actor text, at timestamptz)`;
