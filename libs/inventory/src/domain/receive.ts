import type { Money } from '#platform/kernel';
import { codeOf } from './codes.js';
import type { MediaGrade, SleeveGrade } from './grades.js';
import { inventoryErrors } from './inventory.errors.js';
import { type Item, onHand } from './item.js';
import type { ItemEvent, ItemKind, Provenance, StockReceived } from './item-events.js';
import { changeCost, changePrice, describe, lackOf, regrade } from './listing-changes.js';
import { inTurn, settled } from './settle.js';
import { count } from './stock-changes.js';

/** What arrives. */
export interface Arrival {
  readonly releaseId: string;
  readonly kind: ItemKind;
  /** 1 for a single copy. */
  readonly quantity: number;
  /** What kind of goods the catalogue says it is, such as `record`: those are graded. */
  readonly productType: string;
  readonly code?: string;
  readonly sku?: string;
  readonly mediaGrade?: MediaGrade;
  readonly sleeveGrade?: SleeveGrade;
  readonly price?: Money;
  readonly cost?: Money;
  readonly note?: string;
  /** It must not be sold before this instant. */
  readonly holdUntil?: string;
}

/** Where and how it arrives. */
export interface Reception {
  readonly locationId: string;
  readonly provenance: Provenance;
  readonly now: Date;
}

/** A new item: for sale, or withdrawn for what it lacks, or quarantined. */
export function receive(itemId: string, arrival: Arrival, { locationId, provenance, now }: Reception): ItemEvent {
  const { holdUntil, code, productType, releaseId, kind, quantity, mediaGrade, price } = arrival;
  if (holdUntil !== undefined && Date.parse(holdUntil) <= now.getTime()) {
    throw inventoryErrors.hold_until_in_past('Name an instant in the future, or leave holdUntil out.', {
      errors: [{ pointer: '/holdUntil', code: 'in_past', message: 'This instant must lie in the future.' }],
    });
  }
  const requiresGrade = kind === 'single' && productType === 'record';
  const lack = lackOf({ requiresGrade, mediaGrade: mediaGrade ?? null, price: price ?? null });
  // Member by member, what is not known as undefined, which JSON leaves out: spreads are slow, and this runs per record of an import.
  const data: StockReceived = {
    releaseId,
    kind,
    quantity,
    sku: arrival.sku,
    mediaGrade,
    sleeveGrade: arrival.sleeveGrade,
    price,
    cost: arrival.cost,
    note: arrival.note,
    locationId,
    requiresGrade,
    code: code ?? codeOf(itemId),
    provenance,
    status: statusOf(lack, holdUntil),
    reason: holdUntil === undefined ? lack : 'received',
    holdUntil,
    receivedAt: now.toISOString(),
  };
  return { type: 'inventory.stock-received', data };
}

function statusOf(lack: string | undefined, holdUntil: string | undefined): StockReceived['status'] {
  if (holdUntil !== undefined) return 'quarantined';
  return lack === undefined ? 'available' : 'withdrawn';
}

/**
 * A copy or pool that is known arrives again: what the source says of it now is taken over, and what it leaves out stays. A pool
 * is set to the number, never added to; a single copy that was sold or lost since stays so.
 * @param source the system the numbers come from: the rule in the price's history
 */
export function receiveAgain(state: Item, arrival: Arrival, reception: Reception, source: string): ItemEvent[] {
  const { mediaGrade, sleeveGrade, price, cost, sku, note, kind } = arrival;
  if (kind !== state.kind) {
    throw inventoryErrors.invalid_item(`The item was received as ${state.kind} and cannot become ${kind}.`);
  }
  const words = { ...(sku === undefined ? {} : { sku }), ...(note === undefined ? {} : { note }) };
  const events = inTurn(
    state,
    (now) => regrade(now, { ...(mediaGrade ? { mediaGrade } : {}), ...(sleeveGrade ? { sleeveGrade } : {}) }),
    (now) => (price ? changePrice(now, price, { reason: 'import', rule: `import:${source}` }) : []),
    (now) => (cost ? changeCost(now, cost) : []),
    (now) => describe(now, words),
    (now) => setTo(now, arrival.quantity, reception.locationId),
  );
  return settled(state, events);
}

/** A pool's number is that of all locations together: the difference is counted at the one that was named. */
function setTo(state: Item, quantity: number, locationId: string): ItemEvent[] {
  const difference = quantity - onHand(state);
  if (state.kind === 'single' || difference === 0) return [];
  const here = state.levels[locationId]?.onHand ?? 0;
  return count(state, { locationId, counted: here + difference });
}
