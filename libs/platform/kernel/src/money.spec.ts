import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bps, shareDown, shareHalfUp } from './basis-points.js';
import { currencyCodes, currencyExponent } from './currency.js';
import {
  addMoney,
  allocateMoney,
  compareMoney,
  money,
  moneyShareDown,
  moneyShareHalfUp,
  multiplyMoney,
  subtractMoney,
} from './money.js';

const eur = (amount: number) => money(amount, 'EUR');
const amounts = fc.integer({ min: -(2 ** 50), max: 2 ** 50 });

describe('money', () => {
  it('takes whole minor units as number or bigint', () => {
    expect(money(1999n, 'EUR')).toEqual({ amount: 1999, currency: 'EUR' });
  });

  it('never holds a negative zero', () => {
    expect(Object.is(money(-0, 'EUR').amount, 0)).toBe(true);
  });

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53), 2n ** 53n])(
    'refuses %s minor units',
    (amount) => {
      expect(() => money(amount, 'EUR')).toThrow(RangeError);
    },
  );

  it.each(['eur', 'XXX', 'BTC', '', 'EURO', '__proto__'])('refuses the currency %p', (currency) => {
    expect(() => money(1, currency)).toThrow(`${currency} is not an ISO 4217 currency`);
  });
});

describe('arithmetic with money', () => {
  it('adds and subtracts back', () => {
    fc.assert(
      fc.property(amounts, amounts, (a, b) => {
        expect(subtractMoney(addMoney(eur(a), eur(b)), eur(b))).toEqual(eur(a));
      }),
    );
  });

  it('refuses to mix currencies', () => {
    const yen = money(1, 'JPY');
    for (const operation of [addMoney, subtractMoney, compareMoney]) {
      expect(() => operation(eur(1), yen)).toThrow('cannot mix EUR and JPY');
    }
  });

  it('refuses a sum that is no longer exact', () => {
    expect(() => addMoney(eur(Number.MAX_SAFE_INTEGER), eur(1))).toThrow(RangeError);
    expect(() => subtractMoney(eur(Number.MIN_SAFE_INTEGER), eur(1))).toThrow(RangeError);
  });

  it('multiplies by whole numbers only', () => {
    expect(multiplyMoney(eur(1999), 3)).toEqual(eur(5997));
    expect(() => multiplyMoney(eur(1999), 1.5)).toThrow('1.5 is not a whole number');
    expect(() => multiplyMoney(eur(2 ** 40), 2 ** 40)).toThrow(RangeError);
  });

  it('orders amounts of one currency', () => {
    expect([compareMoney(eur(1), eur(2)), compareMoney(eur(2), eur(2)), compareMoney(eur(3), eur(2))]).toEqual([
      -1, 0, 1,
    ]);
  });

  it('shares half up for prices and down for offers', () => {
    expect(moneyShareHalfUp(eur(25), bps(5_000))).toEqual(eur(13));
    expect(moneyShareDown(eur(25), bps(5_000))).toEqual(eur(12));
  });

  it('allocates parts that add up to the whole', () => {
    const weights = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(amounts, weights, (total, shares) => {
        const parts = allocateMoney(eur(total), shares);
        expect(parts.reduce(addMoney, eur(0))).toEqual(eur(total));
        expect(parts).toHaveLength(shares.length);
      }),
    );
  });

  it('refuses to allocate by fractions', () => {
    expect(() => allocateMoney(eur(10), [0.5])).toThrow(RangeError);
  });
});

describe('basis points', () => {
  it.each([0.5, Number.NaN, 2 ** 53])('refuses %s', (value) => {
    expect(() => bps(value)).toThrow('basis points must be a whole number');
  });

  it('gives the whole amount for 100 %', () => {
    fc.assert(
      fc.property(fc.bigInt(), (amount) => {
        expect([shareDown(amount, bps(10_000)), shareHalfUp(amount, bps(10_000))]).toEqual([amount, amount]);
      }),
    );
  });

  it('loses less than a unit when rounding down, and never gives more than the rule', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 53n }), fc.nat(20_000), (amount, ratio) => {
        const rest = amount * BigInt(ratio) - shareDown(amount, bps(ratio)) * 10_000n;
        expect(rest >= 0n && rest < 10_000n).toBe(true);
      }),
    );
  });
});

describe('currencies', () => {
  it.each([
    ['EUR', 2],
    ['JPY', 0],
    ['KWD', 3],
    ['XAU', undefined],
    ['constructor', undefined],
  ])('knows the decimals of %s', (code, exponent) => {
    expect(currencyExponent(code)).toBe(exponent);
  });

  it('lists each code once, sorted, three capitals each', () => {
    expect(currencyCodes).toEqual([...new Set(currencyCodes)].sort());
    expect(currencyCodes.every((code) => /^[A-Z]{3}$/.test(code))).toBe(true);
  });
});
