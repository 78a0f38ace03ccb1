import { describe, expect, it } from '@jest/globals';
import { publishedFacts } from '#platform/eventing';
import { pool, received } from '../test/samples.js';
import type { ItemEvent } from './domain/item-events.js';
import './inventory.events.js';

const ITEM = '0190a5c4-3c00-7000-8000-000000000003';
const PLACE = '0190a5c4-3c00-7000-8000-000000000004';
const CLAIM = { reservationId: '0190a5c4-3c00-7000-8000-000000000005', locationId: PLACE, quantity: 2 };

/** What the outside sees of an event, with whatever types it listens to. */
function seen({ type, data }: ItemEvent): { type: string; data: object }[] {
  const facts = publishedFacts.all().filter((fact) => fact.type.startsWith('inventory.'));
  const event = { type, data, tenantId: 't', streamId: ITEM, recordedAt: new Date(0) };
  return publishedFacts
    .seenAs(
      facts.map((fact) => fact.type),
      event,
    )
    .map((fact) => {
      const { schema } = facts.find((one) => one.type === fact.type) ?? {};
      return { type: fact.type, data: schema?.parse(JSON.parse(JSON.stringify(fact.data))) ?? {} };
    });
}

describe('what is published of stock', () => {
  it('never tells what an item has cost, where it came from or what is noted of it', () => {
    const [fact] = seen(received({ cost: { amount: 5, currency: 'EUR' }, note: 'private', sku: 'S' }));
    expect(fact).toMatchObject({ type: 'inventory.item-received.v1', data: { itemId: ITEM, units: 1, sku: 'S' } });
    expect(JSON.stringify(fact)).not.toMatch(/cost|note|provenance/);
    expect(seen(pool(4))[0]?.data).toMatchObject({ kind: 'pool', units: 4 });
  });

  it.each<[ItemEvent, string | undefined, object]>([
    [{ type: 'inventory.stock-adjusted', data: { locationId: PLACE, delta: -2, reason: 'wet' } }, 'stock-changed', { units: -2, reason: 'wet' }],
    [{ type: 'inventory.stock-counted', data: { locationId: PLACE, counted: 5, delta: 1 } }, 'stock-changed', { units: 1 }],
    [{ type: 'inventory.stock-counted', data: { locationId: PLACE, counted: 5, delta: 0 } }, undefined, {}],
    [{ type: 'inventory.stock-transferred', data: { from: PLACE, to: ITEM, quantity: 3 } }, 'stock-transferred', { units: 3 }],
    [{ type: 'inventory.stock-reserved', data: { ...CLAIM, state: 'allocated' } }, 'stock-reserved', { units: 2 }],
    [{ type: 'inventory.hold-allocated', data: CLAIM }, 'hold-allocated', { units: 2 }],
    [{ type: 'inventory.reservation-released', data: { ...CLAIM, from: 'held', left: 0, cause: 'expired' } }, 'reservation-released', { cause: 'expired' }],
    [{ type: 'inventory.reservation-committed', data: CLAIM }, 'goods-sold', { units: 2 }],
    [{ type: 'inventory.stock-returned', data: { ...CLAIM, left: 1 } }, 'goods-returned', { units: 2 }],
    [{ type: 'inventory.item-regraded', data: { mediaGrade: 'VG', sleeveGrade: null } }, 'item-regraded', { mediaGrade: 'VG' }],
    [{ type: 'inventory.price-changed', data: { price: { amount: 1, currency: 'EUR' }, previous: null, cause: { reason: 'x' } } }, 'price-changed', { previous: null }],
    [{ type: 'inventory.cost-changed', data: { cost: { amount: 1, currency: 'EUR' }, previous: null } }, undefined, {}],
    [{ type: 'inventory.low-stock-reached', data: { threshold: 3, available: 2 } }, 'low-stock-reached', { threshold: 3, free: 2 }],
    [{ type: 'inventory.item-relisted', data: {} }, 'item-listed', { itemId: ITEM }],
    [{ type: 'inventory.quarantine-lifted', data: {} }, 'item-listed', { itemId: ITEM }],
    [{ type: 'inventory.item-withdrawn', data: { reason: 'display', note: 'private' } }, 'item-withdrawn', { reason: 'display' }],
    [{ type: 'inventory.item-quarantined', data: { holdUntil: 'x', reason: 'police' } }, 'item-withdrawn', { reason: 'police' }],
    [{ type: 'inventory.item-written-off', data: { reason: 'fire', losses: [] } }, 'item-written-off', { reason: 'fire' }],
  ])('of $type', (event, name, data) => {
    const facts = seen(event);
    expect(facts.map(({ type }) => type)).toEqual(name === undefined ? [] : [`inventory.${name}.v1`]);
    if (facts[0]) expect(facts[0].data).toMatchObject(data);
  }); // prettier-ignore
});
