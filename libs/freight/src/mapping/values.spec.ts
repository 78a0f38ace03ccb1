import { describe, expect, it } from '@jest/globals';
import { KNOWN, map, releaseOf, stockOf, TITLE } from '../../test/mapped.js';
import type { MappingOptions } from './compile.js';
import { UnmappedBucket } from './findings.js';
import type { MappedRecord } from './record.js';

describe('dates', () => {
  it.each([
    ['1999', undefined, '1999'],
    ['1999-03', undefined, '1999-03'],
    ['1999-03-00', undefined, '1999-03'],
    ['1999-00-00', undefined, '1999'],
    ['2020-11-18 19:17:05', undefined, '2020-11-18'],
    ['1999. 03. 21.'.replaceAll(' ', ''), 'hu-HU', '1999-03-21'],
    ['21.3.1999', 'de-DE', '1999-03-21'],
    ['3/21/1999', 'en-US', '1999-03-21'],
    ['02/03/1999', 'en-GB', '1999-03-02'],
    ['03/1999', undefined, '1999-03'],
    ['2000-02-29', undefined, '2000-02-29'],
  ])('%j written as in %s is %s', (text, dateLocale, released) => {
    expect(releaseOf({ released: { column: 'd' } }, { d: text }, { dateLocale })).toMatchObject({ released });
  });

  it.each(['0', '0000', '0000-00-00', ''])('%j is not known', (text) => {
    expect(releaseOf({ released: { column: 'd' } }, { d: text })).not.toHaveProperty('released');
  });

  it.each(['1999-02-29', '13/13/1999', '1999-13', '99', '-720.0', 'March 1999', '1999-00-05'])('%j is none', (text) => {
    expect(releaseOf({ released: { column: 'd' } }, { d: text })).toEqual(['mapping.not_a_date']);
    expect(releaseOf({ released: { column: 'd', unreadable: 'leave_out' } }, { d: text })).not.toHaveProperty(
      'released',
    );
  });
});

describe('money', () => {
  const price = { price: { column: 'p' } };

  it.each([
    ['19.99', 'EUR', undefined, 1999],
    ['1,499', 'EUR', undefined, 149900],
    ['1.499,5', 'EUR', 'de-DE', 149950],
    ['1 499,50', 'CZK', 'cs-CZ', 149950],
    ['1\u00a0499', 'HUF', 'hu-HU', 149900],
    ['1499 Ft', 'HUF', 'hu-HU', 149900],
    ["1'234.50", 'CHF', 'de-CH', 123450],
    ['1500', 'JPY', undefined, 1500],
    ['1500.00', 'JPY', undefined, 1500],
    ['$95.00', 'CAD', undefined, 9500],
    ['€ 9,90', 'EUR', 'de-DE', 990],
    ['0', 'EUR', undefined, 0],
    ['1.234', 'KWD', undefined, 1234],
    ['.', 'EUR', undefined, 'mapping.not_money'],
    ['8.415000000000001', 'EUR', undefined, 'mapping.money_precision'],
    ['1.5', 'JPY', undefined, 'mapping.money_precision'],
    ['12,34', 'EUR', undefined, 'mapping.not_money'],
    ['-5', 'EUR', undefined, 'mapping.not_money'],
    ['5 USD', 'EUR', undefined, 'mapping.not_money'],
    ['99999999999999999', 'EUR', undefined, 'mapping.not_money'],
    ['abc', 'EUR', undefined, 'mapping.not_money'],
    ['5', undefined, undefined, 'mapping.currency_missing'],
  ])('%j in %s as in %s is %s', (text, currency, numberLocale, expected) => {
    const found = stockOf(price, { p: text }, { currency, numberLocale });
    expect(found).toEqual(
      typeof expected === 'number' ? expect.objectContaining({ price: { amount: expected, currency } }) : [expected],
    );
  });

  it('takes its currency from the cell, a constant, a column, the header or the job', () => {
    expect(stockOf(price, { p: '5.00 EUR' })).toMatchObject({ price: { amount: 500, currency: 'EUR' } });
    expect(stockOf({ price: { column: 'p', currency: { column: 'cur' } } }, { p: '5', cur: 'usd' })).toMatchObject({
      price: { amount: 500, currency: 'USD' },
    });
    expect(
      stockOf({ price: { column: 'p', currency: { column: 'cur' } } }, { p: '5', cur: '' }, { currency: 'SEK' }),
    ).toMatchObject({
      price: { currency: 'SEK' },
    });
    expect(
      stockOf({ price: { column: 'Price (CAD)', currency: { header: true } } }, { 'Price (CAD)': '$95.00' }),
    ).toMatchObject({
      price: { amount: 9500, currency: 'CAD' },
    });
  });

  it('that cannot be read is left out where the mapping says so', () => {
    const mapped = map(
      { release: TITLE, stock: { price: { column: 'p', unreadable: 'leave_out' } } },
      { ...KNOWN, p: 'ask' },
      { currency: 'EUR' },
    );
    expect(mapped).toMatchObject({
      faults: [],
      unmapped: [{ field: 'stock.price', value: 'ask' }],
      stock: { kind: 'single', quantity: 1 },
    });
  });
});

describe('numbers', () => {
  it('are whole or weights', () => {
    expect(stockOf({ kind: 'pool', quantity: { column: 'q' } }, { q: '1,200.0' })).toMatchObject({
      kind: 'pool',
      quantity: 1_200,
    });
    expect(stockOf({ kind: 'pool', quantity: { column: 'q' } }, { q: '1.5' })).toEqual(['mapping.not_a_whole_number']);
    expect(stockOf({ kind: 'pool', quantity: { column: 'q' } }, { q: '-3' })).toEqual(['mapping.not_a_whole_number']);
    expect(releaseOf({ weightGrams: { column: 'w', unit: 'kg' } }, { w: '0.2' })).toMatchObject({ weightGrams: 200 });
    expect(releaseOf({ weightGrams: { column: 'w' } }, { w: 'heavy' })).toEqual(['mapping.not_a_weight']);
  });
});

describe('grades', () => {
  const graded = (media: string, options?: MappingOptions): MappedRecord =>
    map(
      { release: TITLE, stock: { mediaGrade: { column: 'm' } }, grades: { Újszerű: 'NM' } },
      { ...KNOWN, m: media },
      options,
    );

  it('are known by common words, those of the store and those of the mapping', () => {
    expect(graded('very good plus  (VG+)').stock?.mediaGrade).toBe('VG+');
    expect(graded('újszerű ').stock?.mediaGrade).toBe('NM');
    expect(graded('EX', { gradeVocabulary: { EX: 'VG+', M: 'NM' } }).stock?.mediaGrade).toBe('VG+');
    expect(graded('M', { gradeVocabulary: { M: 'NM' } }).stock?.mediaGrade).toBe('NM');
    const both = { gradeVocabulary: { top: 'F' }, storeGradeVocabulary: { top: 'NM', TOP: 'VG', EX: 'VG+' } } as const;
    expect(['Top', 'EX'].map((word) => graded(word, both).stock?.mediaGrade)).toEqual(['F', 'VG+']);
    expect(graded('Not Graded')).toMatchObject({ unmapped: [], stock: { kind: 'single', quantity: 1 } });
  });

  it('that nobody knows are left out and counted, or fail where the mapping says so', () => {
    const bucket = new UnmappedBucket(1);
    for (const word of ['Superb', 'Superb', 'Fine', 'NM']) bucket.add(graded(word).unmapped);
    expect([bucket.list(), bucket.others]).toEqual([[{ field: 'stock.mediaGrade', value: 'Superb', count: 2 }], 1]);
    expect(stockOf({ mediaGrade: { column: 'm', unreadable: 'fail' } }, { m: 'Superb' })).toEqual([
      'mapping.unknown_grade',
    ]);
  });
});
