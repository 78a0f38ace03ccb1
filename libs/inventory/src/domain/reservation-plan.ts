import { expire, freeUnits, type ClaimLine } from './claims.js';
import { fold } from './fold.js';
import { inventoryErrors } from './inventory.errors.js';
import type { Item } from './item.js';
import type { ItemEvent } from './item-events.js';

/** What a buyer wants of one item; two wishes may name the same one. */
export interface Wish {
  readonly itemId: string;
  readonly quantity: number;
  /** Only there; absent: wherever it is. */
  readonly locationId?: string;
}

/** An item as it is found under its lock, with its holds that may be over. */
export interface Claimable {
  readonly itemId: string;
  readonly state: Item;
  readonly holds: readonly ClaimLine[];
}

/** What cannot be had, and what is left of it. */
export interface Shortage {
  readonly itemId: string;
  readonly locationId?: string;
  readonly requested: number;
  readonly available: number;
}

/** How the units are to be promised. */
export interface Terms {
  readonly reservationId: string;
  readonly state: 'held' | 'allocated';
  /** Of a hold. */
  readonly expiresAt?: Date;
  readonly reference?: string;
  /** Take what there is instead of all or nothing. */
  readonly partial: boolean;
}

/** What is decided: the events of each item, in the order of the items, and what was not to be had. */
export interface ReservationPlan {
  readonly events: readonly (readonly ItemEvent[])[];
  readonly shortages: readonly Shortage[];
}

/**
 * Decides on a reservation of several items at once. Expired holds of these items are released first; wishes for the same item
 * and location are summed; every shortage is found, not only the first.
 * @throws inventory.not_enough_stock when it is all or nothing, or when nothing at all can be had
 */
export function planReservation(
  items: readonly Claimable[],
  wishes: readonly Wish[],
  terms: Terms,
  now: Date,
): ReservationPlan {
  const shortages: Shortage[] = [];
  let taken = 0;
  const events = items.map(({ itemId, state, holds }) => {
    const expired = expire(holds, now);
    const claims = claimsOf(fold(state, expired), itemId, summed(wishes, itemId), shortages);
    taken += claims.length;
    return [...expired, ...claims.map((claim) => reserved(claim, terms))];
  });
  if (shortages.length > 0 && (!terms.partial || taken === 0)) throw notEnough(shortages);
  return { events, shortages };
}

/** The refusal that names every shortage. */
export function notEnough(shortages: readonly Shortage[]): Error {
  const parts = shortages.length === 1 ? 'One item is' : `${shortages.length} items are`;
  return inventoryErrors.not_enough_stock(
    `${parts} not there in the number asked for: shortages says what is left. Ask for less, or for what can be had with mode partial.`,
    { shortages },
  );
}

/** Demand per location, those that name one first: what they need must not be taken by the others. */
function summed(wishes: readonly Wish[], itemId: string): Wish[] {
  const byLocation = Map.groupBy(
    wishes.filter((wish) => wish.itemId === itemId),
    ({ locationId }) => locationId ?? '',
  );
  return [...byLocation]
    .map(([locationId, same]) => ({
      itemId,
      quantity: same.reduce((sum, { quantity }) => sum + quantity, 0),
      ...(locationId === '' ? {} : { locationId }),
    }))
    .sort((a, b) => ((b.locationId ?? '') < (a.locationId ?? '') ? -1 : 1));
}

interface Claim {
  readonly locationId: string;
  readonly quantity: number;
}

function claimsOf(state: Item, itemId: string, wishes: readonly Wish[], shortages: Shortage[]): Claim[] {
  const free = new Map(freeUnits(state).map((unit) => [unit.locationId, unit.free]));
  const claims = new Map<string, number>();
  for (const { quantity, locationId } of wishes) {
    const places = locationId === undefined ? [...free.keys()] : [locationId];
    const there = places.reduce((sum, place) => sum + (free.get(place) ?? 0), 0);
    if (there < quantity) {
      shortages.push({ itemId, ...(locationId ? { locationId } : {}), requested: quantity, available: there });
    }
    let wanted = Math.min(quantity, there);
    for (const place of places) {
      const part = Math.min(wanted, free.get(place) ?? 0);
      if (part === 0) continue;
      wanted -= part;
      free.set(place, (free.get(place) ?? 0) - part);
      claims.set(place, (claims.get(place) ?? 0) + part);
    }
  }
  return [...claims].map(([locationId, quantity]) => ({ locationId, quantity }));
}

function reserved(claim: Claim, { reservationId, state, expiresAt, reference }: Terms): ItemEvent {
  return {
    type: 'inventory.stock-reserved',
    data: {
      reservationId,
      ...claim,
      state,
      ...(expiresAt ? { expiresAt: expiresAt.toISOString() } : {}),
      ...(reference ? { reference } : {}),
    },
  };
}
