import { assertKept } from './guards.js';
import { inventoryErrors } from './inventory.errors.js';
import { type Item, levelAt } from './item.js';
import type { ItemEvent } from './item-events.js';

/** A hold lasts 15 minutes unless the caller says otherwise (the checkout's rule). */
export const HOLD_MS = 15 * 60_000;
/** Its one extension, from the moment it is asked for: payment has begun. */
export const EXTENSION_MS = 10 * 60_000;
/** The longest hold a caller can ask for. */
export const MOST_HOLD_MS = 24 * 60 * 60_000;
/** Units of one line of a cart. */
export const MOST_CLAIMED = 9_999;

/** What a line of a reservation has come to. */
export type LineState = 'held' | 'allocated' | 'committed' | 'released' | 'returned';

/** Units of one item at one location that a reservation has, or had. */
export interface ClaimLine {
  readonly reservationId: string;
  readonly itemId: string;
  readonly locationId: string;
  readonly quantity: number;
  readonly state: LineState;
  /** Of a hold. */
  readonly expiresAt: Date | null;
  readonly extensions: number;
}

/** What happens to a line now. @param units how many of it are meant, at most its quantity */
export type LineDecision = (state: Item, line: ClaimLine, now: Date, units: number) => ItemEvent[];

/** Holds that are over, given back. The line of a hold is over at its very instant. */
export function expire(lines: readonly ClaimLine[], now: Date): ItemEvent[] {
  return lines.filter((line) => isExpired(line, now)).map((line) => released(line, line.quantity, 'expired'));
}

/** Whether a hold is over. */
export function isExpired({ state, expiresAt }: ClaimLine, now: Date): boolean {
  return state === 'held' && expiresAt !== null && expiresAt.getTime() <= now.getTime();
}

/** Prolongs a hold once, to the extension's length from now if that is later than its end. */
export function extend(_state: Item, line: ClaimLine, now: Date): ItemEvent[] {
  assertHeld(line, 'extend', now);
  if (line.extensions > 0) {
    throw inventoryErrors.hold_extended('A hold can be extended once. Allocate it, or let it go and hold again.');
  }
  const expiresAt = new Date(Math.max(line.expiresAt?.getTime() ?? 0, now.getTime() + EXTENSION_MS)).toISOString();
  return [{ type: 'inventory.reservation-extended', data: { ...partOf(line), expiresAt } }];
}

/** The hold of a cart becomes the allocation of an order. */
export function allocate(_state: Item, line: ClaimLine, now: Date): ItemEvent[] {
  if (line.state === 'allocated') return [];
  assertHeld(line, 'allocate', now);
  return [{ type: 'inventory.hold-allocated', data: partOf(line) }];
}

/** Units of a hold or an allocation are free again. What is released stays so. */
export function release(_state: Item, line: ClaimLine, _now: Date, units: number): ItemEvent[] {
  if (line.state === 'released') return [];
  if (line.state !== 'held' && line.state !== 'allocated') throw wrongState(line, 'release');
  return [released(line, units, 'released')];
}

/** Allocated goods have left the store. */
export function commit(_state: Item, line: ClaimLine): ItemEvent[] {
  if (line.state === 'committed') return [];
  if (line.state !== 'allocated') throw wrongState(line, 'commit');
  return [{ type: 'inventory.reservation-committed', data: partOf(line) }];
}

/** Goods have come back. */
export function giveBack(state: Item, line: ClaimLine, _now: Date, units: number): ItemEvent[] {
  assertKept(state, 'return');
  if (line.state === 'returned') return [];
  if (line.state !== 'committed') throw wrongState(line, 'return');
  return [
    { type: 'inventory.stock-returned', data: { ...partOf(line), quantity: units, left: line.quantity - units } },
  ];
}

/** Units of an item that can be claimed, by location: most first, so that a demand is split as little as possible. */
export function freeUnits(state: Item): { readonly locationId: string; readonly free: number }[] {
  if (state.status !== 'available') return [];
  return Object.keys(state.levels)
    .map((locationId) => {
      const { onHand, reserved } = levelAt(state, locationId);
      return { locationId, free: onHand - reserved };
    })
    .filter(({ free }) => free > 0)
    .sort((a, b) => b.free - a.free || (a.locationId < b.locationId ? -1 : 1));
}

function released(line: ClaimLine, quantity: number, cause: 'expired' | 'released'): ItemEvent {
  const from = line.state === 'allocated' ? 'allocated' : 'held';
  const data = { ...partOf(line), quantity, from, left: line.quantity - quantity, cause } as const;
  return { type: 'inventory.reservation-released', data };
}

function assertHeld(line: ClaimLine, command: string, now: Date): void {
  if (line.state !== 'held') throw wrongState(line, command);
  if (isExpired(line, now)) {
    throw inventoryErrors.hold_expired('The hold has expired. Hold the items again: they may still be there.', {
      expiredAt: line.expiresAt?.toISOString(),
    });
  }
}

const NEXT: Readonly<Record<LineState, readonly string[]>> = {
  held: ['extend', 'allocate', 'release'],
  allocated: ['commit', 'release'],
  committed: ['return'],
  released: [],
  returned: [],
};

function wrongState({ state }: ClaimLine, command: string): Error {
  return inventoryErrors.reservation_transition(`What is ${state} cannot be changed by ${command}.`, {
    currentState: state,
    allowed: NEXT[state],
  });
}

function partOf({ reservationId, locationId, quantity }: ClaimLine) {
  return { reservationId, locationId, quantity };
}
