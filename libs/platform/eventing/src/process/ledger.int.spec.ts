import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../../test/support/database.js';
import { startEventing, type TestEventing } from '../../../../../test/support/eventing.js';
import {
  Balances,
  createLedger,
  LargeEntries,
  NoteHandler,
  OverdraftWatch,
  post,
  POSTED,
} from '../../../../../test/support/ledger.js';
import { FeedWriter } from '../../../../../test/support/feed-writer.js';
import { eventually } from '../../../../../test/support/redis-server.js';
import { FeedWakeUps } from '../feed/wake-ups.js';
import { ProcessManager } from './process-manager.js';
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
    await worker.stop();
    @ProcessManager({ name: 'ledger.overdraft-watch', events: [POSTED], startAt: 'beginning' })
    class PatientWatch extends OverdraftWatch {
      override readonly graceMs = 3_600_000;
    }
    worker = await startEventing({ database, providers: [PatientWatch, NoteHandler] });
    const account = newUuid();
    await write(account, -30, 40);
    await eventually('both entries are taken', async () => (await facts(account)).length === 2);
    const timer = `update es.outbox set not_before = clock_timestamp() where command = 'eventing.time-up' returning 1 as done`;
    expect(await database.admin(timer)).toHaveLength(1);
    await eventually('nothing waits', async () => (await database.admin('select 1 from es.outbox')).length === 0);
    expect(await facts(account)).toEqual(['overdraft.began', 'overdraft.ended']);
    expect(await effects()).toEqual([`warned ${account}`]);
  });

  it('begins at the end of a feed that an appender hides: what was before stays unanswered', async () => {
    await registered();
    await write(newUuid(), 5_000);
    await eventually('it is noted', async () => (await effects()).length === 1);
    await worker.stop();
    // As if the reaction were new here.
    await database.admin('delete from es.projections');
    await database.admin('delete from ledger.effect');
    const writer = await FeedWriter.connect(database.rtUrl, TENANT);
    await writer.sql('begin');
    await writer.append(newUuid());
    worker = await startEventing({ database, providers: [LargeEntries, NoteHandler] });
    await eventually('the feed is looked at', async () => {
      const asked = `select 1 from pg_stat_activity where application_name = 'test-feed' and datname = current_database() and query like '%feed_fence%'`;
      return (await database.admin(asked)).length === 1;
    });
    expect(await database.admin('select 1 from es.projections')).toEqual([]);
    await writer.sql('commit');
    await eventually(
      'it is registered',
      async () => (await database.admin('select 1 from es.projections')).length === 1,
    );
    await write(newUuid(), 7_000);
    await eventually('the new one is noted', async () => (await effects()).includes('large 7000'));
    expect(await effects()).toEqual(['large 7000']);
    await writer.close();
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
