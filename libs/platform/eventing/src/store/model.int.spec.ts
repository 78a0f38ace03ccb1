import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { checkAgainstModel } from '../../testing/model.js';
import { openPostgresStore, type PostgresStore } from '../../testing/postgres.js';

let under: PostgresStore;
beforeAll(async () => void (under = await openPostgresStore()));
afterAll(() => under.dispose());

it('the store in PostgreSQL does what the model does, whatever the history', async () => {
  await checkAgainstModel(under, { numRuns: 60 });
});

it('streams have the versions 1 to n, and the events of a tenant are all in its streams', async () => {
  const [counts] = await under.database.admin<{ events: number; streams: number; gaps: number }>(
    `select count(*)::int as events, (select coalesce(sum(version), 0)::int from es.streams) as streams,
       (select count(*)::int from (select count(*) <> max(e.version) as gap from es.events e group by e.tenant_id, e.stream_id) g where gap) as gaps
       from es.events`,
  );
  // Histories are random: 250 times sixty of them had 976 to 1,656 events.
  expect(counts?.events).toBeGreaterThan(500);
  expect(counts).toMatchObject({ streams: counts?.events, gaps: 0 });
});
