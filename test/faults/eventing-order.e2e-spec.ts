import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { runMachine } from '../support/feed-machine.js';

describe('the order of the feed under load', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('shows 50,000 events of 24 writers to 3 subscribers: none skipped, none twice, none out of order', async () => {
    const setup = { events: 50_000, writers: 24, subscribers: 3, streams: 60, seed: 20261120 };
    const report = await runMachine(database, setup);
    expect(report.stored).toBeGreaterThanOrEqual(50_000);
    expect(report.rolledBack).toBeGreaterThan(1_000);
    expect(report).toMatchObject({ faults: [[], [], []], stalled: false });
  });
});
