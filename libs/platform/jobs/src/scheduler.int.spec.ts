import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { newUuid, PLATFORM_TENANT_ID } from '#platform/kernel';
import { Databases, UnitOfWork } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/redis-server.js';
import { startWorker, type TestWorker } from '../../../../test/support/worker.js';
import { settingsOf } from './options.js';
import { Scheduler } from './scheduler.js';

const HOUR_MS = 3_600_000;

interface Slot {
  slot: Date;
  state: string;
}

describe('scheduled tasks', () => {
  let database: TestDatabase;
  let databases: Databases[];
  let worker: TestWorker | undefined;

  beforeAll(async () => {
    database = await createTestDatabase();
    databases = [];
  });
  afterAll(async () => {
    await Promise.all(databases.map((pools) => pools.close()));
    await database.drop();
  });
  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
    await database.admin('delete from jobs.task');
  });

  function unitOfWork(): UnitOfWork {
    const pools = new Databases({
      main: { url: database.workerUrl, max: 4 },
      applicationName: 'test',
      statementTimeoutMs: 5_000,
      acquireTimeoutMs: 2_000,
      slowQueryMs: 10_000,
    });
    databases.push(pools);
    return new UnitOfWork(pools);
  }

  function scheduler(work = unitOfWork()): Scheduler {
    const made = new Scheduler(work, settingsOf({ concurrency: 1 }));
    made.schedule({ name: 'hourly', everyMs: HOUR_MS, kind: 'test.hourly' });
    return made;
  }

  const slots = (): Promise<Slot[]> => database.admin<Slot>('select slot, state from jobs.task order by slot');
  const finish = (): Promise<unknown> =>
    database.admin(`update jobs.task set state = 'done', finished_at = now() where state = 'pending'`);

  it('records a slot once, however many workers look', async () => {
    const schedulers = Array.from({ length: 4 }, () => scheduler());
    await Promise.all([...schedulers, ...schedulers].map((one) => one.record()));
    const [slot, ...more] = await slots();
    expect(more).toEqual([]);
    expect(slot?.slot.getTime()).toBe(Math.floor(Date.now() / HOUR_MS) * HOUR_MS);
    await finish();
    await schedulers[0]?.record();
    expect(await slots()).toHaveLength(1);
  });

  it('records a slot once when two workers find it missing at the same instant', async () => {
    const work = unitOfWork();
    const [first, second] = [scheduler(work), scheduler()];
    const late = await work.run({ tenantId: PLATFORM_TENANT_ID }, async () => {
      await first.record();
      const waiting = { done: second.record() };
      await sleep(100);
      return waiting;
    });
    await late.done;
    expect(await slots()).toHaveLength(1);
  });

  it('makes up for none of the missed slots but the latest', async () => {
    const one = scheduler();
    await one.record();
    await finish();
    await database.admin(`update jobs.task set slot = slot - interval '5 hours'`);
    await one.record();
    const [old, now, ...more] = await slots();
    expect(more).toEqual([]);
    expect((now?.slot.getTime() ?? 0) - (old?.slot.getTime() ?? 0)).toBe(5 * HOUR_MS);
  });

  it('waits with the next slot while the earlier one is not over', async () => {
    const one = scheduler();
    await one.record();
    await database.admin(`update jobs.task set slot = slot - interval '1 hour'`);
    await one.record();
    expect(await slots()).toHaveLength(1);
  });

  it('records nothing when the clock has gone back', async () => {
    const one = scheduler();
    await one.record();
    await finish();
    await database.admin(`update jobs.task set slot = slot + interval '1 hour'`);
    await one.record();
    expect(await slots()).toHaveLength(1);
  });

  it('refuses two schedules of one name, and one that outlasts the retention', () => {
    const one = scheduler();
    expect(() => one.schedule({ name: 'hourly', everyMs: 1, kind: 'x' })).toThrow('two schedules');
    expect(() => one.schedule({ name: 'monthly', everyMs: 30 * 24 * HOUR_MS, kind: 'x' })).toThrow('retention');
  });

  it('removes expired idempotency rows of all tenants, and only those, in batches', async () => {
    const [a, b] = [newUuid(), newUuid()];
    await database.admin(
      `insert into http.idempotency (tenant_id, scope, fingerprint, status, answer, expires_at)
       select case n % 2 when 0 then $1::uuid else $2 end, sha256(n::text::bytea), sha256('f'), 200, '\\x00',
         now() + case when n <= 2500 then interval '-1 minute' else interval '1 hour' end
       from generate_series(1, 2510) n`,
      [a, b],
    );
    worker = await startWorker({ database, handlers: {} });
    const left = (): Promise<{ tenant_id: string; expired: boolean }[]> =>
      database.admin('select tenant_id, expires_at < now() as expired from http.idempotency');
    await eventually('the expired rows are gone', async () => (await left()).length <= 10);
    const rows = await left();
    expect(rows).toHaveLength(10);
    expect(rows.some((row) => row.expired)).toBe(false);
    expect(new Set(rows.map((row) => row.tenant_id))).toEqual(new Set([a, b]));
    await eventually('the task is over', async () => {
      const runs = await database.admin<{ tenant_id: string; state: string }>(
        `select tenant_id, state from jobs.task where kind = 'http.idempotency-cleanup'`,
      );
      return runs.length === 1 && runs[0]?.tenant_id === PLATFORM_TENANT_ID && runs[0].state === 'done';
    });
  });

  it('removes finished tasks after the retention, failed ones later, and no others', async () => {
    const day = (days: number): string => `now() - interval '${days} days'`;
    const tenantId = newUuid();
    const add = (state: string, at: string): Promise<unknown> =>
      database.admin(
        `insert into jobs.task (tenant_id, id, kind, payload, max_attempts, state, created_at, run_at, finished_at)
         values ($1, gen_random_uuid(), 'test.old', '{}', 1, $2, ${at}, ${at}, case when $2 <> 'pending' then ${at} end)`,
        [tenantId, state],
      );
    await add('done', day(8));
    await add('done', day(6));
    await add('failed', day(8));
    await add('failed', day(29));
    await add('pending', day(40));
    worker = await startWorker({ database, handlers: {} });
    const left = async (): Promise<string[]> =>
      (
        await database.admin<{ state: string }>('select state from jobs.task where tenant_id = $1 order by 1', [
          tenantId,
        ])
      ).map((row) => row.state);
    await eventually('the old ones are gone', async () => (await left()).length === 3);
    expect(await left()).toEqual(['done', 'failed', 'pending']);
  });
});
