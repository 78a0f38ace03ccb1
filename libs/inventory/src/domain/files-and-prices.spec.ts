import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { csvLine } from './csv.js';
import { priceFacts, type PriceSince } from './price-history.js';
import { searchText } from './search-text.js';

describe('a line of CSV', () => {
  it('guards what a spreadsheet would take for a formula, and leaves numbers alone', () => {
    const cells = ['=1+1', '+1', '-1', '@x', '\tx', '\rx', 'a=b', -5, 0, null, ''];
    expect(csvLine(cells)).toBe(`'=1+1,'+1,'-1,'@x,'\tx,"'\rx",a=b,-5,0,,\r\n`);
  });

  it('quotes what would break the line', () => {
    expect(csvLine(['a,b', 'say "x"', 'two\nlines', 'plain'])).toBe('"a,b","say ""x""","two\nlines",plain\r\n');
  });

  it('begins no cell with a formula, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const cell = csvLine([text]).slice(0, -2).replace(/^"/, '');
        expect(cell).not.toMatch(/^[=+\-@\t\r]/);
      }),
    );
  });
});

describe('what is told of a price', () => {
  const NOW = new Date('2026-06-30T12:00:00.000Z');
  const day = (days: number) => new Date(NOW.getTime() - days * 86_400_000);
  const prices = (...all: readonly (readonly [daysAgo: number, amount: number, currency?: string])[]): PriceSince[] =>
    all.map(([daysAgo, amount, currency = 'EUR']) => ({ at: day(daysAgo), amount, currency }));

  it.each<[string, PriceSince[], number, number | undefined]>([
    ['one price', prices([90, 2_000]), 2_000, undefined],
    ['a reduction', prices([90, 2_000], [3, 1_500]), 1_500, 2_000],
    ['a price that rose before it fell', prices([90, 2_000], [10, 3_000], [3, 1_500]), 1_500, 2_000],
    ['a low price that is older than 30 days', prices([90, 1_000], [50, 2_000], [3, 1_800]), 1_800, 2_000],
    ['a low price that ended within the 30 days', prices([90, 1_000], [20, 2_000], [3, 1_800]), 1_000, undefined],
    ['a reduction in steps', prices([90, 2_000], [10, 1_800], [3, 1_500]), 1_500, 2_000],
    ['a rise', prices([90, 1_000], [3, 1_500]), 1_000, undefined],
    ['another currency before', prices([90, 500, 'USD'], [40, 2_000], [3, 1_500]), 1_500, 2_000],
    ['a reduction that is older than 30 days', prices([200, 2_000], [60, 1_500]), 1_500, 2_000],
  ])('after %s', (_, history, lowest, was) => {
    expect(priceFacts(history, NOW)).toEqual({ lowestPrice30d: lowest, was });
  });

  it('is nothing where there is no price', () => expect(priceFacts([], NOW)).toBeUndefined());
});

it('texts are compared without accents and case', () => {
  expect(searchText('Motörhead BEYONCÉ')).toBe('motorhead beyonce');
});
