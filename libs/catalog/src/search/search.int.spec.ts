import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readListRequest } from '#platform/http';
import { formatId, type SystemActor } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { CatalogApp, idsOf } from '../../test/catalog-app.js';
import { SetStockStatus } from '../commands/set-stock-status.command.js';
import { ListReleases, RELEASES } from '../queries/list-releases.query.js';
import { Suggest } from '../queries/suggest.query.js';

let db: TestDatabase;
let app: CatalogApp;
let store: SystemActor;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await CatalogApp.start(db);
  store = app.newStore();
  const ids = idsOf(
    await app.upsert(store, [
      {
        externalId: '1',
        title: 'Stockholm',
        artists: ['The Persuader'],
        labels: [{ name: 'Svek', catalogNumber: 'SK 032' }],
        genres: ['Electronic'],
        styles: ['Deep House'],
        formats: [{ name: 'Vinyl' }],
        country: 'Sweden',
        released: '1999-03',
        tracks: [{ title: 'Östermalm' }, { title: 'Vasastaden' }],
      },
      {
        externalId: '2',
        title: 'Love',
        artists: ['The Beatles'],
        genres: ['Rock', 'Pop'],
        formats: [{ name: 'CD' }],
        country: 'UK',
        released: '2006',
        barcode: '0 94637 98082 5',
      },
      { externalId: '3', title: 'Help!', artists: ['The Beatles'], genres: ['Rock'], released: '1965', country: 'UK' },
      { externalId: '4', title: 'Björk’s Début', artists: ['Björk'], genres: ['Electronic', 'Pop'], released: '1993' },
      { externalId: '5', title: 'Highway to Hell', artists: ['AC/DC'], genres: ['Rock'], released: '1979' },
      { externalId: '6', title: '!!!', artists: ['!!!'], genres: ['Rock'] },
      { externalId: '7', title: 'Automatic', artists: ['R.E.M.'], genres: ['Rock'], released: '1992' },
    ]),
  );
  await app.bus.execute(new SetStockStatus(store, { items: [{ releaseId: ids[1] ?? '', available: 2 }] }));
});
afterAll(async () => {
  await app.close();
  await db.drop();
});

const list = (parameters: Record<string, string>, actor = store) =>
  app.bus.execute(new ListReleases(actor, readListRequest(RELEASES, parameters)));
const titles = async (parameters: Record<string, string>) => (await list(parameters)).data.map(({ title }) => title);

describe('a search', () => {
  it.each([
    ['a word of the artist', 'persuader', 'Stockholm'],
    ['artist and title', 'beatles love', 'Love'],
    ['a title in capitals', 'HELP!', 'Help!'],
    ['a track without its accents', 'ostermalm', 'Stockholm'],
    ['an artist without accents', 'bjork', 'Björk’s Début'],
    ['a title with a straight apostrophe', "bjork's debut", 'Björk’s Début'],
    ['a label', 'svek', 'Stockholm'],
    ['a catalogue number as printed', 'SK 032', 'Stockholm'],
    ['a catalogue number in one', 'sk032', 'Stockholm'],
    ['a barcode', '094637980825', 'Love'],
    ['a name with a stroke', 'ac/dc', 'Highway to Hell'],
    ['a name with a stroke, written as one', 'acdc', 'Highway to Hell'],
    ['dotted letters as one', 'rem', 'Automatic'],
    ['signs alone', '!!!', '!!!'],
  ])('finds by %s', async (_, q, title) => {
    expect((await titles({ q }))[0]).toBe(title);
  });

  it.each([
    ['two letters swapped', 'beatels love', 'Love'],
    ['a letter too few', 'stokholm', 'Stockholm'],
    ['an artist misspelt', 'The Presuader', 'Stockholm'],
    ['a wrong letter', 'bjork debuk', 'Björk’s Début'],
  ])('finds in spite of %s, and says what it sought', async (_, q, title) => {
    const found = await list({ q });
    expect(found.data[0]?.title).toBe(title);
    expect(found.page).toMatchObject({ correctedTo: expect.any(String) });
  });

  it('finds for "beatels love" what it finds for "beatles love"', async () => {
    expect((await titles({ q: 'beatels love' }))[0]).toEqual((await titles({ q: 'beatles love' }))[0]);
  });

  it('finds nothing for what is like nothing, and nothing of other stores', async () => {
    expect(await titles({ q: 'qqqqzzzz' })).toEqual([]);
    expect((await list({ q: 'beatles' }, app.newStore())).data).toEqual([]);
    expect((await list({ q: 'beatels' }, app.newStore())).data).toEqual([]);
    expect((await list({}, app.newStore())).data).toEqual([]);
  });
});

describe('a list', () => {
  it('is of all releases, newest first, unless sorted', async () => {
    expect(await titles({})).toHaveLength(7);
    expect(await titles({ sort: 'title', limit: '3' })).toEqual(['!!!', 'Automatic', 'Björk’s Début']);
    expect(await titles({ sort: '-released', limit: '2' })).toEqual(['Love', 'Stockholm']);
  });

  it.each<[Record<string, string>, string[]]>([
    [{ 'filter[genre]': 'rock' }, ['!!!', 'Automatic', 'Help!', 'Highway to Hell', 'Love']],
    [{ 'filter[genre]': 'Electronic', 'filter[decade]': '1990' }, ['Björk’s Début', 'Stockholm']],
    [{ 'filter[style]': 'deep house' }, ['Stockholm']],
    [{ 'filter[format]': 'CD,Vinyl' }, ['Love', 'Stockholm']],
    [{ 'filter[country]': 'UK' }, ['Help!', 'Love']],
    [{ 'filter[label]': 'Svek' }, ['Stockholm']],
    [{ 'filter[inStock]': 'true' }, ['Love']],
    [{ 'filter[inStock]': 'false', 'filter[genre]': 'Pop' }, ['Björk’s Début']],
    [{ 'filter[genre]': 'rock', q: 'beatles' }, ['Help!', 'Love']],
    [{ 'filter[genre]': 'rock', q: 'beatels' }, ['Help!', 'Love']],
    [{ 'filter[state]': 'archived' }, []],
  ])('with %j has %j', async (filters, expected) => {
    expect(await titles({ ...filters, sort: 'title' })).toEqual(expected);
  });

  it('counts by facets, each under all filters but its own', async () => {
    const { page } = await list({ 'filter[genre]': 'Pop', facets: 'genre,country,inStock,decade' });
    expect(page).toMatchObject({
      facets: [
        {
          name: 'genre',
          capped: false,
          values: [
            { value: 'Rock', count: 5 },
            { value: 'Electronic', count: 2 },
            { value: 'Pop', count: 2 },
          ],
        },
        { name: 'country', values: [{ value: 'UK', count: 1 }] },
        {
          name: 'inStock',
          values: [
            { value: 'false', count: 1 },
            { value: 'true', count: 1 },
          ],
        },
        {
          name: 'decade',
          values: [
            { value: '1990', count: 1 },
            { value: '2000', count: 1 },
          ],
        },
      ],
    });
  });

  it.each<[string, Record<string, string>]>([
    ['as it is filtered', { 'filter[genre]': 'Rock' }],
    ['as it is searched', { q: 'beatles' }],
    ['as it is spelt', { q: 'beatels' }],
    ['without any filter', {}],
    ['of nothing', { q: 'beatles', 'filter[genre]': 'Jazz' }],
  ])('counts the rows of a list %s, and the same on its second page', async (_, parameters) => {
    const all = await list(parameters);
    const first = await list({ ...parameters, limit: '1', facets: 'country' });
    const inUk = all.data.filter(({ country }) => country === 'UK').length;
    const expected = [
      {
        name: 'country',
        values: inUk === 0 ? [] : expect.arrayContaining([{ value: 'UK', count: inUk }]),
        capped: false,
      },
    ];
    expect(first.page).toMatchObject({ facets: expected });
    const cursor = first.page.nextCursor;
    if (cursor === null) return expect(all.data.length).toBeLessThan(2);
    const second = await list({ ...parameters, limit: '1', facets: 'country', cursor });
    expect(second.page).toMatchObject({ facets: (first.page as { facets?: unknown }).facets });
  });

  it.each<Record<string, string>>([{ q: 'the' }, { 'filter[genre]': 'Rock', sort: 'artist' }, { sort: '-title' }, {}])(
    'with %j shows every row once over its pages, there and back',
    async (parameters) => {
      const all = await titles(parameters);
      const seen: string[] = [];
      let cursor: string | null = null;
      let before: string | null = null;
      do {
        const page = await list({ ...parameters, limit: '2', ...(cursor !== null && { cursor }) });
        seen.push(...page.data.map(({ title }) => title));
        [cursor, before] = [page.page.nextCursor, page.page.prevCursor ?? before];
      } while (cursor !== null);
      expect(seen).toEqual(all);
      if (before !== null) {
        const back = await list({ ...parameters, limit: '2', cursor: before });
        expect(all.join()).toContain(back.data.map(({ title }) => title).join());
      }
    },
  );

  it('tells the total where it is asked for', async () => {
    const { page } = await list({ 'filter[genre]': 'Rock', include: 'total', limit: '2' });
    expect(page.total).toEqual({ count: 5, capped: false });
  });

  it('shows what is in stock', async () => {
    expect((await list({ q: 'beatles love' })).data[0]).toMatchObject({ stock: { available: 2 } });
  });

  it('of a category that is not there is empty', async () => {
    expect(await titles({ 'filter[category]': formatId('category', store.tenantId) })).toEqual([]);
  });
});

describe('suggestions', () => {
  it.each<[string, { kind: string; text: string }[]]>([
    ['pers', [{ kind: 'artist', text: 'The Persuader' }]],
    ['the be', [{ kind: 'artist', text: 'The Beatles' }]],
    ['hig', [{ kind: 'title', text: 'Highway to Hell' }]],
    [
      'bjö',
      [
        { kind: 'artist', text: 'Björk' },
        { kind: 'title', text: 'Björk’s Début' },
      ],
    ],
    ['zzz', []],
    ['!?', []],
  ])('for %s are %j', async (q, suggestions) => {
    expect(await app.bus.execute(new Suggest(store, { q, limit: 8 }))).toEqual({ suggestions });
  });
});
