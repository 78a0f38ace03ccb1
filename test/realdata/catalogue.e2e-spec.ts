import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi, type TestApi } from '../support/api.js';
import { makeStore, PATIENT } from '../support/client.js';
import { SHARED_DATA } from '../support/project.js';

const DUMP = join(SHARED_DATA, 'discogs/dump-20200806-1000-releases.xml.gz');
const ALIASES = join(SHARED_DATA, 'search/discogs-artist-name-variations-155.tsv');
const MISSPELLINGS = join(SHARED_DATA, 'search/birkbeck-misspellings.dat');
/** Misspelt words that are tried. */
const MOST_MISSPELT = 150;

const load = <T>(path: string): Promise<T> => import(new URL(path, import.meta.url).href) as Promise<T>;
interface Filler {
  fill(url: string, key: string, file: string): Promise<Record<string, unknown>>;
}
interface Sender {
  sendReleases(url: string, key: string, source: string, items: object[]): Promise<{ outcome: string }[]>;
}
interface Names {
  artistNames(file: string): Promise<string[]>;
}
interface Found {
  readonly data: readonly { readonly artists: readonly string[]; readonly title: string }[];
}

if (!existsSync(DUMP)) {
  it('the catalogue is not tried on real data: ../shared/data is not beside the project', () =>
    expect(existsSync(DUMP)).toBe(false));
} else {
  describe('a Discogs dump of 1,000 releases', () => {
    let api: TestApi;
    let key: string;

    beforeAll(async () => {
      api = await startTestApi(PATIENT);
      ({ key } = await makeStore(api));
    });
    afterAll(() => api.close());

    it('comes in through the bulk route with all that it holds, and once', async () => {
      const { fill } = await load<Filler>('../../tools/lib/demo-catalogue-main.mjs');
      const counts = {
        releases: 1_000,
        tracks: 9_430,
        topTracks: 9_178,
        barcodes: 338,
        releasesWithBarcode: 266,
        failures: [],
        formats: { Vinyl: 515, CD: 288, File: 86, Cassette: 74, CDr: 30 },
      };
      expect(await fill(api.url, key, DUMP)).toMatchObject({ ...counts, outcomes: { created: 1_000 } });
      expect(await fill(api.url, key, DUMP)).toMatchObject({ ...counts, outcomes: { unchanged: 1_000 } });
    });

    it('stands in the catalogue as it was counted', async () => {
      const [stored] = await api.database.admin(
        `select count(*)::int as releases, sum(json_array_length(formats))::int as formats, sum(json_array_length(tracks))::int as tracks,
                count(barcode)::int as barcodes,
                count(*) filter (where exists (select from json_array_elements(formats) f where f->>'name' = 'Vinyl'))::int as vinyl
           from catalog.release where id in (select release_id from catalog.external_id where source = 'discogs')`,
      );
      expect(stored).toEqual({ releases: 1_000, formats: 1_037, tracks: 9_430, barcodes: 266, vinyl: 507 });
    });

    it('is found by artist and title, with and without accents', async () => {
      for (const q of ['persuader stockholm', 'ostermalm', 'Östermalm', 'SK032', 'presuader stokholm']) {
        const answer = await api.call<Found>('GET', `/api/v1/catalog/releases?q=${encodeURIComponent(q)}`, { key });
        expect([q, answer.body.data[0]?.title]).toEqual([q, 'Stockholm']);
      }
    });
  });

  describe('all artist names of the dump and of the alias file', () => {
    let api: TestApi;
    let key: string;
    let names: string[];
    const pairs = readFileSync(ALIASES, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split('\t'));

    beforeAll(async () => {
      api = await startTestApi(PATIENT);
      ({ key } = await makeStore(api));
      const { artistNames } = await load<Names>('./discogs-names.mjs');
      const { sendReleases } = await load<Sender>('../../tools/lib/demo-catalogue.mjs');
      const canonical = pairs.map(([, name = '']) => name);
      names = [...new Set([...(await artistNames(DUMP)), ...canonical])];
      for (let at = 0; at < names.length; at += 1_000) {
        const items = names
          .slice(at, at + 1_000)
          .map((name, index) => ({ externalId: String(at + index), title: 'Untitled', artists: [name] }));
        const outcomes = await sendReleases(api.url, key, 'names', items);
        expect(outcomes.filter(({ outcome }) => outcome !== 'created')).toEqual([]);
      }
    });
    afterAll(() => api.close());

    async function found(q: string): Promise<string[]> {
      const path = `/api/v1/catalog/releases?limit=5&q=${encodeURIComponent(q)}`;
      const answer = await api.call<Found>('GET', path, { key });
      expect([q, answer.status]).toEqual([q, 200]);
      return answer.body.data.map(({ artists }) => artists[0] ?? '');
    }

    it('are found by 155 variations: the right one first for 75 of 100, among the first five for 88', async () => {
      let first = 0;
      let among = 0;
      for (const [, canonical = '', variation = ''] of pairs) {
        const artists = await found(variation);
        if (artists[0] === canonical) first += 1;
        if (artists.includes(canonical)) among += 1;
      }
      process.stdout.write(
        `figure search-alias-hit-1 ${((100 * first) / pairs.length).toFixed(1)} % of ${pairs.length}\n`,
      );
      process.stdout.write(
        `figure search-alias-hit-5 ${((100 * among) / pairs.length).toFixed(1)} % of ${pairs.length}\n`,
      );
      expect(names.length).toBeGreaterThan(6_000);
      expect(first / pairs.length).toBeGreaterThanOrEqual(0.75);
      expect(among / pairs.length).toBeGreaterThanOrEqual(0.88);
    });

    it('are found by words as people misspell them, mostly', async () => {
      const stored = new Set(names.flatMap((name) => name.toLowerCase().match(/[a-z]{5,}/g) ?? []));
      const tried: [word: string, misspelt: string][] = [];
      let word = '';
      for (const line of readFileSync(MISSPELLINGS, 'latin1').split(/\r?\n/)) {
        if (line.startsWith('$')) word = line.slice(1).toLowerCase();
        else if (
          stored.has(word) &&
          /^[A-Za-z]{4,}$/.test(line) &&
          line.toLowerCase() !== word &&
          !stored.has(line.toLowerCase())
        )
          tried.push([word, line]);
      }
      const every = Math.max(1, Math.floor(tried.length / MOST_MISSPELT));
      const some = tried.filter((_, index) => index % every === 0).slice(0, MOST_MISSPELT);
      let first = 0;
      let among = 0;
      for (const [right, misspelt] of some) {
        const hits = (await found(misspelt)).map((name) => name.toLowerCase().includes(right));
        if (hits[0]) first += 1;
        if (hits.includes(true)) among += 1;
      }
      process.stdout.write(
        `figure search-misspelt-hit-1 ${((100 * first) / some.length).toFixed(1)} % of ${some.length}\n`,
      );
      process.stdout.write(
        `figure search-misspelt-hit-5 ${((100 * among) / some.length).toFixed(1)} % of ${some.length}\n`,
      );
      expect(some.length).toBeGreaterThan(100);
      expect(among / some.length).toBeGreaterThan(0.3);
    });
  });
}
