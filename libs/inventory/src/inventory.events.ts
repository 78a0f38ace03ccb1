import { z } from 'zod';
import { type FactSource, idField, publishFacts } from '#platform/eventing';
import { MEDIA_GRADES, SLEEVE_GRADES } from './domain/grades.js';
import type { DataOf } from './domain/item-events.js';

const money = z.strictObject({ amount: z.int(), currency: z.string() });
const item = { itemId: idField('stockItem') };
const units = { ...item, locationId: idField('location'), units: z.int() };
const claim = { ...units, reservationId: idField('reservation') };

const EXAMPLE_ITEM = { itemId: '0190a5c4-3c00-7000-8000-000000000003' };
const EXAMPLE_UNITS = { ...EXAMPLE_ITEM, locationId: '0190a5c4-3c00-7000-8000-000000000004', units: 1 };
const EXAMPLE_CLAIM = { ...EXAMPLE_UNITS, reservationId: '0190a5c4-3c00-7000-8000-000000000005' };
const EXAMPLE_PRICE = { amount: 1_999, currency: 'EUR' };

/** The stream of an event is the item's. */
const of = <D extends object>(data: D, { streamId }: FactSource) => ({ itemId: streamId, ...data });
const claimOf = ({ reservationId, locationId, quantity }: DataOf<'inventory.hold-allocated'>, source: FactSource) =>
  of({ reservationId, locationId, units: quantity }, source);

/** What other contexts and a store's systems may rely on. Costs, notes and where an item came from stay private. */
publishFacts({
  'inventory.item-received.v1': {
    summary: 'An item came into stock.',
    schema: z.strictObject({
      ...units,
      releaseId: idField('release'),
      kind: z.enum(['single', 'pool']),
      status: z.enum(['quarantined', 'available', 'withdrawn']),
      code: z.string(),
      sku: z.string().optional(),
      mediaGrade: z.enum(MEDIA_GRADES).optional(),
      sleeveGrade: z.enum(SLEEVE_GRADES).optional(),
      price: money.optional(),
    }),
    example: {
      ...EXAMPLE_UNITS,
      releaseId: '0190a5c4-3c00-7000-8000-00000000002a',
      kind: 'single',
      status: 'available',
      code: '7K2M9QXT4B6C',
      mediaGrade: 'VG+',
      price: EXAMPLE_PRICE,
    },
    from: {
      'inventory.stock-received': (data: DataOf<'inventory.stock-received'>, source: FactSource) => {
        const { releaseId, kind, status, code, sku, mediaGrade, sleeveGrade, price, locationId, quantity } = data;
        return of(
          { releaseId, kind, status, code, sku, mediaGrade, sleeveGrade, price, locationId, units: quantity },
          source,
        );
      },
    },
  },
  'inventory.stock-changed.v1': {
    summary: 'Units of an item were found or lost, as a count or an adjustment says.',
    schema: z.strictObject({ ...units, reason: z.string() }),
    example: { ...EXAMPLE_UNITS, units: -1, reason: 'damaged' },
    from: {
      'inventory.stock-adjusted': (
        { locationId, delta, reason }: DataOf<'inventory.stock-adjusted'>,
        source: FactSource,
      ) => of({ locationId, units: delta, reason }, source),
      'inventory.stock-counted': ({ locationId, delta }: DataOf<'inventory.stock-counted'>, source: FactSource) =>
        delta === 0 ? undefined : of({ locationId, units: delta, reason: 'counted' }, source),
    },
  },
  'inventory.stock-transferred.v1': {
    summary: 'Units of an item were moved from one location to another.',
    schema: z.strictObject({ ...item, from: idField('location'), to: idField('location'), units: z.int() }),
    example: { ...EXAMPLE_ITEM, from: EXAMPLE_UNITS.locationId, to: '0190a5c4-3c00-7000-8000-000000000006', units: 1 },
    from: {
      'inventory.stock-transferred': (
        { from, to, quantity }: DataOf<'inventory.stock-transferred'>,
        source: FactSource,
      ) => of({ from, to, units: quantity }, source),
    },
  },
  'inventory.stock-reserved.v1': {
    summary: 'Units of an item were held for a cart, or allocated to an order: then without an end.',
    schema: z.strictObject({ ...claim, expiresAt: z.string().optional() }),
    example: { ...EXAMPLE_CLAIM, expiresAt: '2026-01-31T12:15:00.000Z' },
    from: {
      'inventory.stock-reserved': (data: DataOf<'inventory.stock-reserved'>, source: FactSource) => ({
        ...claimOf(data, source),
        ...(data.expiresAt === undefined ? {} : { expiresAt: data.expiresAt }),
      }),
    },
  },
  'inventory.hold-allocated.v1': {
    summary: 'The hold of a cart became the allocation of an order.',
    schema: z.strictObject(claim),
    example: EXAMPLE_CLAIM,
    from: { 'inventory.hold-allocated': claimOf },
  },
  'inventory.reservation-released.v1': {
    summary: 'Units that were reserved are free again: somebody let them go, or the hold expired.',
    schema: z.strictObject({ ...claim, cause: z.enum(['expired', 'released']) }),
    example: { ...EXAMPLE_CLAIM, cause: 'expired' },
    from: {
      'inventory.reservation-released': (data: DataOf<'inventory.reservation-released'>, source: FactSource) => ({
        ...claimOf(data, source),
        cause: data.cause,
      }),
    },
  },
  'inventory.goods-sold.v1': {
    summary: 'Allocated goods have left the store.',
    schema: z.strictObject(claim),
    example: EXAMPLE_CLAIM,
    from: { 'inventory.reservation-committed': claimOf },
  },
  'inventory.goods-returned.v1': {
    summary: 'Goods that had left are back in stock.',
    schema: z.strictObject(claim),
    example: EXAMPLE_CLAIM,
    from: { 'inventory.stock-returned': claimOf },
  },
  'inventory.item-regraded.v1': {
    summary: 'An item was graded, anew or for the first time.',
    schema: z.strictObject({
      ...item,
      mediaGrade: z.enum(MEDIA_GRADES).nullable(),
      sleeveGrade: z.enum(SLEEVE_GRADES).nullable(),
    }),
    example: { ...EXAMPLE_ITEM, mediaGrade: 'VG+', sleeveGrade: 'VG' },
    from: {
      'inventory.item-regraded': (data: DataOf<'inventory.item-regraded'>, source: FactSource) => of(data, source),
    },
  },
  'inventory.price-changed.v1': {
    summary: 'The list price of an item was changed.',
    schema: z.strictObject({ ...item, price: money, previous: money.nullable() }),
    example: { ...EXAMPLE_ITEM, price: EXAMPLE_PRICE, previous: null },
    from: {
      'inventory.price-changed': ({ price, previous }: DataOf<'inventory.price-changed'>, source: FactSource) =>
        of({ price, previous }, source),
    },
  },
  'inventory.low-stock-reached.v1': {
    summary: 'The free units of an item have fallen to its threshold. Told again only after there were more.',
    schema: z.strictObject({ ...item, threshold: z.int(), free: z.int() }),
    example: { ...EXAMPLE_ITEM, threshold: 5, free: 5 },
    from: {
      'inventory.low-stock-reached': (
        { threshold, available }: DataOf<'inventory.low-stock-reached'>,
        source: FactSource,
      ) => of({ threshold, free: available }, source),
    },
  },
  'inventory.item-listed.v1': {
    summary: 'An item is on sale again, or for the first time.',
    schema: z.strictObject(item),
    example: EXAMPLE_ITEM,
    from: {
      'inventory.item-relisted': (_: object, source: FactSource) => of({}, source),
      'inventory.quarantine-lifted': (_: object, source: FactSource) => of({}, source),
    },
  },
  'inventory.item-withdrawn.v1': {
    summary: 'An item is not on sale for now.',
    schema: z.strictObject({ ...item, reason: z.string() }),
    example: { ...EXAMPLE_ITEM, reason: 'display' },
    from: {
      'inventory.item-withdrawn': ({ reason }: DataOf<'inventory.item-withdrawn'>, source: FactSource) =>
        of({ reason }, source),
      'inventory.item-quarantined': ({ reason }: DataOf<'inventory.item-quarantined'>, source: FactSource) =>
        of({ reason }, source),
    },
  },
  'inventory.item-written-off.v1': {
    summary: 'An item is gone for ever, with all its units.',
    schema: z.strictObject({ ...item, reason: z.string() }),
    example: { ...EXAMPLE_ITEM, reason: 'broken' },
    from: {
      'inventory.item-written-off': ({ reason }: DataOf<'inventory.item-written-off'>, source: FactSource) =>
        of({ reason }, source),
    },
  },
});
