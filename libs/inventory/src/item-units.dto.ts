import { IdOf, WholeNumber } from '#platform/http';
import { MOST_CLAIMED } from './domain/claims.js';

export class ItemUnitsInput {
  /** One of the reservation's items. */
  @IdOf('stockItem')
  readonly itemId!: string;

  /**
   * How many of its units; left out: all.
   * @example 1
   */
  @WholeNumber({ min: 1, max: MOST_CLAIMED, optional: true })
  readonly quantity?: number;
}

/** Which items a call names, and how many units of each. */
export function namedUnits(items: readonly ItemUnitsInput[] | undefined): {
  readonly itemIds: readonly string[] | undefined;
  readonly unitsOf: (itemId: string) => number | undefined;
} {
  const quantities = new Map(items?.map(({ itemId, quantity }) => [itemId, quantity]));
  return { itemIds: items && [...quantities.keys()], unitsOf: (itemId) => quantities.get(itemId) };
}
