import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { currencyCodes, DomainError, PROBLEMS } from '#platform/kernel';
import { Flag, Instant, MoneyValue, Note, OneOf, Text, WholeNumber } from './decorators.js';
import { readBody } from './dto-reader.js';

/** Whether a value passes a decorator, unchanged. */
function keeps(decorator: PropertyDecorator, value: unknown): boolean {
  class Holder {
    value?: unknown;
  }
  decorator(Holder.prototype, 'value');
  try {
    expect(readBody(Holder, { value })).toEqual({ value });
    return true;
  } catch (error) {
    if (error instanceof DomainError && PROBLEMS[error.problem].status === 400) return false;
    throw error;
  }
}

describe('@WholeNumber', () => {
  const any = WholeNumber({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });

  it.each([0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])('takes %s', (value) => {
    expect(keeps(any, value)).toBe(true);
  });

  it.each([-0, 1.5, 2 ** 53, Number.NaN, Infinity, '5', '', true, null, [5], {}, 5n])('refuses %p', (value) => {
    expect(keeps(any, value)).toBe(false);
  });

  it.each([
    [0, false],
    [1, true],
    [9_999, true],
    [10_000, false],
  ])('takes %s within 1 to 9,999: %s', (value, expected) => {
    expect(keeps(WholeNumber({ min: 1, max: 9_999 }), value)).toBe(expected);
  });
});

describe('@Text', () => {
  const text = Text({ max: 10 });

  it.each([
    'a',
    'Łódź',
    '日本語',
    '<b>x</b>',
    "'; drop--",
    ' a ',
    'e\u0301',
    '\u00e9',
    '\uFEFFa',
    '😀'.repeat(10),
    '👨‍👩‍👧',
  ])('keeps %p as sent', (value) => expect(keeps(text, value)).toBe(true));

  it.each([
    '',
    '   ',
    '\u00a0',
    'a\nb',
    'a\tb',
    'a\u0000',
    'a\u007f',
    'a\u0085',
    'a\u2028',
    '\u202eabc',
    '\u2067a',
    'a\u200f',
    '\ud800',
    'a\udc00',
  ])('refuses %j', (value) => expect(keeps(text, value)).toBe(false));

  it('counts code points', () => {
    expect([keeps(text, '😀'.repeat(10)), keeps(text, '😀'.repeat(11)), keeps(text, 'x'.repeat(11))]).toEqual([
      true,
      false,
      false,
    ]);
    expect([keeps(Text({ min: 3, max: 5 }), '😀😀'), keeps(Text({ min: 3, max: 5 }), '😀😀😀')]).toEqual([false, true]);
  });

  it('may be empty where the minimum is 0', () => {
    expect([keeps(Text({ min: 0, max: 5 }), ''), keeps(Text({ min: 0, max: 5 }), '  ')]).toEqual([true, true]);
  });

  it('refuses 10,000 combining marks, and a megabyte for its length alone', () => {
    expect(keeps(Text({ max: 200 }), `a${'\u0301'.repeat(10_000)}`)).toBe(false);
    expect(keeps(Text({ max: 200 }), 'a'.repeat(1_000_000))).toBe(false);
  });

  it('keeps every string as sent or refuses it', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (value) => typeof keeps(text, value) === 'boolean'));
  });
});

describe('@Note', () => {
  const note = Note({ max: 30 });

  it.each(['', 'two\r\nlines\tand', '\u202eabc', '\u2028'])('keeps %j as sent', (value) => {
    expect(keeps(note, value)).toBe(true);
  });

  it.each(['a\u0000', 'a\u0007', '\u001b[31m', 'a\u0085', '\ud800', 'x'.repeat(31), 5])('refuses %j', (value) => {
    expect(keeps(note, value)).toBe(false);
  });
});

describe('@MoneyValue', () => {
  const takes = (value: unknown, decorator = MoneyValue()) => keeps(decorator, value);

  it('takes whole minor units of every currency', () => {
    expect(currencyCodes.every((currency) => takes({ amount: 1250, currency }))).toBe(true);
  });

  it.each([
    [{ amount: -1, currency: 'EUR' }],
    [{ amount: 2 ** 53, currency: 'EUR' }],
    [{ amount: 12.345, currency: 'EUR' }],
    [{ amount: 12.5, currency: 'JPY' }],
    [{ amount: '12,00', currency: 'EUR' }],
    [{ amount: -0, currency: 'EUR' }],
    [{ amount: 1, currency: 'eur' }],
    [{ amount: 1, currency: 'XXX' }],
    [{ amount: 1, currency: 'BTC' }],
    [{ amount: 1, currency: ['EUR'] }],
    [{ amount: 1 }],
    [{ currency: 'EUR' }],
    [{ amount: 1, currency: 'EUR', exponent: 2 }],
    [[{ amount: 1, currency: 'EUR' }]],
    [null],
    [1999],
    ['19.99 EUR'],
  ])('refuses %j', (value) => {
    expect(takes(value)).toBe(false);
  });

  it('takes negative amounts only where told', () => {
    expect(takes({ amount: -5, currency: 'EUR' }, MoneyValue({ min: -5 }))).toBe(true);
    expect(takes({ amount: 101, currency: 'EUR' }, MoneyValue({ max: 100 }))).toBe(false);
  });
});

describe('@Instant', () => {
  it.each([
    '2026-01-31T12:00:00Z',
    '2026-01-31T12:00:00.1Z',
    '2026-01-31T12:00:00.123Z',
    '2024-02-29T00:00:00Z',
    '0001-01-01T00:00:00Z',
  ])('keeps %s', (value) => expect(keeps(Instant(), value)).toBe(true));

  it.each([
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T12:00:60Z',
    '2026-01-31T12:00:00.1234Z',
    '2026-01-31T12:00:00+00:00',
    '2026-01-31T12:00:00',
    '2026-01-31T12:00:00z',
    '2026-01-31 12:00:00Z',
    '2026-01-31',
    '+002026-01-31T12:00:00Z',
    '0000-01-01T00:00:00Z',
    '2026-01-31T12:00:00Z\n',
    '',
    1_700_000_000_000,
  ])('refuses %p', (value) => {
    expect(keeps(Instant(), value)).toBe(false);
  });
});

describe('@OneOf and @Flag', () => {
  it('take their words and nothing else', () => {
    const state = OneOf(['active', 'archived']);
    expect(['active', 'archived'].every((value) => keeps(state, value))).toBe(true);
    expect(['Active', '', 'toString', null, ['active'], 0].some((value) => keeps(state, value))).toBe(false);
    expect([true, false].every((value) => keeps(Flag(), value))).toBe(true);
    expect(['true', 0, 1, null, 'on'].some((value) => keeps(Flag(), value))).toBe(false);
  });
});
