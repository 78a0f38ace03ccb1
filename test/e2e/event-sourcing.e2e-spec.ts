/**
 * Looks at all types of events a process knows: with modules of its own.
 * @jest-environment node
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStore, eventTypes, fold, releaseFaults, streamId } from '#platform/eventing';
import { newUuid, systemActor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { given } from '../../libs/platform/eventing/testing/given.js';
import { readReleases } from '../../libs/platform/eventing/testing/release-files.js';
import { schema } from '../../libs/platform/persistence/migrations/kit.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startEventing, type TestEventing } from '../support/eventing.js';
import { filesBelow, textOf } from '../support/project.js';
import { eventually } from '../support/redis-server.js';
import { BALANCE, Balances } from '../support/store-credit/balances.js';
import { ExpireCreditHandler, SpendCredit, SpendCreditHandler } from '../support/store-credit/commands.js';
import { credit, type CreditEvent, spend } from '../support/store-credit/credit.js';
import { Expiry } from '../support/store-credit/expiry.js';

const RELEASES = 'test/support/store-credit/events';

describe('the guide to event sourcing', () => {
  it('shows code that is compiled and tested', () => {
    const sources = [...filesBelow('test/support/store-credit', '.ts'), 'test/e2e/event-sourcing.e2e-spec.ts'];
    const code = sources.map(plain).join('\n');
    const blocks = [...textOf('docs/guides/event-sourcing.md').matchAll(/^```ts\n([\s\S]*?)^```/gm)];
    expect(blocks.length).toBeGreaterThan(8);
    const strange = blocks.map(([, block = '']) => flat(block)).filter((block) => !code.includes(block));
    expect(strange).toEqual([]);
  });
});

describe('the store credit of the guide', () => {
  const granted = { type: 'credit.granted', data: { amount: 500 } } as const;

  it('is spent, and never more than there is', () => {
    given(credit, granted)
      .when(spend(300, 'ord_1'))
      .then({ type: 'credit.spent', data: { amount: 300, order: 'ord_1' } })
      .thenState({ balance: 200 });
    given(credit, granted).when(spend(501, 'ord_1')).thenRefused('credit.not_enough');
  });

  it('has events that read and fold as they were released', () => {
    const folds = (event: { readonly type: string }) => fold(credit, [event as CreditEvent]);
    expect(releaseFaults(eventTypes, readReleases(RELEASES), folds)).toEqual([]);
  });

  describe('in a worker', () => {
    const [tenantId, account] = [newUuid(), newUuid()];
    let database: TestDatabase;
    let worker: TestEventing;

    beforeAll(async () => {
      database = await createTestDatabase();
      for (const sql of [...schema('credit'), ...BALANCE]) await database.admin(sql);
      const providers = [Balances, Expiry, SpendCreditHandler, ExpireCreditHandler];
      worker = await startEventing({ database, providers });
    });
    afterAll(async () => {
      await worker.stop();
      await database.drop();
    });

    const shows = (balance: number) =>
      eventually(`the view shows ${balance}`, async () => {
        const rows = await database.admin('select balance::int from credit.balance where account = $1', [account]);
        return JSON.stringify(rows) === JSON.stringify([{ balance }]);
      });

    it('is shown, spent, rebuilt and taken back in the end', async () => {
      const store = worker.app.get(EventStore, { strict: false });
      await store.append(streamId(credit.category, tenantId, account), [granted], { expected: 'none' });
      await shows(500);
      await eventually('the timer waits', async () => (await database.admin('select 1 from es.outbox')).length === 1);
      const actor = systemActor(tenantId, 'test');
      const spent = new SpendCredit(actor, { account, amount: 120, order: 'ord_1' });
      expect(await worker.app.get(Bus, { strict: false }).execute(spent)).toEqual({ balance: 380 });
      await shows(380);
      await database.admin(`update es.projections set wish = 'rebuild' where name = 'credit.balances'`);
      const isRebuilt = `select 1 from es.projections where slot = 'b' and status = 'live'`;
      await eventually('it is rebuilt', async () => (await database.admin(isRebuilt)).length === 1);
      // A year later.
      await database.admin('update es.outbox set not_before = now()');
      await shows(0);
      const types = await database.admin<{ type: string }>('select type from es.events order by position');
      expect(types.map(({ type }) => type)).toEqual([
        'credit.granted',
        'credit.expiry-began',
        'credit.spent',
        'credit.spent',
      ]);
    });
  });
});

/** A file's code without its indentation, so that a block from within a function is found. */
const plain = (path: string): string => flat(textOf(path));
const flat = (code: string): string => code.replace(/^\s+/gm, '').trim();
