import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { runMachine } from '../support/feed-machine.js';

/** A million events, in rounds that differ in how hot the streams are. */
const ROUNDS = [
  { events: 250_000, writers: 64, subscribers: 4, streams: 30 },
  { events: 250_000, writers: 64, subscribers: 4, streams: 3_000 },
  { events: 250_000, writers: 12, subscribers: 8, streams: 9 },
  { events: 250_000, writers: 32, subscribers: 4, streams: 300 },
];

describe('the order of the feed over a million events', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it.each(ROUNDS)(
    'holds for $events events of $writers writers on $streams streams',
    async (round) => {
      await database.admin('truncate es.events, es.streams, es.commands');
      const report = await runMachine(database, { ...round, seed: Date.now() });
      process.stdout.write(
        `figure feed-order ${JSON.stringify({ ...round, ...report, faults: report.faults.flat().length })}\n`,
      );
      expect(report.faults.flat()).toEqual([]);
      expect(report.stored).toBeGreaterThanOrEqual(round.events);
      expect(report.stalled).toBe(false);
    },
    1_800_000,
  );
});
