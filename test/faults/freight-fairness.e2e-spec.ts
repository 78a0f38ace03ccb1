import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { createAdditiveTable, csvOf, FreightApp, goodRows } from '../support/freight.js';

/** Batches that were done from when the others' were there to when they were over. $1 is the flooder. */
const TAKEN_TOGETHER = `
  with others as (
    select min(t.created_at) as since, max(b.finished_at) as until from freight.batch b
      join jobs.task t on t.tenant_id = b.tenant_id and t.id = b.id where b.tenant_id <> $1)
  select (count(*) filter (where tenant_id = $1))::int as flooder, (count(*) filter (where tenant_id <> $1))::int as others
  from freight.batch, others where finished_at between since and until`;

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
    // Eight hundred batches against forty: in order of arrival, the flooder would have had nearly all of them first.
    const [taken] = await database.admin<{ flooder: number; others: number }>(TAKEN_TOGETHER, [flooder.tenantId]);
    expect(taken?.others).toBe(40);
    expect(taken?.flooder).toBeLessThanOrEqual(40);
    app.delayMs = 0;
    for (const { id } of flood) expect((await app.over(flooder, id, 60_000)).counts.created).toBe(200);
    expect(await app.accountingFaults()).toEqual([]);
  });
});
