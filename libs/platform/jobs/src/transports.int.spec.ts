import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Bull from 'bull';
import { setTimeout as sleep } from 'node:timers/promises';
import { newUuid } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { eventually, OwnRedis } from '../../../../test/support/redis-server.js';
import { createEffectTable, startWorker, type TestWorker } from '../../../../test/support/worker.js';
import { BullTransport } from './bull-transport.js';

const KIND = 'test.work';
const tenantId = newUuid();

describe('handing out tasks with a Redis that comes and goes', () => {
  let database: TestDatabase;
  let redis: OwnRedis;
  let workers: TestWorker[];

  beforeAll(async () => {
    database = await createTestDatabase();
    await createEffectTable(database);
  });
  afterAll(() => database.drop());

  beforeEach(async () => {
    workers = [];
    redis = await OwnRedis.create();
    await database.admin('delete from jobs.task');
    await database.admin('delete from probe.effect');
  });
  afterEach(async () => {
    redis.thaw();
    await Promise.all(workers.map((worker) => worker.stop()));
    await redis.remove();
  });

  async function worker(jobs: { pollEveryMs?: number } = {}): Promise<TestWorker> {
    const started = await startWorker({
      database,
      redisUrl: redis.url,
      jobs,
      handlers: {
        [KIND]: async (task) => {
          await sleep((task.payload as { ms?: number }).ms ?? 0);
          return async (unit) => {
            await unit.run('insert into probe.effect values ($1, $2)', [task.tenantId, task.id]);
          };
        },
      },
    });
    workers.push(started);
    return started;
  }

  const queueOf = ({ app }: TestWorker): BullTransport => app.get(BullTransport, { strict: false });
  const throughQueue = (of: TestWorker): Promise<void> =>
    eventually('work goes through the queue', () => queueOf(of).isUp, 8_000);

  async function runsOnce({ enqueue }: TestWorker, count: number, withinMs = 10_000): Promise<void> {
    const ids = await Promise.all(Array.from({ length: count }, () => enqueue({ tenantId, kind: KIND })));
    await eventually(
      'all done',
      async () =>
        (await database.admin(`select 1 from jobs.task where id = any($1) and state <> 'done'`, [ids])).length === 0,
      withinMs,
    );
    const rows = await database.admin<{ task_id: string }>('select task_id from probe.effect where task_id = any($1)', [
      ids,
    ]);
    expect(rows.map((row) => row.task_id).sort()).toEqual([...ids].sort());
  }

  it('wakes up for a new task instead of waiting for its next round', async () => {
    await redis.start();
    const slow = await worker({ pollEveryMs: 1_500 });
    await throughQueue(slow);
    const startedAt = performance.now();
    for (let i = 0; i < 8; i++) await runsOnce(slow, 1);
    // Each would wait a round of 1.5 s if nothing woke the worker.
    expect(performance.now() - startedAt).toBeLessThan(6_000);
  });

  it('shares the work of one queue between two workers', async () => {
    await redis.start();
    const [first, second] = [await worker(), await worker()];
    await throughQueue(first);
    await throughQueue(second);
    await runsOnce(first, 100);
  });

  it('starts without Redis, works from PostgreSQL, and changes over when Redis appears', async () => {
    const early = await worker();
    await runsOnce(early, 10);
    expect(queueOf(early).isUp).toBe(false);
    await redis.start();
    await throughQueue(early);
    await runsOnce(early, 10);
  });

  it('goes on when Redis is killed and comes back empty', async () => {
    await redis.start();
    const steady = await worker();
    await throughQueue(steady);
    const during = runsOnce(steady, 100);
    await redis.kill();
    await during;
    await runsOnce(steady, 20);
    await redis.start();
    await throughQueue(steady);
    await runsOnce(steady, 20);
  });

  it('loses nothing when Redis is flushed again and again', async () => {
    await redis.start();
    const steady = await worker();
    await throughQueue(steady);
    const during = runsOnce(steady, 200);
    for (let i = 0; i < 8; i++) {
      await steady.redis.client.flushall();
      await sleep(50);
    }
    await during;
  });

  it('runs what was handed over and lost in a queue that looks healthy', async () => {
    await redis.start();
    const steady = await worker();
    await throughQueue(steady);
    const id = newUuid();
    await database.admin(
      `insert into jobs.task (tenant_id, id, kind, payload, max_attempts, dispatch_no, dispatched_at)
       values ($1, $2, $3, '{}', 6, 1, now())`,
      [tenantId, id, KIND],
    );
    await eventually(
      'it was run',
      async () => (await database.admin(`select 1 from jobs.task where id = $1 and state = 'done'`, [id])).length > 0,
    );
    await throughQueue(steady);
  });

  it('goes on when Redis freezes, and changes back when it thaws', async () => {
    await redis.start();
    const steady = await worker();
    await throughQueue(steady);
    redis.freeze();
    await runsOnce(steady, 20);
    redis.thaw();
    await throughQueue(steady);
    await runsOnce(steady, 20);
  });

  it('goes on when Redis takes no more writes', async () => {
    await redis.start();
    const steady = await worker();
    await throughQueue(steady);
    await steady.redis.client.config('SET', 'maxmemory', '1');
    await runsOnce(steady, 20);
    expect(queueOf(steady).isUp).toBe(false);
    await steady.redis.client.config('SET', 'maxmemory', '0');
    await throughQueue(steady);
  });

  it('drains without leaving anything in the queue', async () => {
    await redis.start();
    const leaving = await worker();
    await throughQueue(leaving);
    const id = await leaving.enqueue({ tenantId, kind: KIND, payload: { ms: 500 } });
    const state = async (): Promise<string | undefined> =>
      (await database.admin<{ state: string }>('select state from jobs.task where id = $1', [id]))[0]?.state;
    await eventually('it runs', async () => (await state()) === 'running');
    await leaving.runner.drain(5_000);
    expect(await state()).toBe('done');
    expect(await leaving.redis.client.keys('{bull}:*')).toEqual(['{bull}:tasks:id']);
  });

  it('runs nothing for forged, repeated or foreign entries in the queue', async () => {
    await redis.start();
    const steady = await worker();
    await throughQueue(steady);
    await runsOnce(steady, 1);
    const [done] = await database.admin<{ id: string }>('select id from jobs.task where kind = $1', [KIND]);
    const later = await steady.enqueue({ tenantId, kind: KIND, runAt: new Date(Date.now() + 60_000) });
    const queue = new Bull('tasks', redis.url, { prefix: '{bull}' });
    const forged: [string, unknown][] = [
      ['__default__', { tenantId, taskId: done?.id, dispatchNo: 1 }],
      ['__default__', { tenantId, taskId: later, dispatchNo: 1 }],
      ['__default__', { tenantId: newUuid(), taskId: later, dispatchNo: 1 }],
      ['__default__', { tenantId, taskId: newUuid(), dispatchNo: 1, kind: KIND, payload: { all: true } }],
      ['unknown', { taskId: 'x'.repeat(500_000) }],
    ];
    const options = { removeOnComplete: true, removeOnFail: true };
    const jobs = await Promise.all(forged.map(([name, data]) => queue.add(name, data, options)));
    await eventually('all were taken from the queue', async () => {
      const left = await Promise.all(jobs.map((job) => queue.getJob(job.id)));
      return left.every((job) => job === null);
    });
    await queue.close();
    const effects = await database.admin('select 1 from probe.effect');
    expect(effects).toHaveLength(1);
    const [waiting] = await database.admin('select state, attempts from jobs.task where id = $1', [later]);
    expect(waiting).toEqual({ state: 'pending', attempts: 0 });
  });
});
