import { describe, expect, it } from '@jest/globals';
import { LANES } from '../support/freight-faults.js';
import { FreightDrill } from '../support/freight-drill.js';

/** Minutes of faults; the same seed throws the same faults in the same order in each lane. */
const MINUTES = Number(process.env['FREIGHT_DRILL_MINUTES'] ?? 3);
const SEED = Number(process.env['FREIGHT_DRILL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe('stores that import while workers, Redis and PostgreSQL fail at random', () => {
  it(
    'lose no record, double none, and are all served',
    async () => {
      process.stdout.write(`drill freight: FREIGHT_DRILL_SEED=${SEED} FREIGHT_DRILL_MINUTES=${MINUTES}\n`);
      const faultsMs = MINUTES * 60_000;
      const drill = await FreightDrill.start({
        seed: SEED,
        faultsMs,
        workers: 3,
        longestAwayMs: Math.min(60_000, faultsMs / 4),
      });
      try {
        const { wrong, servedMeanwhile, ...figures } = await drill.run();
        process.stdout.write(`drill freight: ${JSON.stringify({ ...figures, servedMeanwhile })}\n`);
        expect(wrong).toEqual([]);
        for (const store of ['flooder', 'calm', 'unlucky', 'small']) expect(servedMeanwhile[store]).toBeGreaterThan(0);
        expect(Object.keys(figures.faults).length).toBeGreaterThan(Object.keys(LANES).length);
      } finally {
        await drill.close();
      }
    },
    MINUTES * 60_000 + 1_500_000,
  );
});
