import { assertKept, assertUnits } from './guards.js';
import { inventoryErrors } from './inventory.errors.js';
import { type Item, levelAt, onHand } from './item.js';
import type { ItemEvent } from './item-events.js';

/** Units are found or lost: more (positive) or fewer (negative) at a location, for a reason. @throws inventory.zero_adjustment */
export function adjust(
  state: Item,
  { locationId, delta, reason, note }: { locationId: string; delta: number; reason: string; note?: string },
): ItemEvent[] {
  assertKept(state, 'adjust');
  if (delta === 0) {
    throw inventoryErrors.zero_adjustment('An adjustment is by at least one unit. To confirm a number, count it.');
  }
  const level = levelAt(state, locationId);
  assertUnits(state, level, level.onHand + delta, onHand(state) + delta);
  return [{ type: 'inventory.stock-adjusted', data: { locationId, delta, reason, ...(note ? { note } : {}) } }];
}

/** Somebody has counted: the location has exactly this many. The right number is an event, too: it tells when it was checked. */
export function count(
  state: Item,
  { locationId, counted }: { readonly locationId: string; readonly counted: number },
): ItemEvent[] {
  assertKept(state, 'count');
  const level = levelAt(state, locationId);
  const delta = counted - level.onHand;
  assertUnits(state, level, counted, onHand(state) + delta);
  return [{ type: 'inventory.stock-counted', data: { locationId, counted, delta } }];
}

/** Units go from one location to another; those that are promised stay. */
export function transfer(
  state: Item,
  { from, to, quantity }: { readonly from: string; readonly to: string; readonly quantity: number },
): ItemEvent[] {
  assertKept(state, 'transfer');
  if (from === to) throw inventoryErrors.same_location('Name two locations.');
  const level = levelAt(state, from);
  if (level.onHand === 0) throw inventoryErrors.not_there('The item has no stock at that location. Read its levels.');
  assertUnits(state, level, level.onHand - quantity, onHand(state));
  return [{ type: 'inventory.stock-transferred', data: { from, to, quantity } }];
}

/** The item is gone for ever (broken, stolen, given away), with all its units. Its history stays. Repeating it changes nothing. */
export function writeOff(
  state: Item,
  { reason, note }: { readonly reason: string; readonly note?: string },
): ItemEvent[] {
  if (state.status === 'written_off') return [];
  const reserved = Object.values(state.levels).reduce((sum, level) => sum + level.reserved, 0);
  if (reserved > 0) {
    throw inventoryErrors.reserved(
      `${reserved} of its units are held or allocated. Release those reservations first.`,
      {
        reserved,
        onHand: onHand(state),
      },
    );
  }
  const losses = Object.entries(state.levels)
    .filter(([, level]) => level.onHand > 0)
    .map(([locationId, level]) => ({ locationId, quantity: level.onHand }));
  return [{ type: 'inventory.item-written-off', data: { reason, losses, ...(note ? { note } : {}) } }];
}
