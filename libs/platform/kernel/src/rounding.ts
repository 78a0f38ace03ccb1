/**
 * Integer rounding, named at each use (prices and taxes half up, offers down, splits by largest remainder).
 * Intermediates are bigint so that no product of two safe integers loses a unit.
 */

/** Rounds `numerator / denominator` half up, away from zero for negatives: 5/2 is 3, -5/2 is -3. */
export function divideHalfUp(numerator: bigint, denominator: bigint): bigint {
  const [n, d] = normalise(numerator, denominator);
  const doubled = (abs(n) * 2n + d) / (2n * d);
  return n < 0n ? -doubled : doubled;
}

/** Rounds `numerator / denominator` towards minus infinity: 5/2 is 2, -5/2 is -3. */
export function divideDown(numerator: bigint, denominator: bigint): bigint {
  const [n, d] = normalise(numerator, denominator);
  const quotient = n / d;
  return n < 0n && quotient * d !== n ? quotient - 1n : quotient;
}

/**
 * Splits a whole number over weights so that the parts add up to it exactly (largest remainder; ties go to the
 * earlier part). With all weights zero the split is even.
 */
export function splitByLargestRemainder(total: bigint, weights: readonly bigint[]): bigint[] {
  if (weights.length === 0) throw new RangeError('a split needs at least one weight');
  if (weights.some((weight) => weight < 0n)) throw new RangeError('weights of a split cannot be negative');
  const sum = weights.reduce((a, b) => a + b, 0n);
  const shares = sum === 0n ? weights.map(() => 1n) : weights;
  const whole = sum === 0n ? BigInt(weights.length) : sum;
  const sign = total < 0n ? -1n : 1n;
  const parts = shares.map((share) => (abs(total) * share) / whole);
  const left = abs(total) - parts.reduce((a, b) => a + b, 0n);
  const remainder = (index: number): bigint => (abs(total) * (shares[index] ?? 0n)) % whole;
  const order = shares.map((_, index) => index).sort((a, b) => compare(remainder(b), remainder(a)) || a - b);
  for (const index of order.slice(0, Number(left))) parts[index] = (parts[index] ?? 0n) + 1n;
  return parts.map((part) => part * sign);
}

function normalise(numerator: bigint, denominator: bigint): [bigint, bigint] {
  if (denominator === 0n) throw new RangeError('division by zero');
  return denominator < 0n ? [-numerator, -denominator] : [numerator, denominator];
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value);
const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
