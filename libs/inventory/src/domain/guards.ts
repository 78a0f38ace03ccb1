import { inventoryErrors } from './inventory.errors.js';
import type { Item, ItemStatus, Level } from './item.js';

/** Units an item can have (a pool of identical ones). */
export const MOST_UNITS = 1_000_000_000;

/** What can be done to an item in each status, for the answer that refuses. */
const ALLOWED: Readonly<Record<ItemStatus, readonly string[]>> = {
  none: [],
  quarantined: ['lift-quarantine', 'withdraw', 'regrade', 'price', 'write-off'],
  available: ['reserve', 'withdraw', 'quarantine', 'regrade', 'price', 'write-off'],
  withdrawn: ['relist', 'quarantine', 'regrade', 'price', 'write-off'],
  written_off: [],
};

/** @throws inventory.item_transition unless the item is in one of the statuses */
export function assertStatus({ status }: Item, command: string, statuses: readonly ItemStatus[]): void {
  if (statuses.includes(status)) return;
  throw inventoryErrors.item_transition(`An item that is ${words(status)} cannot be changed by ${command}.`, {
    currentState: status,
    allowed: ALLOWED[status],
  });
}

/** @throws inventory.item_transition for an item that was written off: nothing happens to it any more */
export function assertKept(state: Item, command: string): void {
  assertStatus(state, command, ['quarantined', 'available', 'withdrawn']);
}

/** @throws inventory.reserved when units would be taken away that are promised; quantity_out_of_range, single_quantity, sold */
export function assertUnits(state: Item, level: Level, units: number, total: number): void {
  if (units < 0 || total > MOST_UNITS) {
    throw inventoryErrors.quantity_out_of_range(
      `The item has ${level.onHand} units here; it can have 0 to ${MOST_UNITS}. Count it and send the number.`,
      { onHand: level.onHand },
    );
  }
  if (units < level.reserved) {
    throw inventoryErrors.reserved(
      `${level.reserved} of the units here are held or allocated. Release those reservations first.`,
      { reserved: level.reserved, onHand: level.onHand },
    );
  }
  if (state.kind === 'single' && units > level.onHand && state.sold > 0) {
    throw inventoryErrors.sold('The copy has been sold. If it is back, return it under its reservation.');
  }
  if (state.kind === 'single' && total > 1) {
    throw inventoryErrors.single_quantity('A single copy is one unit. Receive further copies as items of their own.');
  }
}

const words = (status: string): string => status.replaceAll('_', ' ');
