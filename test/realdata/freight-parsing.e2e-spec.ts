import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readBody } from '#platform/http';
import { ReleaseItemInput } from '../../libs/catalog/src/release.dto.js';
import { compileMapping } from '../../libs/freight/src/mapping/compile.js';
import { UnmappedBucket } from '../../libs/freight/src/mapping/findings.js';
import { mappingSchema } from '../../libs/freight/src/mapping/mapping.js';
import type { MappedRecord } from '../../libs/freight/src/mapping/record.js';
import { type PlannedBatch, planRows } from '../../libs/freight/src/planning/plan.js';
import { detectFormat } from '../../libs/freight/src/sources/detect-format.js';
import { readRows } from '../../libs/freight/src/sources/rows.js';
import type { SourceFormat, SourceRow } from '../../libs/freight/src/sources/source-format.js';
import { SHARED_DATA } from '../support/project.js';
import { column, contentOf, hasSharedData, inChunks, readFile } from './freight-files.js';
import { discogsCollection } from './mappings/discogs-collection.js';
import { goodbooks } from './mappings/goodbooks.js';
import { hungarianRecordShop } from './mappings/hungarian-record-shop.js';
import type { RealImport } from './mappings/real-import.js';
import { rollingStone500 } from './mappings/rolling-stone-500.js';
import { spotifyCharts } from './mappings/spotify-charts.js';
import { videoGameSales } from './mappings/video-game-sales.js';

interface Imported {
  readonly format: SourceFormat;
  readonly rows: readonly SourceRow[];
  readonly records: readonly MappedRecord[];
  readonly unmapped: readonly (readonly [string, number])[];
  readonly batches: readonly PlannedBatch[];
  readonly content: Buffer;
}

const known = new Map<string, Promise<Imported>>();

/** Reads, maps and plans a file as a job does, once. */
function imported(real: RealImport): Promise<Imported> {
  const found = known.get(real.file) ?? importOf(real);
  known.set(real.file, found);
  return found;
}

async function importOf({ file, mapping, options }: RealImport): Promise<Imported> {
  const { format, rows, content } = await readFile(file);
  const mapRow = compileMapping(mappingSchema.parse(mapping), options, format.header);
  const bucket = new UnmappedBucket();
  const batches: PlannedBatch[] = [];
  const plan = planRows(readRows(inChunks(content, format.dataFrom), format), mapRow, {
    batchSize: 1_000,
    duplicates: 'last_wins',
    stockTarget: mapping.stock !== undefined,
    onUnmapped: (found) => bucket.add(found),
  });
  for await (const batch of plan) batches.push(batch);
  const unmapped = bucket.list().map(({ value, count }) => [value, count] as const);
  return { format, rows, records: rows.map(mapRow), unmapped, batches, content };
}

const distinct = (values: Iterable<unknown>): number => new Set(values).size;
const tally = (values: readonly (string | undefined)[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value ?? 'none'] = (counts[value ?? 'none'] ?? 0) + 1;
  return counts;
};
const blanks = (values: readonly string[]): number => values.filter((value) => value === '').length;

if (!hasSharedData) {
  it('real files are not read: ../shared/data is not beside the project', () => expect(hasSharedData).toBe(false));
} else {
  describe('files with a mapping of their own', () => {
    const all = [discogsCollection, hungarianRecordShop, rollingStone500, goodbooks, videoGameSales, spotifyCharts];

    it.each(all)('$file gives every row, from any of its batches', async (real) => {
      const { format, rows, batches, records, content } = await imported(real);
      expect(rows).toHaveLength(real.rows);
      expect(rows.filter(({ fault }) => fault)).toEqual([]);
      expect(records.flatMap(({ faults }) => faults)).toEqual([]);
      const releases = new Map(records.map(({ key, release }) => [key, release]));
      expect(() => [...releases.values()].forEach((release) => readBody(ReleaseItemInput, release))).not.toThrow();
      expect(batches.reduce((sum, { rowCount }) => sum + rowCount, 0)).toBe(real.rows);
      for (const { byteFrom, byteTo, rowFrom, rowCount, lineFrom } of batches) {
        const again: SourceRow[] = [];
        const from = { byte: byteFrom, rowNo: rowFrom, line: lineFrom };
        for await (const some of readRows(inChunks(content, byteFrom, byteTo), format, from)) again.push(...some);
        const expected = rows.slice(rowFrom - 1, rowFrom - 1 + rowCount);
        expect(JSON.stringify(again) === JSON.stringify(expected)).toBe(true);
      }
    });

    it('the Discogs collection has its copies, grades and names', async () => {
      const { records, rows, batches, unmapped } = await imported(discogsCollection);
      expect(distinct(records.map(({ releaseKey }) => releaseKey))).toBe(315);
      const occurrences = batches.flatMap((batch) => batch.occurrences);
      const keys = records.map(({ key }, at) => `${key ?? ''}#${occurrences[at] ?? 0}`);
      expect(keys.filter((key) => key.startsWith('2568011#'))).toEqual(['2568011#1', '2568011#2']);
      expect(distinct(keys)).toBe(316);
      expect(batches.flatMap(({ superseded }) => superseded)).toEqual([]);
      expect(batches.flatMap(({ releaseSuperseded }) => releaseSuperseded)).toHaveLength(1);
      expect(distinct(column(rows, 1))).toBe(314);
      expect(tally(records.map(({ stock }) => stock?.mediaGrade))['none']).toBe(227);
      // 231 blank, 57 Generic and one No Cover.
      expect(tally(records.map(({ stock }) => stock?.sleeveGrade))['none']).toBe(231 + 57 + 1);
      expect(unmapped).toEqual([]);
      expect(records.filter(({ release }) => release?.released === undefined)).toHaveLength(7);
      expect(
        records.filter(({ release }) => (release?.labels?.length ?? 0) > 1 && release?.labels?.[1]?.catalogNumber),
      ).toHaveLength(21);
      const artists = column(rows, 2);
      const numbered = artists.filter((artist) => / \(\d+\)/.test(artist)).length;
      expect([numbered, artists.filter((artist) => / \(\d+\)$/.test(artist)).length]).toEqual([64, 48]);
      expect(records.filter(({ release }) => /\(\d+\)/.test(release?.artists?.join() ?? ''))).toEqual([]);
      expect(records.filter(({ release }) => release?.title !== release?.title?.trim())).toEqual([]);
      expect(
        rows.filter(({ cells }) => (cells as string[]).slice(0, 3).some((cell) => cell !== cell.trim())),
      ).toHaveLength(16);
      expect(
        records.flatMap(({ release }) => release?.formats ?? []).filter(({ quantity }) => quantity === 2).length,
      ).toBeGreaterThan(0);
    });

    it('the Hungarian shop has its grades, prices and shelf codes', async () => {
      const { records, unmapped, format } = await imported(hungarianRecordShop);
      expect(format).toMatchObject({ bom: true, lineEnd: 'crlf', encoding: 'utf-8', delimiter: ',' });
      expect(distinct(records.map(({ key }) => key))).toBe(184);
      // 70 sealed, 3 in words and 1 new in foil; 33 in words and 23 in letters; EX is VG+ here; one nobody knows and one blank.
      expect(tally(records.map(({ stock }) => stock?.mediaGrade))).toEqual({
        M: 74,
        NM: 56,
        VG: 33,
        'VG+': 17,
        G: 2,
        none: 2,
      });
      expect(unmapped).toEqual([
        ['M ( újszerű, kifogástalan állapotban)', 3],
        ['Használt, jó állapotú ', 1],
      ]);
      const prices = records.map(({ stock }) => stock?.price);
      expect(prices.every((price) => price?.currency === 'HUF')).toBe(true);
      const amounts = prices.map((price) => price?.amount ?? 0);
      expect([Math.min(...amounts), Math.max(...amounts)]).toEqual([99_900, 1_999_900]);
      expect(records.filter(({ stock }) => stock?.code !== undefined)).toHaveLength(44);
    });

    it('books, games, albums and tracks have theirs', async () => {
      const albums = await imported(rollingStone500);
      expect(distinct(albums.records.map(({ key }) => key))).toBe(500);
      expect(albums.unmapped).toEqual([['19755', 1]]);

      const books = await imported(goodbooks);
      expect(distinct(books.records.map(({ key }) => key))).toBe(10_000);
      expect([blanks(column(books.rows, 6)), blanks(column(books.rows, 7)), blanks(column(books.rows, 12))]).toEqual([
        700, 585, 1_084,
      ]);
      // 31 years before our era, and 7 that do not have four digits.
      const years = books.unmapped.flatMap(([year, count]) => new Array<string>(count).fill(year));
      expect([years.filter((year) => year.startsWith('-')).length, years.length]).toEqual([31, 38]);
      expect(books.records.filter(({ release }) => release?.released === undefined)).toHaveLength(38 + 21);

      const games = await imported(videoGameSales);
      expect(distinct(column(games.rows, 2))).toBe(11_493);
      expect(distinct(games.records.map(({ key }) => key))).toBe(16_598 - 5);
      expect(games.batches.flatMap(({ superseded }) => superseded)).toHaveLength(5);
      expect(games.records.filter(({ release }) => release?.released === undefined)).toHaveLength(271);
      expect(games.records.filter(({ release }) => release?.labels === undefined)).toHaveLength(58);

      const tracks = await imported(spotifyCharts);
      expect(tracks.format.header?.[0]).toBe('');
      expect(distinct(tracks.records.map(({ key }) => key))).toBe(2_473);
      expect(tracks.batches.flatMap(({ superseded }) => superseded)).toHaveLength(123_159 - 2_473);
    });
  });

  describe('other files for Freight', () => {
    it.each([
      ['discogs/collection-from-api-613.csv', 613, 15, 'lf'],
      ['discogs/inventory-export-1.csv', 1, 19, 'crlf'],
      ['shop-stock/private-vinyl-list-142.csv', 142, 8, 'crlf'],
      ['shopify/products-fashion-5024.csv.gz', 5_024, 44, 'lf'],
      ['shopify/products-snowdevil-636.csv.gz', 636, 44, 'lf'],
      ['shopify/orders-dev-store-40.csv', 40, 79, 'lf'],
      ['woocommerce/sample-products-24.csv', 24, 55, 'lf'],
      ['woocommerce/importer-sample-7.csv', 7, 45, 'lf'],
      ['woocommerce/russian-tab-bom-10.csv', 9, 13, 'lf'],
      ['magento/catalog-product-6.csv', 6, 73, 'lf'],
      ['magento/products-all-types-18.csv', 18, 90, 'mixed'],
      ['square/catalog-9.csv', 9, 7, 'lf'],
      ['competitor-import/vendure-products-88.csv', 88, 14, 'lf'],
    ] as const)('%s has %d rows of %d columns', async (file, count, columns, lineEnd) => {
      const { format, rows } = await readFile(file);
      expect([rows.length, format.header?.length, format.lineEnd]).toEqual([count, columns, lineEnd]);
      expect(rows.filter(({ fault }) => fault)).toEqual([]);
    });

    it('a nameless column is read by its number, and text with line breaks stays whole', async () => {
      const list = await readFile('shop-stock/private-vinyl-list-142.csv');
      expect([list.format.header?.[4], blanks(column(list.rows, 5))]).toEqual(['', 142]);
      const fashion = await readFile('shopify/products-fashion-5024.csv.gz');
      const withBreaks = fashion.rows.filter(({ cells }) => (cells as string[]).some((cell) => cell.includes('\n')));
      expect([withBreaks.length, distinct(column(fashion.rows, 1))]).toEqual([781, 997]);
      const russian = await readFile('woocommerce/russian-tab-bom-10.csv');
      expect(russian.format).toMatchObject({ delimiter: ',', bom: true, dataFromLine: 3 });
      expect(russian.format.header).toContain('ID');
      expect(distinct(column(russian.rows, (russian.format.header?.indexOf('ID') ?? 0) + 1))).toBe(9);
    });
  });

  describe('hostile files', () => {
    const SPECTRUM = join(SHARED_DATA, 'hostile/csv-spectrum');
    const names = readdirSync(join(SPECTRUM, 'csvs')).map((name) => name.replace('.csv', ''));
    /** Two of the expected answers are wrong at their source: there the CSV decides. */
    const corrected: Readonly<Record<string, (text: string) => string>> = {
      newlines_crlf: (text) => text.replaceAll('\\r\\n', '\\n'),
      location_coordinates: (text) => text.replace('1234567890', '2095257564'),
    };

    it('csv-spectrum is there in full', () => expect(names).toHaveLength(12));

    it.each(names)('csv-spectrum %s is read as its JSON says', async (name) => {
      const { format, rows } = await readFile(`hostile/csv-spectrum/csvs/${name}.csv`);
      const json = readFileSync(join(SPECTRUM, 'json', `${name}.json`), 'utf8');
      const records = rows.map(({ cells }) =>
        Object.fromEntries((format.header ?? []).map((key, at) => [key, (cells as string[])[at] ?? ''])),
      );
      expect(records).toEqual([JSON.parse(corrected[name]?.(json) ?? json) as unknown].flat());
    });

    it.each([
      ['hostile/mojibake-macroman-2017.csv', 653, 'macintosh'],
      ['hostile/cr-only-macroman-1000.csv', 2_136, 'macintosh'],
      ['hostile/thai-tis620.csv', 30, 'windows-874'],
    ] as const)('%s is refused undeclared at byte %d, with %s among the guesses', async (file, offset, encoding) => {
      const content = await contentOf(file);
      const details = { offset, candidates: expect.arrayContaining([encoding]) };
      const detect = (): unknown => {
        try {
          return detectFormat(content, true);
        } catch (error) {
          return error;
        }
      };
      expect(detect()).toMatchObject({ code: 'source.encoding_unknown', details });
    });

    it('legacy encodings are read where they are declared', async () => {
      const songs = await readFile('hostile/mojibake-macroman-2017.csv', { encoding: 'macintosh' });
      const names = songs.format.header ?? [];
      const title = column(songs.rows, names.indexOf('song_title') + 1);
      const artist = column(songs.rows, names.indexOf('artist') + 1);
      expect([songs.rows.length, distinct(title.map((text, at) => `${text}\n${artist[at]}`))]).toEqual([2_017, 1_982]);
      expect(title.filter((text) => text === '11-Jul')).toHaveLength(1);

      const cr = await readFile('hostile/cr-only-macroman-1000.csv', { encoding: 'macintosh' });
      expect([cr.rows.length, cr.format.header?.length, cr.format.lineEnd]).toEqual([1_000, 7, 'mixed']);
      expect(cr.rows.filter(({ fault }) => fault)).toEqual([]);

      const thai = await readFile('hostile/thai-tis620.csv', { encoding: 'tis-620' });
      expect(thai.rows.map(({ fault }) => fault).filter(Boolean)).toEqual([]);
      expect([1, 2, 3].map((number) => distinct(column(thai.rows, number)))).toEqual([77, 77, 77]);
      expect(column(thai.rows, 2)[1]).toBe('กรุงเทพมหานคร');
    });
  });
}
