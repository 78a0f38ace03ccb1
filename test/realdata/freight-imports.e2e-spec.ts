import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hasSharedData } from './freight-files.js';
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
      const under = await product.overUnderKills(killed, await product.start(killed, real, { batchSize: 20 }), 1);
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

    it.each([discogsCollection, hungarianRecordShop, rollingStone500])(
      '$file: every record has its outcome, and the second time nothing is new',
      async (real) => void (await expectTwice(product, await product.newStore(), real)),
      120_000,
    );
  });
}
