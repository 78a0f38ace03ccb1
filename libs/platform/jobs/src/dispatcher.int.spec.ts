import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Client } from 'pg';
import { newUuid } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/redis-server.js';
import { createEffectTable, startWorker, type TestWorker } from '../../../../test/support/worker.js';
import { DispatchStore } from './dispatch-store.js';

const KIND = 'test.work';
const HOUR_MS = 3_600_000;
const tenantId = newUuid();
/** The lock that lets one worker hand out at a time. */
const LOCK = 5_202_611;

/** None of these workers polls while the test runs: what happens comes of a wake-up. */
describe('a dispatcher that nobody lets poll', () => {
  let database: TestDatabase;
  let worker: TestWorker;

  beforeAll(async () => {
    database = await createTestDatabase();
    await createEffectTable(database);
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    worker = await startWorker({
      database,
      redisUrl: process.env['TEST_REDIS_URL'] ?? '',
      jobs: { pollEveryMs: HOUR_MS, leaseMs: HOUR_MS },
      handlers: { [KIND]: () => Promise.resolve() },
    });
  });
  afterEach(() => worker.stop());

  const done = (id: string): Promise<void> =>
    eventually(
      'the task is done',
      async () => (await database.admin(`select 1 from jobs.task where id = $1 and state = 'done'`, [id])).length === 1,
      20_000,
    );

  it('hands out whenever work is recorded, and does not look for dead workers each time', async () => {
    await done(await worker.enqueue({ tenantId, kind: KIND }));
    const lost = newUuid();
    await database.admin(
      `insert into jobs.task (tenant_id, id, kind, payload, max_attempts, state, dispatched_at, dispatch_no, lease_owner, lease_token, lease_until)
       values ($1, $2, $3, '{}', 3, 'running', now(), 1, 'a dead worker', 1, now() - interval '1 minute')`,
      [tenantId, lost, KIND],
    );
    for (let turn = 0; turn < 5; turn++) await done(await worker.enqueue({ tenantId, kind: KIND }));
    const [row] = await database.admin('select state, lease_owner as owner from jobs.task where id = $1', [lost]);
    expect(row).toEqual({ state: 'running', owner: 'a dead worker' });
  });

  it('looks again by itself while another one hands out', async () => {
    const other = new Client({ connectionString: database.ownerUrl });
    await other.connect();
    try {
      await other.query('select pg_advisory_lock($1)', [LOCK]);
      const looks = jest.spyOn(DispatchStore.prototype, 'alone');
      const id = await worker.enqueue({ tenantId, kind: KIND });
      // The wake-up has come and gone: nobody is told of the task again.
      await eventually('it has found the lock taken several times', () => looks.mock.calls.length >= 3);
      expect(await database.admin('select state from jobs.task where id = $1', [id])).toEqual([{ state: 'pending' }]);
      await other.query('select pg_advisory_unlock($1)', [LOCK]);
      await done(id);
    } finally {
      jest.restoreAllMocks();
      await other.end();
    }
  });
});
