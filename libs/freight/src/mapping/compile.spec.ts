import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { KNOWN, map, row, stockOf, TITLE } from '../../test/mapped.js';
import { MappingRefused } from './columns.js';
import { compileMapping } from './compile.js';
import { type MappingInput, mappingSchema, targetsOf } from './mapping.js';
import type { MappedRecord } from './record.js';

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
