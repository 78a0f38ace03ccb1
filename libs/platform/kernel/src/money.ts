import { type BasisPoints, shareDown, shareHalfUp } from './basis-points.js';
import { currencyExponent } from './currency.js';
import { splitByLargestRemainder } from './rounding.js';

/** An amount in integer minor units (a safe integer) of an ISO 4217 currency. */
export interface Money {
  readonly amount: number;
  readonly currency: string;
}

/**
 * Makes Money from minor units.
 * @throws RangeError when the amount is no safe integer or the currency is not an active ISO 4217 code.
 */
export function money(amountMinor: number | bigint, currency: string): Money {
  const amount = Number(amountMinor);
  if (!Number.isSafeInteger(amount)) throw new RangeError(`${amountMinor} is not a safe integer of minor units`);
  if (currencyExponent(currency) === undefined) throw new RangeError(`${currency} is not an ISO 4217 currency`);
  return { amount: amount === 0 ? 0 : amount, currency };
}

/** Sum of two amounts. @throws RangeError on different currencies or when the sum is no longer safe. */
export function addMoney(a: Money, b: Money): Money {
  return money(BigInt(a.amount) + BigInt(sameCurrency(a, b).amount), a.currency);
}

/** `a` less `b`. @throws RangeError on different currencies or when the difference is no longer safe. */
export function subtractMoney(a: Money, b: Money): Money {
  return money(BigInt(a.amount) - BigInt(sameCurrency(a, b).amount), a.currency);
}

/** `a` times a whole number, such as a unit price times a quantity. */
export function multiplyMoney(a: Money, times: number): Money {
  if (!Number.isSafeInteger(times)) throw new RangeError(`${times} is not a whole number`);
  return money(BigInt(a.amount) * BigInt(times), a.currency);
}

/** A share of an amount, rounded half up (prices, taxes). */
export function moneyShareHalfUp(a: Money, ratio: BasisPoints): Money {
  return money(shareHalfUp(BigInt(a.amount), ratio), a.currency);
}

/** A share of an amount, rounded down (offers). */
export function moneyShareDown(a: Money, ratio: BasisPoints): Money {
  return money(shareDown(BigInt(a.amount), ratio), a.currency);
}

/** Splits an amount over weights (largest remainder); the parts add up to the amount exactly. */
export function allocateMoney(total: Money, weights: readonly number[]): Money[] {
  const parts = splitByLargestRemainder(BigInt(total.amount), weights.map(BigInt));
  return parts.map((part) => money(part, total.currency));
}

/** Negative, zero or positive as `a` is less than, equal to or more than `b`. @throws RangeError on different currencies. */
export function compareMoney(a: Money, b: Money): number {
  return Math.sign(a.amount - sameCurrency(a, b).amount);
}

function sameCurrency(a: Money, b: Money): Money {
  if (a.currency !== b.currency) throw new RangeError(`cannot mix ${a.currency} and ${b.currency}`);
  return b;
}
