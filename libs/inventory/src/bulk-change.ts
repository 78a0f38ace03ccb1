import { isFailure, outcomeView, readItem, refused, type StockOutcomesView } from './bulk.dto.js';
import { inventoryErrors } from './domain/inventory.errors.js';
import type { Item } from './domain/item.js';
import type { ItemEvent } from './domain/item-events.js';
import type { ItemFailure } from './domain/receive-item.js';
import type { LockedItem, Stock } from './stock.js';

/** What a bulk change does to one item. May read what the locks guard. */
export type BulkDecision<T> = (item: T, state: Item, now: Date) => readonly ItemEvent[] | Promise<readonly ItemEvent[]>;

/** A bulk change of items that are there: what an item of the call looks like, and what it does. */
export interface BulkChange<T> {
  readonly type: new () => T;
  readonly items: readonly unknown[];
  readonly decide: BulkDecision<T>;
}

/** An item of a call that names the stock item and, where the caller has seen one, its version. */
interface NamesItem {
  readonly itemId: string;
  readonly version?: number;
}

/** Changes many items in one decision and one commit: an outcome for each, whatever becomes of the others. */
export async function changeInBulk<T extends NamesItem>(
  stock: Stock,
  { type, items, decide }: BulkChange<T>,
): Promise<StockOutcomesView> {
  const named = new Set<string>();
  const read = items.map((raw) => {
    const item = readItem(type, raw);
    if (isFailure(item)) return item;
    if (named.has(item.itemId))
      return refused(inventoryErrors.duplicate_in_request('An earlier item of the call is the same. Send each once.'));
    named.add(item.itemId);
    return item;
  });
  const asked = new Map(read.flatMap((item): [string, T][] => (isFailure(item) ? [] : [[item.itemId, item]])));
  const failures = new Map<string, ItemFailure>();
  const changedIds = new Set<string>();
  if (asked.size === 0) return { outcomes: read.flatMap((item) => (isFailure(item) ? [outcomeView(item)] : [])) };
  const changed = await stock.changeMany([...asked.keys()], async (locked, now) => {
    const events: (readonly ItemEvent[])[] = [];
    for (const one of locked) {
      const own = await attempt(stock, one, asked.get(one.itemId), decide, now);
      if (isFailure(own)) failures.set(one.itemId, own);
      else if (own.length > 0) changedIds.add(one.itemId);
      events.push(isFailure(own) ? [] : own);
    }
    return events;
  });
  const versions = new Map(changed.map(({ itemId, version }) => [itemId, version]));
  const outcomes = read.map((item) => {
    if (isFailure(item)) return outcomeView(item);
    const { itemId } = item;
    const outcome = changedIds.has(itemId) ? ('updated' as const) : ('unchanged' as const);
    return outcomeView(failures.get(itemId) ?? { outcome, itemId, version: versions.get(itemId) ?? 0 });
  });
  return { outcomes };
}

async function attempt<T extends NamesItem>(
  stock: Stock,
  locked: LockedItem,
  item: T | undefined,
  decide: BulkDecision<T>,
  now: Date,
): Promise<readonly ItemEvent[] | ItemFailure> {
  try {
    if (!item || locked.version === 0) {
      throw inventoryErrors.item_not_found('There is no such stock item. Check its id.', {
        errors: [{ pointer: '/itemId', code: 'unknown', message: 'There is no such stock item.' }],
      });
    }
    if (item.version !== undefined && item.version !== locked.version) {
      throw inventoryErrors.version_stale(`The item has version ${locked.version} now. Read it again.`, {
        errors: [{ pointer: '/version', code: 'stale', message: 'The item has another version now.' }],
      });
    }
    return await stock.afterExpiry(locked, now, (state) => decide(item, state, now));
  } catch (error) {
    return refused(error);
  }
}
