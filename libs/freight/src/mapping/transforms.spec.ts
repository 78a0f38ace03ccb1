import { describe, expect, it } from '@jest/globals';
import { releaseOf } from '../../test/mapped.js';
import type { MappingInput } from './mapping.js';

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
