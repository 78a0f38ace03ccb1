/** A list price from an instant on. */
export interface PriceSince {
  readonly at: Date;
  readonly amount: number;
  readonly currency: string;
}

/** What buyers must and may be told of a price. */
export interface PriceFacts {
  /** The lowest price in the 30 days up to now, in the currency of the current price. */
  readonly lowestPrice30d: number;
  /**
   * The "was" price of a reduction: the lowest in the 30 days before it began (Directive 98/6/EC, article 6a, as amended by
   * 2019/2161). Undefined where the current price is no reduction. Reductions that follow each other without a rise are one.
   */
  readonly was: number | undefined;
}

const DAYS_30_MS = 30 * 24 * 60 * 60_000;

/** @param prices in order of time, at least one; the last one is the current price */
export function priceFacts(prices: readonly PriceSince[], now: Date): PriceFacts | undefined {
  const current = prices.at(-1);
  if (!current) return undefined;
  const same = prices.filter(({ currency }) => currency === current.currency);
  const lowestPrice30d = lowestIn(same, new Date(now.getTime() - DAYS_30_MS), now) ?? current.amount;
  const began = reductionBegan(same);
  const was = began && lowestIn(same, new Date(began.getTime() - DAYS_30_MS), began);
  return { lowestPrice30d, was: was !== undefined && was > current.amount ? was : undefined };
}

/** When the price first fell since it last rose. */
function reductionBegan(prices: readonly PriceSince[]): Date | undefined {
  let began: Date | undefined;
  for (const [index, price] of prices.entries()) {
    const before = prices[index - 1];
    if (!before || price.amount === before.amount) continue;
    if (price.amount > before.amount) began = undefined;
    else began ??= price.at;
  }
  return began;
}

/** The lowest price that was in force at any time in [from, to). */
function lowestIn(prices: readonly PriceSince[], from: Date, to: Date): number | undefined {
  const inForce = prices.filter(({ at }, index) => {
    const end = prices[index + 1]?.at;
    return at < to && (end === undefined || end > from);
  });
  return inForce.length === 0 ? undefined : Math.min(...inForce.map(({ amount }) => amount));
}
