import { getSchemaPath } from '#api-document';
import { IdOf, readBody, type ValueRule } from '#platform/http';
import { DomainError, formatId } from '#platform/kernel';
import { failureOf } from './bulk-reception.js';
import type { ItemFailure } from './domain/receive-item.js';

/** Items of one bulk call over HTTP. */
export const MOST_BULK_ITEMS = 1_000;

/** What became of one item of a bulk call. */
export class StockOutcomeView {
  /** `unchanged`: it was so already. */
  outcome!: 'created' | 'updated' | 'unchanged' | 'failed';
  /** Not of failed ones. */
  @IdOf('stockItem', { optional: true })
  itemId?: string;
  /**
   * Of the item now; not of failed ones.
   * @example 1
   */
  version?: number;
  /**
   * Why it failed.
   * @example "inventory.sku_taken"
   */
  code?: string;
  /**
   * JSON pointer into the item, to what is wrong.
   * @example "/sku"
   */
  field?: string;
  /**
   * In words, with the next step.
   * @example "Another item has this SKU."
   */
  message?: string;
}

/** What became of each item of a bulk call. */
export class StockOutcomesView {
  /** In the order of the items. */
  outcomes!: StockOutcomeView[];
}

/** The rule of the items of a bulk call: they are looked at one by one, so that a bad one does not refuse the others. */
export function bulkItem(type: new () => object): ValueRule {
  return { name: 'bulk_item', refuse: () => undefined, schema: { $ref: getSchemaPath(type) } as ValueRule['schema'] };
}

/** An outcome as callers see it. */
export function outcomeView(
  one:
    ItemFailure | { readonly outcome: StockOutcomeView['outcome']; readonly itemId: string; readonly version: number },
): StockOutcomeView {
  return 'itemId' in one ? { ...one, itemId: formatId('stockItem', one.itemId) } : one;
}

/** An item as its class says it, or why it is not acceptable: its code is that of the item, the pointer that of the first fault. */
export function readItem<T extends object>(type: new () => T, raw: unknown): T | ItemFailure {
  try {
    return readBody(type, raw);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const [first] = error.members.errors ?? [];
    const failure = {
      outcome: 'failed',
      code: 'inventory.invalid_item',
      message: first?.message ?? error.message,
    } as const;
    return first?.pointer ? { ...failure, field: first.pointer } : failure;
  }
}

/** Whether reading an item has failed. */
export function isFailure(item: object): item is ItemFailure {
  return 'outcome' in item && item.outcome === 'failed';
}

/** A refusal as an outcome; anything else is thrown on. */
export function refused(error: unknown): ItemFailure {
  if (!(error instanceof DomainError)) throw error;
  return failureOf(error);
}
