import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { createAdditiveTable, csvOf, FreightApp, goodRows } from '../support/freight.js';

describe('a store that floods the workers', () => {
  let database: TestDatabase;
  let app: FreightApp;

  beforeAll(async () => {
    database = await createTestDatabase();
    await createAdditiveTable(database);
    app = await FreightApp.start(database);
  });
  afterAll(async () => {
    await app.stop();
    await database.drop();
  });

  it('does not keep the others waiting: their work is done when they have had their share, not when its is', async () => {
    app.delayMs = 20;
    const flooder = app.newStore();
    const flood = await Promise.all(
      Array.from({ length: 8 }, (_, job) => app.start(flooder, csvOf(goodRows(200, `f${job}-`)), { batchSize: 2 })),
    );
    const small = Array.from({ length: 4 }, () => app.newStore());
    const jobs = await Promise.all(small.map((store) => app.start(store, csvOf(goodRows(20)), { batchSize: 2 })));
    await Promise.all(small.map((store, index) => app.over(store, jobs[index]?.id ?? '', 60_000)));
    // Eight hundred batches against forty: by turns, the flooder has had at most about its fifth when the others are done.
    const done = (await Promise.all(flood.map(({ id }) => app.job(flooder, id)))).reduce(
      (sum, job) => sum + job.progress.done,
      0,
    );
    expect(done).toBeLessThan(800);
    app.delayMs = 0;
    for (const { id } of flood) expect((await app.over(flooder, id, 60_000)).counts.created).toBe(200);
    expect(await app.accountingFaults()).toEqual([]);
  });
});
