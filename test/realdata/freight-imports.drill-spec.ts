import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JobView } from '../../libs/freight/src/freight.views.js';
import { hasSharedData } from './freight-files.js';
import { Product } from '../support/freight-product.js';
import { expectTwice } from './freight-twice.js';
import { discogsCollection } from './mappings/discogs-collection.js';
import { goodbooks } from './mappings/goodbooks.js';
import { hungarianRecordShop } from './mappings/hungarian-record-shop.js';
import type { RealImport } from './mappings/real-import.js';
import { rollingStone500 } from './mappings/rolling-stone-500.js';
import { spotifyCharts } from './mappings/spotify-charts.js';
import { videoGameSales } from './mappings/video-game-sales.js';

const ALL = [discogsCollection, hungarianRecordShop, rollingStone500, goodbooks, videoGameSales, spotifyCharts];
/** Workers that are killed over each file. */
const KILLS = 3;
/** So many batches that each kill finds one under way. */
const MOST_BATCHES = 60;

function shown(what: string, { file }: RealImport, { counts, releases, stock, progress }: JobView): void {
  const numbers = JSON.stringify({ ...counts, releases, stock, perMinute: progress.recordsPerMinute });
  process.stdout.write(`drill ${file} ${what} ${numbers}\n`);
}

if (!hasSharedData) {
  it('real files are not imported: ../shared/data is not beside the project', () => expect(hasSharedData).toBe(false));
} else {
  describe('all real files, imported through the api', () => {
    let product: Product;

    beforeAll(async () => {
      product = await Product.start();
    }, 120_000);
    afterAll(async () => {
      const faults = await product.faults();
      await product.stop();
      expect(faults).toEqual([]);
    });

    it.each(ALL)(
      '$file: the same rows twice, and under workers that are killed',
      async (real) => {
        const killed = await product.newStore();
        const batchSize = Math.ceil(real.rows / MOST_BATCHES);
        const begun = await product.start(killed, real, { batchSize });
        const { over: under, lost } = await product.overUnderKills(killed, begun, KILLS);
        // Each of the workers held a batch when it was killed.
        expect(lost).toBeGreaterThanOrEqual(KILLS);
        shown('killed', real, under);

        const calm = await product.newStore();
        const worker = await product.startWorker();
        const [first, second] = await expectTwice(product, calm, real);
        shown('first', real, first);
        shown('second', real, second);
        expect(under).toMatchObject({ state: 'completed', counts: first.counts });
        expect(await product.outcomes(under)).toBe(await product.outcomes(first));
        expect(await product.holdings(killed)).toEqual(await product.holdings(calm));
        await worker.kill();
      },
      1_800_000,
    );
  });
}
