import type { Money } from '#platform/kernel';
import type { MediaGrade, SleeveGrade } from './grades.js';

/** One graded copy, or a pool of identical units. */
export type ItemKind = 'single' | 'pool';

/** Why an item is not for sale; staff may give other words. */
export const NEEDS_GRADING = 'needs_grading';
export const NEEDS_PRICE = 'needs_price';

/** Where an item came from. */
export interface Provenance {
  /** `manual`, `import`, `submission` or `purchase`. */
  readonly kind: 'manual' | 'import' | 'submission' | 'purchase';
  /** Of an import: the system it came from. */
  readonly source?: string;
  /** Of an import: how the copy is known again within its source. */
  readonly key?: string;
  /** Of the submission line, import or purchase. */
  readonly reference?: string;
}

/** An item arrives: everything that is known of it then. */
export interface StockReceived {
  readonly releaseId: string;
  readonly kind: ItemKind;
  readonly locationId: string;
  readonly quantity: number;
  /** It is not for sale before its medium is graded: a single copy of a record. */
  readonly requiresGrade: boolean;
  readonly code: string;
  readonly sku?: string;
  readonly mediaGrade?: MediaGrade;
  readonly sleeveGrade?: SleeveGrade;
  readonly price?: Money;
  readonly cost?: Money;
  readonly note?: string;
  readonly provenance: Provenance;
  readonly status: 'quarantined' | 'available' | 'withdrawn';
  /** Of a withdrawn or quarantined one. */
  readonly reason?: string;
  /** Of a quarantined one: an instant. */
  readonly holdUntil?: string;
  readonly receivedAt: string;
}

/** Units at one location that belong to a reservation. */
export interface ClaimPart {
  readonly reservationId: string;
  readonly locationId: string;
  readonly quantity: number;
}

/** Why a price was set: in words, and by which rule of which policy where it was no person. The person stands in the metadata. */
export interface PriceCause {
  readonly reason: string;
  readonly rule?: string;
  readonly policyVersion?: number;
}

type Fact<T extends string, D extends object> = { readonly type: T; readonly data: D };

/** What can happen to a stock item. */
export type ItemEvent =
  | Fact<'inventory.stock-received', StockReceived>
  | Fact<'inventory.stock-adjusted', { locationId: string; delta: number; reason: string; note?: string }>
  | Fact<'inventory.stock-counted', { locationId: string; counted: number; delta: number }>
  | Fact<'inventory.stock-transferred', { from: string; to: string; quantity: number }>
  | Fact<
      'inventory.stock-reserved',
      ClaimPart & { state: 'held' | 'allocated'; expiresAt?: string; reference?: string }
    >
  | Fact<'inventory.reservation-extended', ClaimPart & { expiresAt: string }>
  | Fact<'inventory.hold-allocated', ClaimPart>
  | Fact<
      'inventory.reservation-released',
      ClaimPart & { from: 'held' | 'allocated'; left: number; cause: 'expired' | 'released' }
    >
  | Fact<'inventory.reservation-committed', ClaimPart>
  | Fact<'inventory.stock-returned', ClaimPart & { left: number }>
  | Fact<'inventory.item-regraded', { mediaGrade: MediaGrade | null; sleeveGrade: SleeveGrade | null }>
  | Fact<
      'inventory.item-described',
      { sku?: string | null; note?: string | null; defects?: readonly string[]; photos?: readonly string[] }
    >
  | Fact<'inventory.price-changed', { price: Money; previous: Money | null; cause: PriceCause }>
  | Fact<'inventory.cost-changed', { cost: Money; previous: Money | null }>
  | Fact<'inventory.threshold-set', { threshold: number | null }>
  | Fact<'inventory.low-stock-reached', { threshold: number; available: number }>
  | Fact<'inventory.item-quarantined', { holdUntil: string; reason: string }>
  | Fact<'inventory.quarantine-lifted', Record<never, never>>
  | Fact<'inventory.item-withdrawn', { reason: string; note?: string }>
  | Fact<'inventory.item-relisted', Record<never, never>>
  | Fact<
      'inventory.item-written-off',
      { reason: string; note?: string; losses: readonly { locationId: string; quantity: number }[] }
    >;

/** Name of one of these events. */
export type ItemEventType = ItemEvent['type'];
/** Data of the event with a name. */
export type DataOf<T extends ItemEventType> = Extract<ItemEvent, { type: T }>['data'];
