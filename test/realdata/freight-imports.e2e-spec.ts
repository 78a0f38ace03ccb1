import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { contentOf, hasSharedData } from './freight-files.js';
import { Product } from '../support/freight-product.js';
import { expectTwice } from './freight-twice.js';
import { discogsCollection } from './mappings/discogs-collection.js';
import { hungarianRecordShop } from './mappings/hungarian-record-shop.js';
import { rollingStone500 } from './mappings/rolling-stone-500.js';

if (!hasSharedData) {
  it('real files are not imported: ../shared/data is not beside the project', () => expect(hasSharedData).toBe(false));
} else {
  describe('real files, imported through the api', () => {
    let product: Product;

    beforeAll(async () => {
      product = await Product.start();
    }, 120_000);
    afterAll(async () => {
      const faults = await product.faults();
      await product.stop();
      expect(faults).toEqual([]);
    });

    it('gives the same rows when a worker is killed over it as when all is calm', async () => {
      const real = discogsCollection;
      const [killed, calm] = [await product.newStore(), await product.newStore()];
      const begun = await product.start(killed, real, { batchSize: 20 });
      const { over: under, lost } = await product.overUnderKills(killed, begun, 1);
      expect(lost).toBeGreaterThanOrEqual(1);
      await product.startWorker();
      const beside = await product.over(calm, await product.start(calm, real));
      for (const job of [under, beside]) {
        expect(job).toMatchObject({ state: 'completed', counts: { total: real.rows, created: real.rows } });
      }
      expect(await product.outcomes(under)).toBe(await product.outcomes(beside));
      const held = await product.holdings(calm);
      expect(held).toMatchObject(real.makes);
      expect(await product.holdings(killed)).toEqual(held);
    }, 300_000);

    it.each([
      // By title and artist; cells that differ in nothing else stand in the file several times.
      ['mojibake-macroman-2017.csv', 'macintosh', ['song_title', 'artist'], 2_017, 1_982],
      ['cr-only-macroman-1000.csv', 'macintosh', ['title', 'release year', 'rating'], 1_000, 500],
      ['thai-tis620.csv', 'tis-620', ['abbr'], 77, 77],
    ] as const)(
      'hostile/%s is refused with a hint while nobody says that it is %s, and then taken',
      async (file, encoding, columns, total, distinct) => {
        const content = await contentOf(`hostile/${file}`);
        const store = await product.newStore();
        const keyColumns = columns.map((column) => ({ column }));
        const mapping = { release: { keyColumns, exactKey: true, title: { column: columns[0] } } };
        const undeclared = await product.over(store, await product.begin(store, content, { mapping }));
        expect(undeclared).toMatchObject({ state: 'failed', failure: { code: 'source.encoding_unknown' } });
        expect(undeclared.failure?.message).toMatch(/is not UTF-8\. It could be .+\. Declare the encoding/);
        const declared = await product.begin(store, content, { mapping, format: { encoding } });
        const counts = { total, created: distinct, skipped: total - distinct, failed: 0 };
        expect(await product.over(store, declared)).toMatchObject({ state: 'completed', counts });
      },
    );

    it.each([discogsCollection, hungarianRecordShop, rollingStone500])(
      '$file: every record has its outcome, and the second time nothing is new',
      async (real) => void (await expectTwice(product, await product.newStore(), real)),
      120_000,
    );
  });
}
