import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../../test/support/database.js';
import { startEventing, type TestEventing } from '../../../../../test/support/eventing.js';
import {
  Balances,
  createLedger,
  GRACE_MS,
  LargeEntries,
  NoteHandler,
  OverdraftWatch,
  post,
} from '../../../../../test/support/ledger.js';
import { eventually } from '../../../../../test/support/redis-server.js';
import { FeedWakeUps } from '../feed/wake-ups.js';
import { processId, Processes } from './processes.js';

const TENANT = newUuid();
const BALANCES = 'select account, balance::int, entries from';

describe('the ledger: a projection, a reactor and a process manager with a timer', () => {
  let database: TestDatabase;
  let worker: TestEventing;

  beforeEach(async () => {
    database = await createTestDatabase();
    await createLedger(database);
    worker = await startEventing({ database, providers: [Balances, OverdraftWatch, LargeEntries, NoteHandler] });
  });
  afterEach(async () => {
    await worker.stop();
    await database.drop();
  });

  const write = async (account: string, ...amounts: number[]): Promise<void> => {
    await worker.work.run({ tenantId: TENANT }, (unit) => post(unit, account, amounts));
    worker.app.get(FeedWakeUps, { strict: false }).send();
  };
  const effects = async (): Promise<string[]> =>
    (await database.admin<{ what: string }>('select what from ledger.effect')).map(({ what }) => what);
  const facts = async (account: string): Promise<string[]> => {
    const stream = processId('ledger.overdraft-watch', account);
    const rows = await database.admin<{ type: string }>(
      'select type from es.events where stream_id = $1 order by version',
      [stream],
    );
    return rows.map(({ type }) => type);
  };
  const registered = () =>
    eventually('all are registered', async () => (await database.admin('select 1 from es.projections')).length === 3);

  it('charges an account that stays overdrawn for the time of grace: once', async () => {
    const account = newUuid();
    await write(account, 10, -30);
    await eventually('it is charged', async () => (await effects()).includes('grace is over'));
    expect(await facts(account)).toEqual(['overdraft.moved', 'overdraft.began', 'overdraft.charged']);
    expect((await effects()).sort()).toEqual(['grace is over', `warned ${account}`]);
  });

  it('lets a timer pass that the process has overtaken', async () => {
    const account = newUuid();
    await write(account, -30, 40);
    await eventually('the timer is gone', async () => (await database.admin('select 1 from es.outbox')).length === 0);
    await new Promise((resolve) => setTimeout(resolve, GRACE_MS + 100));
    await eventually('nothing waits', async () => (await database.admin('select 1 from es.outbox')).length === 0);
    expect(await facts(account)).toEqual(['overdraft.began', 'overdraft.ended']);
    expect(await effects()).toEqual([`warned ${account}`]);
  });

  it('is not harmed by a timer that comes twice', async () => {
    const account = newUuid();
    await write(account, -30);
    await eventually('it is charged', async () => (await effects()).includes('grace is over'));
    const process = processId('ledger.overdraft-watch', account);
    const payload = { manager: 'ledger.overdraft-watch', process, timer: 'grace', version: 1 };
    const processes = worker.app.get(Processes, { strict: false });
    for (let n = 0; n < 2; n++) await worker.work.run({ tenantId: TENANT }, (unit) => processes.timeUp(unit, payload));
    expect(await facts(account)).toEqual(['overdraft.began', 'overdraft.charged']);
  });

  it('notes large entries once, and only those since it was deployed', async () => {
    await registered();
    await write(newUuid(), 5_000, 1, 2_000);
    await eventually('they are noted', async () => (await effects()).length === 2);
    expect((await effects()).sort()).toEqual(['large 2000', 'large 5000']);
  });

  it('shows the same live and rebuilt, byte for byte', async () => {
    await registered();
    const accounts = Array.from({ length: 12 }, () => newUuid());
    for (let n = 0; n < 60; n++) await write(accounts[n % 12] ?? '', n, -n, 7);
    const total = async (): Promise<unknown> =>
      (await database.admin<{ n: number }>('select coalesce(sum(entries), 0)::int as n from ledger.balance'))[0]?.n;
    await eventually('it is complete', async () => (await total()) === 180);
    await database.admin(`update es.projections set wish = 'rebuild' where name = 'ledger.balances'`);
    await eventually(
      'it is rebuilt',
      async () =>
        (await database.admin(`select 1 from es.projections where slot = 'b' and status = 'live'`)).length === 1,
    );
    const [live, rebuilt] = await Promise.all(
      ['a', 'b'].map((slot) => database.admin(`${BALANCES} ledger.balance_${slot} order by account`)),
    );
    expect(rebuilt).toHaveLength(12);
    expect(JSON.stringify(rebuilt)).toBe(JSON.stringify(live));
  });

  it('is awake within a moment of a commit that was announced', async () => {
    await registered();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const waits: number[] = [];
    for (let n = 0; n < 9; n++) {
      const account = newUuid();
      await write(account, 1);
      const startedAt = performance.now();
      await eventually(
        'it is shown',
        async () => (await database.admin(`${BALANCES} ledger.balance where account = $1`, [account])).length === 1,
      );
      waits.push(performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    // The poll alone would take 125 ms on average and 250 ms at worst.
    expect(waits.sort((x, y) => x - y)[4]).toBeLessThan(125);
  });
});
