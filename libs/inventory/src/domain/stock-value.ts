import { type Item, onHand } from './item.js';

/** What an item adds to the store's stock in one currency. Amounts are minor units times units: beyond a safe integer. */
export interface ItemValue {
  readonly measure: 'cost' | 'list';
  /** Empty where the item has no cost or price: its units count all the same. */
  readonly currency: string;
  readonly items: number;
  readonly units: number;
  readonly amount: bigint;
}

/** What an item is worth, by cost and by list price. Nothing where it has no units. */
export function valueOf(state: Item): ItemValue[] {
  const units = onHand(state);
  if (units === 0) return [];
  return (['cost', 'list'] as const).map((measure) => {
    const money = measure === 'cost' ? state.cost : state.price;
    const amount = BigInt(money?.amount ?? 0) * BigInt(units);
    return { measure, currency: money?.currency ?? '', items: 1, units, amount };
  });
}

/** By how much an event has changed what an item is worth; what stays the same is left out. */
export function valueChange(before: Item, after: Item): ItemValue[] {
  const all = [
    ...valueOf(before).map((value) => ({ value, sign: -1 })),
    ...valueOf(after).map((value) => ({ value, sign: 1 })),
  ];
  const byKey = Map.groupBy(all, ({ value }) => `${value.measure} ${value.currency}`);
  return [...byKey.values()]
    .map((same) => ({
      measure: same[0]?.value.measure ?? 'cost',
      currency: same[0]?.value.currency ?? '',
      items: same.reduce((sum, { value, sign }) => sum + sign * value.items, 0),
      units: same.reduce((sum, { value, sign }) => sum + sign * value.units, 0),
      amount: same.reduce((sum, { value, sign }) => sum + BigInt(sign) * value.amount, 0n),
    }))
    .filter(({ items, units, amount }) => items !== 0 || units !== 0 || amount !== 0n);
}
