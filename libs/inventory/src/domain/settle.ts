import { fold } from './fold.js';
import { available, item, type Item } from './item.js';
import type { ItemEvent } from './item-events.js';

/**
 * Adds what follows from a decision by itself: stock that has fallen to its threshold is reported once, and again only after it
 * was above it.
 */
export function settled(before: Item, events: readonly ItemEvent[]): ItemEvent[] {
  const after = fold(before, events);
  const { threshold, isLow, status } = after;
  const left = available(after);
  if (events.length === 0 || threshold === null || isLow || left > threshold || status === 'written_off')
    return [...events];
  return [...events, { type: 'inventory.low-stock-reached', data: { threshold, available: left } }];
}

/** Decisions that follow each other within one: each sees what the ones before it have done. */
export function inTurn(before: Item, ...decisions: readonly ((state: Item) => readonly ItemEvent[])[]): ItemEvent[] {
  let state = before;
  const all: ItemEvent[] = [];
  for (const decide of decisions) {
    const events = decide(state);
    state = events.reduce(item.evolve, state);
    all.push(...events);
  }
  return all;
}
