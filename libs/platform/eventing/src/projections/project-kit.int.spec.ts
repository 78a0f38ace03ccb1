import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import type { Unit } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../../../../../test/support/database.js';
import { Balances, createLedger, foldBalances, POSTED } from '../../../../../test/support/ledger.js';
import { project } from '../../testing/project.js';
import type { FeedEvent } from '../feed/feed.js';
import { type IProjection, Projection } from './projection.js';

const posted = (amount: number, streamId?: string) => ({
  type: POSTED,
  data: { amount },
  ...(streamId && { streamId }),
});

/** Depends on how the feed is cut: counts pages instead of entries. */
@Projection({ name: 'ledger.pages', version: 1, events: [POSTED], views: ['ledger.balance'] })
class Pages implements IProjection {
  apply([event]: readonly FeedEvent[], unit: Unit, table: (view: string) => string): Promise<void> {
    return foldBalances(event ? [event] : [], unit, table('ledger.balance'));
  }
}

describe('the test kit of projections', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await createLedger(database);
  });
  afterAll(() => database.drop());

  it('shows the rows that events lead to', async () => {
    const [one, two] = [newUuid(), newUuid()];
    await project(database, new Balances(), posted(1, one), posted(5, two), posted(2, one)).expect('ledger.balance', [
      { account: two, balance: 5, entries: 1 },
      { account: one, balance: 3, entries: 2 },
    ]);
    await project(database, new Balances(), posted(1)).expect('ledger.balance', [{ balance: 1 }]);
    await project(database, new Balances()).expect('ledger.balance', []);
  });

  it('fails for other rows, and for a projection to which it matters how the feed is cut', async () => {
    const wrong = project(database, new Balances(), posted(1)).expect('ledger.balance', [{ balance: 2 }]);
    await expect(wrong).rejects.toThrow('deep equality');
    await expect(project(database, new Pages(), posted(1)).expect('ledger.balance', [{ entries: 1 }])).resolves.toBe(
      undefined,
    );
    const cut = project(database, new Pages(), posted(1), posted(2)).expect('ledger.balance', [{ entries: 1 }]);
    await expect(cut).rejects.toThrow('deep equality');
  });
});
