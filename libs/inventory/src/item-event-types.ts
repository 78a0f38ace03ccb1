import { z } from 'zod';
import { defineEvents } from '#platform/eventing';
import { MEDIA_GRADES, SLEEVE_GRADES } from './domain/grades.js';
import type { ItemEvent } from './domain/item-events.js';

const money = z.strictObject({ amount: z.int().min(0), currency: z.string().length(3) });
const id = z.string().length(36);
const units = z.int().min(1);
const whole = z.int().min(0);
const instant = z.string();
const mediaGrade = z.enum(MEDIA_GRADES);
const sleeveGrade = z.enum(SLEEVE_GRADES);
const text = z.string();
const claim = { reservationId: id, locationId: id, quantity: units };
const nothing = z.strictObject({});

/** Schemas of what is stored of a stock item, version 1 each. A change here is a new version with an upcaster. */
defineEvents<ItemEvent>({
  'inventory.stock-received': {
    version: 1,
    schema: z.strictObject({
      releaseId: id,
      kind: z.enum(['single', 'pool']),
      locationId: id,
      quantity: whole,
      requiresGrade: z.boolean(),
      code: text,
      sku: text.optional(),
      mediaGrade: mediaGrade.optional(),
      sleeveGrade: sleeveGrade.optional(),
      price: money.optional(),
      cost: money.optional(),
      note: text.optional(),
      provenance: z.strictObject({
        kind: z.enum(['manual', 'import', 'submission', 'purchase']),
        source: text.optional(),
        key: text.optional(),
        reference: text.optional(),
      }),
      status: z.enum(['quarantined', 'available', 'withdrawn']),
      reason: text.optional(),
      holdUntil: instant.optional(),
      receivedAt: instant,
    }),
  },
  'inventory.stock-adjusted': {
    version: 1,
    schema: z.strictObject({ locationId: id, delta: z.int(), reason: text, note: text.optional() }),
  },
  'inventory.stock-counted': {
    version: 1,
    schema: z.strictObject({ locationId: id, counted: whole, delta: z.int() }),
  },
  'inventory.stock-transferred': { version: 1, schema: z.strictObject({ from: id, to: id, quantity: units }) },
  'inventory.stock-reserved': {
    version: 1,
    schema: z.strictObject({
      ...claim,
      state: z.enum(['held', 'allocated']),
      expiresAt: instant.optional(),
      reference: text.optional(),
    }),
  },
  'inventory.reservation-extended': { version: 1, schema: z.strictObject({ ...claim, expiresAt: instant }) },
  'inventory.hold-allocated': { version: 1, schema: z.strictObject(claim) },
  'inventory.reservation-released': {
    version: 1,
    schema: z.strictObject({
      ...claim,
      from: z.enum(['held', 'allocated']),
      left: whole,
      cause: z.enum(['expired', 'released']),
    }),
  },
  'inventory.reservation-committed': { version: 1, schema: z.strictObject(claim) },
  'inventory.stock-returned': { version: 1, schema: z.strictObject({ ...claim, left: whole }) },
  'inventory.item-regraded': {
    version: 1,
    schema: z.strictObject({ mediaGrade: mediaGrade.nullable(), sleeveGrade: sleeveGrade.nullable() }),
  },
  'inventory.item-described': {
    version: 1,
    schema: z.strictObject({
      sku: text.nullable().optional(),
      note: text.nullable().optional(),
      defects: z.array(text).readonly().optional(),
      photos: z.array(text).readonly().optional(),
    }),
  },
  'inventory.price-changed': {
    version: 1,
    schema: z.strictObject({
      price: money,
      previous: money.nullable(),
      cause: z.strictObject({ reason: text, rule: text.optional(), policyVersion: z.int().min(1).optional() }),
    }),
  },
  'inventory.cost-changed': { version: 1, schema: z.strictObject({ cost: money, previous: money.nullable() }) },
  'inventory.threshold-set': { version: 1, schema: z.strictObject({ threshold: whole.nullable() }) },
  'inventory.low-stock-reached': { version: 1, schema: z.strictObject({ threshold: whole, available: z.int() }) },
  'inventory.item-quarantined': { version: 1, schema: z.strictObject({ holdUntil: instant, reason: text }) },
  'inventory.quarantine-lifted': { version: 1, schema: nothing },
  'inventory.item-withdrawn': { version: 1, schema: z.strictObject({ reason: text, note: text.optional() }) },
  'inventory.item-relisted': { version: 1, schema: nothing },
  'inventory.item-written-off': {
    version: 1,
    schema: z.strictObject({
      reason: text,
      note: text.optional(),
      losses: z.array(z.strictObject({ locationId: id, quantity: units })).readonly(),
    }),
  },
});

/** Names of everything that can happen to a stock item, for those that follow all of it. */
export const ITEM_EVENTS: readonly ItemEvent['type'][] = [
  'inventory.stock-received',
  'inventory.stock-adjusted',
  'inventory.stock-counted',
  'inventory.stock-transferred',
  'inventory.stock-reserved',
  'inventory.reservation-extended',
  'inventory.hold-allocated',
  'inventory.reservation-released',
  'inventory.reservation-committed',
  'inventory.stock-returned',
  'inventory.item-regraded',
  'inventory.item-described',
  'inventory.price-changed',
  'inventory.cost-changed',
  'inventory.threshold-set',
  'inventory.low-stock-reached',
  'inventory.item-quarantined',
  'inventory.quarantine-lifted',
  'inventory.item-withdrawn',
  'inventory.item-relisted',
  'inventory.item-written-off',
];
