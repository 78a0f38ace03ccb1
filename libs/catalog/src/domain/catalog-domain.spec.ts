import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { categoryKey, type CategoryPlace, placedAt } from './category-tree.js';
import { codeOf, folded, wordsOf } from './folding.js';
import { likelyQuery } from './likeness.js';
import { dateKey, decadeOf, isPartialDate } from './partial-date.js';
import { changedContent, isSameContent, newContent } from './release.js';
import { eachTerm, searchDocument, shortKey, tenantQuery } from './search-document.js';
import { filteredQuery, textQuery } from './sought.js';
import { bestNames, bestWords, editsBetween } from './spelling.js';
import { suggestionsOf } from './suggestions.js';

describe('a partial date', () => {
  it.each(['1999', '1999-03', '1999-03-21', '2024-02-29', '1000'])('may be %s', (text) =>
    expect(isPartialDate(text)).toBe(true),
  );
  it.each([
    '',
    '99',
    '0999',
    '1999-13',
    '1999-00',
    '1999-02-29',
    '1999-3',
    '1999-03-00',
    '1999-03-21T00:00',
    ' 1999',
    '१९९९',
  ])('is not %j', (text) => expect(isPartialDate(text)).toBe(false));
  it('is sorted before what is known more exactly', () => {
    expect(['1999-03-21', '1999', '1999-03', null].map(dateKey)).toEqual([19990321, 19990000, 19990300, 0]);
    expect([decadeOf('1999-03'), decadeOf('2000'), decadeOf(null)]).toEqual([1990, 2000, undefined]);
  });
});

describe('folding', () => {
  it.each([
    ['Björk', 'bjork'],
    ['STRAẞE', 'strasse'],
    ['Sigur Rós', 'sigur ros'],
    ['Røyksopp', 'royksopp'],
    ['Ｆｕｌｌ', 'full'],
    ['Łódź', 'lodz'],
  ])('takes %s for %s', (text, plain) => expect(folded(text)).toBe(plain));

  it('takes words apart at signs, but not at apostrophes', () => {
    expect(wordsOf("Don’t Stop 'til  AC/DC, don't!")).toEqual(['dont', 'stop', 'til', 'ac', 'dc', 'dont']);
    expect([shortKey(' The—Beat! '), shortKey('!!!'), codeOf('SK 0-32')]).toEqual(['the beat', '!!!', 'sk032']);
  });

  it('is the same for text that is folded already, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const words = wordsOf(text);
        expect(wordsOf(words.join(' '))).toEqual(words);
      }),
    );
  });
});

describe('a document', () => {
  it('has whatever somebody types of the release', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(text, text, (artist, title) => {
        const { lexemes } = searchDocument(newContent({ title, artists: [artist] }));
        for (const word of wordsOf(`${artist} ${title}`)) expect(lexemes).toContain(word.slice(0, 60));
        expect(lexemes.every((lexeme) => lexeme !== '')).toBe(true);
      }),
    );
  });

  it('teaches spelling its artists and words, but no numbers', () => {
    const terms: string[] = [];
    eachTerm(newContent({ title: 'No Limits 1993', artists: ['2 Unlimited'] }), (kind, term) => {
      terms.push(`${kind} ${term}`);
    });
    expect(terms).toEqual(['artist 2 unlimited', 'word unlimited', 'word limits']);
  });

  it('finds codes however they are written', () => {
    const labels = [{ name: 'CBS', catalogNumber: 'CBS 86005, 86-006' }];
    const { lexemes } = searchDocument(newContent({ title: 'x', labels, barcode: '5 012' }));
    expect(lexemes).toEqual(expect.arrayContaining(['#cbs86005', '#86006', '=5012']));
  });
});

describe('a query', () => {
  it('keeps every word inside its quotes, whatever was typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const query = tenantQuery('0190a5c4-3c00-7000-8000-00000000002a', textQuery(text));
        expect(query.replace(/'(?:[^']|'')+'/g, 'w')).toMatch(/^[w&|() ]*$/);
      }),
    );
  });

  it('joins text and filters, and leaves one out', () => {
    const filters = new Map([
      ['genre', ['Rock', 'Hip-Hop']],
      ['decade', ['1990']],
    ] as const);
    expect(filteredQuery("'x'", filters)).toBe("('x') & ('g:rock' | 'g:hip hop') & ('d:1990')");
    expect(filteredQuery(undefined, filters, 'genre')).toBe("('d:1990')");
    expect(filteredQuery(undefined, new Map())).toBeUndefined();
  });

  it('for duplicates does not look for what is no number', () => {
    const labels = [{ name: 'X', catalogNumber: 'none' }, { name: 'Y' }];
    expect(likelyQuery({ title: 'T', artists: [], labels, barcode: null })).toBe("('t:t')");
  });
});

describe('spelling', () => {
  it.each([
    ['beatels', 'beatles', 1],
    ['stokholm', 'stockholm', 1],
    ['abc', 'abc', 0],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
  ])('sees %s and %s %d letters apart', (a, b, edits) =>
    expect([editsBetween(a, b), editsBetween(b, a)]).toEqual([edits, edits]),
  );

  it('prefers fewest letters, then likeness', () => {
    const found = [
      { term: 'black', likeness: 0.5 },
      { term: 'blaze', likeness: 0.3 },
      { term: 'lace', likeness: 0.4 },
    ];
    expect(bestWords('blace', found, 2)).toEqual(['black', 'lace']);
  });

  it('knows what initials stand for', () => {
    const found = [
      { term: 'oc smith', likeness: 0.55 },
      { term: 'christian smith', likeness: 0.41 },
    ];
    expect(bestNames('c smith', found, 1)).toEqual([{ term: 'christian smith', likeness: expect.closeTo(0.71) }]);
  });
});

describe('a change', () => {
  it('leaves what is absent, clears with null, and never the title', () => {
    const before = newContent({ title: 'A', genres: ['Rock'], country: 'UK' });
    const after = changedContent(before, { title: null, country: null });
    expect(after).toMatchObject({ title: 'A', genres: ['Rock'], country: null, productType: 'record' });
    expect([isSameContent(before, after), isSameContent(after, changedContent(after, {}))]).toEqual([false, true]);
  });

  it('of the order of attributes is none', () => {
    const one = newContent({ title: 'A', attributes: { a: '1', b: '2' } });
    expect(isSameContent(one, newContent({ title: 'A', attributes: { b: '2', a: '1' } }))).toBe(true);
  });
});

describe('a tree', () => {
  const id = (n: number): string => `0190a5c4-3c00-7000-8000-${String(n).padStart(12, '0')}`;

  it('keeps its places whole through any moves', () => {
    const move = fc.record({ of: fc.nat(7), to: fc.option(fc.nat(7)), place: fc.nat(9) });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
        let all: CategoryPlace[] = Array.from({ length: 8 }, (_, n) => ({ id: id(n), parentId: null, place: n }));
        for (const { of, to, place } of moves) {
          try {
            const changed = new Map(
              placedAt(all, id(of), { parentId: to === null ? null : id(to), place }).map((one) => [one.id, one]),
            );
            all = all.map((one) => changed.get(one.id) ?? one);
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/^catalog\.category_(cycle|too_deep)$/) });
          }
        }
        for (const parent of [null, ...all.map((one) => one.id)]) {
          const places = all.filter((one) => one.parentId === parent).map((one) => one.place);
          expect(places.sort((a, b) => a - b)).toEqual(places.map((_, index) => index));
        }
        for (const one of all) expect(depthOf(all, one)).toBeLessThanOrEqual(8);
      }),
    );
  });

  function depthOf(all: readonly CategoryPlace[], one: CategoryPlace): number {
    let depth = 1;
    for (let at = one; at.parentId !== null && depth < 20; depth++)
      at = all.find((other) => other.id === at.parentId) ?? one;
    return depth;
  }

  it('compares names without case and in one spelling of Unicode', () => {
    expect(categoryKey('CAFE\u0301')).toBe(categoryKey('caf\u00e9'));
    expect(categoryKey('cafe')).not.toBe(categoryKey('café'));
  });
});

describe('suggestions', () => {
  it('put those of most releases first, artists before titles', () => {
    const releases = [
      { artists: ['Persia'], title: 'Persona' },
      { artists: ['The Persuader'], title: 'x' },
      { artists: ['The Persuader'], title: 'Personal' },
    ];
    expect(suggestionsOf('per', releases, 3)).toEqual([
      { kind: 'artist', text: 'The Persuader' },
      { kind: 'artist', text: 'Persia' },
      { kind: 'title', text: 'Persona' },
    ]);
  });
});
