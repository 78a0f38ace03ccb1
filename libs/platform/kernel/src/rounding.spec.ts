import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { divideDown, divideHalfUp, splitByLargestRemainder } from './rounding.js';

const whole = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n });
const divisor = whole.filter((value) => value !== 0n);
const abs = (value: bigint): bigint => (value < 0n ? -value : value);

describe('divideHalfUp', () => {
  it.each([
    [5n, 2n, 3n],
    [-5n, 2n, -3n],
    [5n, -2n, -3n],
    [-5n, -2n, 3n],
    [4n, 3n, 1n],
    [-4n, 3n, -1n],
    [0n, 7n, 0n],
  ])('rounds %s / %s to %s', (numerator, denominator, expected) => {
    expect(divideHalfUp(numerator, denominator)).toBe(expected);
  });

  it('is never further from the quotient than half a unit', () => {
    fc.assert(
      fc.property(whole, divisor, (n, d) => {
        expect(abs(divideHalfUp(n, d) * d - n) * 2n).toBeLessThanOrEqual(abs(d));
      }),
    );
  });

  it('treats a number and its negative alike', () => {
    fc.assert(fc.property(whole, divisor, (n, d) => expect(divideHalfUp(-n, d)).toBe(-divideHalfUp(n, d))));
  });

  it('refuses to divide by zero', () => {
    expect(() => divideHalfUp(1n, 0n)).toThrow(new RangeError('division by zero'));
  });
});

describe('divideDown', () => {
  it.each([
    [5n, 2n, 2n],
    [-5n, 2n, -3n],
    [5n, -2n, -3n],
    [-4n, 2n, -2n],
    [0n, -3n, 0n],
  ])('rounds %s / %s to %s', (numerator, denominator, expected) => {
    expect(divideDown(numerator, denominator)).toBe(expected);
  });

  it('is the largest whole number that is not above the quotient', () => {
    fc.assert(
      fc.property(whole, divisor, (n, d) => {
        const [sn, sd] = d < 0n ? [-n, -d] : [n, d];
        const rest = sn - divideDown(n, d) * sd;
        expect(rest >= 0n && rest < sd).toBe(true);
      }),
    );
  });

  it('refuses to divide by zero', () => {
    expect(() => divideDown(1n, 0n)).toThrow(RangeError);
  });
});

describe('splitByLargestRemainder', () => {
  const weights = fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 1, maxLength: 30 });

  it('gives the units that are left to the largest remainders', () => {
    expect(splitByLargestRemainder(100n, [1n, 1n, 4n])).toEqual([17n, 17n, 66n]);
  });

  it('gives a tie to the earlier part', () => {
    expect(splitByLargestRemainder(10n, [1n, 1n, 1n])).toEqual([4n, 3n, 3n]);
  });

  it('splits evenly when all weights are zero', () => {
    expect(splitByLargestRemainder(5n, [0n, 0n])).toEqual([3n, 2n]);
  });

  it('splits a negative total as the positive one, negated', () => {
    expect(splitByLargestRemainder(-10n, [1n, 1n, 1n])).toEqual([-4n, -3n, -3n]);
  });

  it('adds up to the total exactly', () => {
    fc.assert(
      fc.property(whole, weights, (total, shares) => {
        expect(splitByLargestRemainder(total, shares).reduce((a, b) => a + b, 0n)).toBe(total);
      }),
    );
  });

  it('gives every part its exact share rounded down or up', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), weights, (total, shares) => {
        const sum = shares.reduce((a, b) => a + b, 0n);
        fc.pre(sum > 0n);
        splitByLargestRemainder(total, shares).forEach((part, index) => {
          const floor = (total * (shares[index] ?? 0n)) / sum;
          expect(part === floor || part === floor + 1n).toBe(true);
        });
      }),
    );
  });

  it('refuses to split over nothing', () => {
    expect(() => splitByLargestRemainder(1n, [])).toThrow('at least one weight');
  });

  it('refuses negative weights', () => {
    expect(() => splitByLargestRemainder(1n, [1n, -1n])).toThrow('cannot be negative');
  });
});
