import { divideDown, divideHalfUp } from './rounding.js';

/** A ratio as integer basis points: 10,000 is 100 %. */
export type BasisPoints = number & { readonly __unit: 'bps' };

/** Checks and names a ratio. @throws RangeError unless a safe integer. */
export function bps(value: number): BasisPoints {
  if (!Number.isSafeInteger(value)) throw new RangeError(`basis points must be a whole number, not ${value}`);
  return value as BasisPoints;
}

/** `amountMinor` times the ratio, rounded half up (prices, taxes). */
export function shareHalfUp(amountMinor: bigint, ratio: BasisPoints): bigint {
  return divideHalfUp(amountMinor * BigInt(ratio), 10_000n);
}

/** `amountMinor` times the ratio, rounded down (offers: never promise a unit more than the rule gives). */
export function shareDown(amountMinor: bigint, ratio: BasisPoints): bigint {
  return divideDown(amountMinor * BigInt(ratio), 10_000n);
}
