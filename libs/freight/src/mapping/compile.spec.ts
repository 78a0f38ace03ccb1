import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { SourceRow } from '../sources/source-format.js';
import { MappingRefused } from './columns.js';
import { compileMapping, type MappingOptions } from './compile.js';
import { UnmappedBucket } from './findings.js';
import { type MappingInput, mappingSchema, targetsOf } from './mapping.js';
import type { MappedRecord } from './record.js';

const at = { byteFrom: 0, byteTo: 1, line: 1 };
const row = (cells: SourceRow['cells']): SourceRow => ({ rowNo: 1, cells, ...at });

/** One record of a file whose columns are the keys. */
function map(mapping: MappingInput, record: Record<string, string>, options: MappingOptions = {}): MappedRecord {
  return compileMapping(mappingSchema.parse(mapping), options, Object.keys(record))(row(Object.values(record)));
}

const TITLE = { externalId: { column: 'id' }, title: { column: 'title' } };
const KNOWN = { id: '1', title: 'x' };

/** What one member becomes, or the code of its fault. */
const stockOf = (
  stock: NonNullable<MappingInput['stock']>,
  record: Record<string, string>,
  options?: MappingOptions,
): unknown => {
  const mapped = map({ release: TITLE, stock }, { ...KNOWN, ...record }, options);
  return mapped.faults.length > 0 ? mapped.faults.map(({ code }) => code) : mapped.stock;
};
const releaseOf = (
  release: Partial<MappingInput['release']>,
  record: Record<string, string>,
  options?: MappingOptions,
): unknown => {
  const mapped = map({ release: { ...TITLE, ...release } }, { ...KNOWN, ...record }, options);
  return mapped.faults.length > 0 ? mapped.faults.map(({ code }) => code) : mapped.release;
};

describe('a mapping', () => {
  it('makes a release and a stock item of one row', () => {
    const mapped = map(
      {
        source: 'discogs',
        release: {
          ...TITLE,
          artists: { column: 'artist', transforms: [{ op: 'discogs_artist' }], split: ', ' },
          labels: { name: { column: 'label', split: ', ' }, catalogNumber: { column: 'cat', split: ', ' } },
          formats: { column: 'format', style: 'discogs' },
          genres: { constant: 'Reggae' },
          attributes: { folder: { column: 'folder' } },
        },
        stock: { mediaGrade: { column: 'media' }, price: { column: 'price', currency: { constant: 'EUR' } } },
      },
      {
        ...{ id: ' 7 ', title: 'Aja', artist: 'Steely Dan (2), Nobody', label: 'ABC, MCA', cat: 'AB 1, AB 2, AB 3' },
        ...{ format: '2xLP, Album, RE + CD', folder: '', media: 'Near Mint (NM or M-)', price: '19.90' },
      },
    );
    expect(mapped).toEqual({
      ...{ key: '7', copies: true, releaseKey: '7', faults: [], unmapped: [] },
      release: {
        externalId: '7',
        title: 'Aja',
        artists: ['Steely Dan', 'Nobody'],
        labels: [
          { name: 'ABC', catalogNumber: 'AB 1' },
          { name: 'MCA', catalogNumber: 'AB 2' },
          { name: 'MCA', catalogNumber: 'AB 3' },
        ],
        formats: [{ name: 'LP', quantity: 2, descriptions: ['Album', 'RE'] }, { name: 'CD' }],
        genres: ['Reggae'],
      },
      stock: { kind: 'single', quantity: 1, mediaGrade: 'NM', price: { amount: 1990, currency: 'EUR' } },
    });
  });

  it('leaves out what is blank, and fails a record without key or title', () => {
    expect(map({ release: TITLE }, { id: '', title: ' ' }).faults).toEqual([
      expect.objectContaining({ code: 'mapping.no_key', field: 'release.externalId' }),
    ]);
    expect(map({ release: TITLE }, { id: '1', title: '' })).toMatchObject({
      key: '1',
      faults: [{ code: 'mapping.title_missing', field: 'release.title' }],
    });
    expect(stockOf({ key: { column: 'sku' } }, { sku: '' })).toEqual(['mapping.no_key']);
  });

  it('knows a record by its own key, by the release, or by folded columns', () => {
    expect(map({ release: TITLE, stock: { key: { column: 'sku' } } }, { ...KNOWN, sku: ' A-1 ' })).toMatchObject({
      ...{ key: 'A-1', copies: false, releaseKey: '1', stock: { key: 'A-1' } },
    });
    const columns = { keyColumns: [{ column: 'artist' }, { column: 'title' }], title: { column: 'title' } };
    const key = (artist: string, title: string, exactKey = false): unknown =>
      map({ release: { ...columns, exactKey } }, { artist, title }).key;
    expect(key('Björk & Co.', 'Début!')).toBe('bjorkandco|debut');
    expect(key('BJÖRK and co', ' debut ')).toBe('bjorkandco|debut');
    expect(key('ที่', 'ทา')).not.toBe(key('ทา', 'ที่'));
    expect(key('!!!', '')).toBe('!!!|');
    expect(key('Björk', 'Début', true)).toBe('Björk|Début');
    expect(String(key('x'.repeat(500), 'a'))).not.toBe(key('x'.repeat(500), 'b'));
    expect(String(key('x'.repeat(500), 'a'))).toHaveLength(184);
  });

  it('finds columns by exact name, else by name but for case and blanks, else by number', () => {
    const one = { release: { externalId: { columnNo: 1 }, title: { column: 'title' } } };
    expect(compileMapping(mappingSchema.parse(one), {}, ['', ' TITLE '])(row(['9', 'x'])).release).toEqual({
      externalId: '9',
      title: 'x',
    });
  });

  it('does not fit a file without its columns, or with several of one name, and says all of it at once', () => {
    const errors = (mapping: MappingInput, header: string[]): unknown => {
      try {
        compileMapping(mappingSchema.parse(mapping), {}, header);
      } catch (error) {
        return error instanceof MappingRefused ? error.errors.map(({ code, field }) => `${code} ${field}`) : error;
      }
    };
    expect(errors({ release: TITLE }, ['title', 'title'])).toEqual([
      'mapping.column_missing release.externalId',
      'mapping.column_ambiguous release.title',
    ]);
    expect(errors({ release: { externalId: { columnNo: 3 }, title: { column: 'a' } } }, ['a'])).toEqual([
      'mapping.column_missing release.externalId',
    ]);
    expect(errors({ release: TITLE, stock: { quantity: { column: 'id' } } }, ['id', 'title'])).toEqual([
      'mapping.quantity_of_single stock.quantity',
    ]);
    expect(
      errors({ release: TITLE, stock: { price: { column: 'id', currency: { header: true } } } }, ['id', 'title']),
    ).toEqual(['mapping.currency_missing stock.price']);
  });

  it.each<[MappingInput, string]>([
    [{ release: { title: { column: 'a' } } }, 'must have one of externalId and keyColumns'],
    [{ release: { externalId: { column: 'a' } } }, 'there is nothing to import'],
    [
      { release: { externalId: { column: 'a', constant: 'b' }, title: { column: 'a' } } },
      'one of column, columnNo and constant',
    ],
  ])('is refused as a document: %j', (document, words) => {
    expect(
      mappingSchema
        .safeParse(document)
        .error?.issues.map(({ message }) => message)
        .join(),
    ).toContain(words);
  });

  it('has a JSON Schema, for the API document', () => {
    const schema = z.toJSONSchema(mappingSchema, { io: 'input' });
    expect(Object.keys(schema.properties ?? {})).toEqual(['source', 'grades', 'release', 'stock']);
    expect(JSON.stringify(schema)).toContain('Number of the column, from 1');
  });

  it('has releases, stock or both for targets', () => {
    expect(targetsOf(mappingSchema.parse({ release: TITLE, stock: {} }))).toEqual({ releases: true, stock: true });
    expect(targetsOf(mappingSchema.parse({ release: { externalId: { column: 'a' } }, stock: {} }))).toEqual({
      releases: false,
      stock: true,
    });
  });
});

describe('transforms', () => {
  it.each<[string, NonNullable<NonNullable<MappingInput['release']['title']>['transforms']>, string | undefined]>([
    [' a  b ', [{ op: 'collapse' }], 'a b'],
    ['A-b', [{ op: 'lower' }], 'a-b'],
    ['a', [{ op: 'upper' }], 'A'],
    ['Artist - Title - x', [{ op: 'split', on: ' - ', take: 2 }], 'Title'],
    ['Artist - Title', [{ op: 'split', on: ' - ', take: -1 }], 'Title'],
    ['a.b.c', [{ op: 'replace', find: '.', with: '$&' }], 'a$&b$&c'],
    ["'0045", [{ op: 'remove_prefix', text: "'" }], '0045'],
    ['12 pcs', [{ op: 'remove_suffix', text: ' pcs' }, { op: 'trim' }], '12'],
    ['LP', [{ op: 'lookup', table: { LP: 'Vinyl' } }], 'Vinyl'],
    ['Nirvana (2)', [{ op: 'discogs_artist' }], 'Nirvana'],
    ['A (12) & B (3), C / D (4)', [{ op: 'discogs_artist' }], 'A & B, C / D'],
    ['Blink (182) x', [{ op: 'discogs_artist' }], 'Blink x'],
    ['(2) of us', [{ op: 'discogs_artist' }], '(2) of us'],
  ])('%j by %j', (text, transforms, expected) => {
    expect(releaseOf({ title: { column: 't', transforms } }, { t: text })).toMatchObject({ title: expected });
  });

  it('can make a text blank, or unfit where a table does not know it', () => {
    expect(
      releaseOf({ country: { column: 'c', transforms: [{ op: 'blank_if', values: ['N/A'] }] } }, { c: 'N/A' }),
    ).not.toHaveProperty('country');
    const table = { op: 'lookup' as const, table: { D: 'Germany' } };
    expect(releaseOf({ country: { column: 'c', transforms: [{ ...table, otherwise: 'fail' }] } }, { c: 'X' })).toEqual([
      'mapping.not_in_table',
    ]);
    expect(
      releaseOf({ country: { column: 'c', transforms: [{ ...table, otherwise: 'blank' }] } }, { c: 'X' }),
    ).not.toHaveProperty('country');
  });
});

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

describe('NDJSON records', () => {
  const read = (mapping: MappingInput, record: Record<string, unknown>): MappedRecord =>
    compileMapping(mappingSchema.parse(mapping), { currency: 'EUR' }, undefined, 'ndjson')(row(record));

  it('are read by member or path, lists as lists, numbers as they are written', () => {
    const mapping: MappingInput = {
      release: {
        ...TITLE,
        artists: { column: 'artists' },
        country: { column: 'made.in' },
        genres: { column: 'genre' },
      },
      stock: { price: { column: 'price' } },
    };
    const record = { id: 7, title: 'x', artists: ['a', 'b'], made: { in: 'DE' }, genre: null, price: 19.99 };
    expect(read(mapping, record)).toMatchObject({
      key: '7',
      release: { artists: ['a', 'b'], country: 'DE' },
      stock: { price: { amount: 1999, currency: 'EUR' } },
    });
    expect(
      read(mapping, { ...record, title: { a: 1 }, artists: [{}] }).faults.map(({ code, field }) => `${code} ${field}`),
    ).toEqual([
      'mapping.not_a_text release.title',
      'mapping.not_a_text release.artists',
      'mapping.title_missing release.title',
    ]);
    const styles = {
      column: 'styles',
      transforms: [
        { op: 'trim' as const },
        { op: 'lookup' as const, table: { Rock: 'rock' }, otherwise: 'fail' as const },
      ],
    };
    const changed = { release: { ...TITLE, styles } };
    expect(read(changed, { ...record, styles: [' Rock', 'Rock ', ' '] }).release?.styles).toEqual(['rock', 'rock']);
    expect(read(changed, { ...record, styles: ['Polka'] }).faults).toMatchObject([
      { code: 'mapping.not_in_table', field: 'release.styles', value: 'Polka' },
    ]);
    expect(
      read({ release: TITLE }, JSON.parse('{"id":"1","title":"x","__proto__":{"id":2}}') as Record<string, unknown>)
        .key,
    ).toBe('1');
  });
});
