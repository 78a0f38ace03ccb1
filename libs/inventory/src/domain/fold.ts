import { item, type Item } from './item.js';
import type { ItemEvent } from './item-events.js';

/** A state after more events. */
export function fold(before: Item, events: readonly ItemEvent[]): Item {
  return events.reduce(item.evolve, before);
}
