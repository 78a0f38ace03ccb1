import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { EventRegistry } from './event-registry.js';
import { type FactSpec, PublishedFacts } from './published-facts.js';

const SPEC: FactSpec = {
  summary: 'An item has been sold.',
  schema: z.strictObject({ sku: z.string() }),
  example: { sku: 'LP-1' },
  from: {
    'shop.item-sold': (data: { sku: string; margin: number }) => ({ sku: data.sku }),
    'shop.item-given-away': (data: { sku: string; isSecret: boolean }) =>
      data.isSecret ? undefined : { sku: data.sku },
  },
};

function published(specs: Record<string, FactSpec> = { 'shop.item-gone.v1': SPEC }): PublishedFacts {
  const stored = new EventRegistry();
  const schema = z.strictObject({ sku: z.string() });
  stored.define<{ type: 'shop.shown.v1'; data: { sku: string } } | { type: 'shop.item-sold'; data: { sku: string } }>({
    'shop.shown.v1': { version: 1, schema, summary: 'An item is shown.', example: { sku: 'LP-2' } },
    'shop.item-sold': { version: 1, schema },
  });
  const facts = new PublishedFacts(stored);
  facts.publish(specs);
  return facts;
}

const event = (type: string, data: object) => ({
  type,
  data,
  tenantId: 't',
  streamId: 's',
  recordedAt: new Date(0),
  position: 7,
});

describe('published facts', () => {
  it('are cut from private events, and leave out what is not for others', () => {
    const sold = event('shop.item-sold', { sku: 'LP-1', margin: 300 });
    expect(published().seenAs(['shop.item-gone.v1'], sold)).toEqual([
      { ...sold, type: 'shop.item-gone.v1', data: { sku: 'LP-1' } },
    ]);
    const secret = event('shop.item-given-away', { sku: 'LP-1', isSecret: true });
    expect(published().seenAs(['shop.item-gone.v1'], secret)).toEqual([]);
  });

  it('leave an event alone for those who listen to the event itself', () => {
    const sold = event('shop.item-sold', { sku: 'LP-1', margin: 300 });
    expect(published().seenAs(['shop.item-sold'], sold)).toEqual([sold]);
    expect(published().seenAs(['shop.shown.v1'], sold)).toEqual([]);
  });

  it('are fed from the stored types they are cut from', () => {
    expect(published().storedTypes(['shop.item-gone.v1', 'shop.shown.v1', 'shop.item-sold'])).toEqual([
      'shop.item-sold',
      'shop.item-given-away',
      'shop.shown.v1',
    ]);
  });

  it('are those that were cut and the stored ones that carry their version, by name', () => {
    expect(published().all()).toMatchObject([
      { type: 'shop.item-gone.v1', summary: 'An item has been sold.' },
      { type: 'shop.shown.v1', summary: 'An item is shown.', example: { sku: 'LP-2' } },
    ]);
  });

  it('may be cut from one event in an old and a new version', () => {
    const facts = published({ 'shop.item-gone.v1': SPEC, 'shop.item-gone.v2': SPEC });
    const types = facts.seenAs(['shop.item-gone.v1', 'shop.item-gone.v2'], event('shop.item-sold', { sku: 'LP-1' }));
    expect(types.map(({ type }) => type)).toEqual(['shop.item-gone.v1', 'shop.item-gone.v2']);
  });

  it('refuse a name without its version', () => {
    expect(() => published({ 'shop.item-gone': SPEC })).toThrow('no name for a published fact');
  });

  it('refuse a name that is taken', () => {
    const facts = published();
    expect(() => facts.publish({ 'shop.item-gone.v1': { ...SPEC, from: {} } })).toThrow('twice');
  });
});
