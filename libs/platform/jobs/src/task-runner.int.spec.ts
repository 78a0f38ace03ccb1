import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { declareErrors, newUuid } from '#platform/kernel';
import { currentTraceId, newTraceId, renderMetrics, runInContext } from '#platform/telemetry';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/redis-server.js';
import { createEffectTable, startWorker, type TestWorker, type WorkerSetup } from '../../../../test/support/worker.js';
import type { TaskEffect } from './task-handler.js';
import type { TaskRun } from './task-run.js';
import { TaskRunner } from './task-runner.js';
import { WorkerRegistry } from './worker-registry.js';

const KIND = 'test.work';
const tenantId = newUuid();
const errors = declareErrors('runnerspec', { no: { problem: 'validation-failed', when: 'In this test.' } });

interface Row {
  state: string;
  attempts: number;
  error: string | null;
  lease_owner: string | null;
  dispatch_no: string;
  run_at: Date;
}

/** Leaves one trace per effect that stays. */
const trace =
  (task: TaskRun, note = ''): TaskEffect =>
  async (unit) => {
    await unit.run('insert into probe.effect values ($1, $2, $3)', [task.tenantId, task.id, note]);
  };

describe('running tasks without Redis', () => {
  let database: TestDatabase;
  let workers: TestWorker[];

  beforeAll(async () => {
    database = await createTestDatabase();
    await createEffectTable(database);
  });
  afterAll(() => database.drop());

  beforeEach(async () => {
    workers = [];
    await database.admin('delete from jobs.task');
    await database.admin('delete from probe.effect');
  });
  afterEach(() => Promise.all(workers.map((worker) => worker.stop())));

  async function worker(
    run: WorkerSetup['handlers'][string],
    jobs?: WorkerSetup['jobs'],
    options?: WorkerSetup['handlerOptions'],
  ): Promise<TestWorker> {
    const started = await startWorker({
      database,
      handlers: { [KIND]: run },
      handlerOptions: { backoff: { baseMs: 10, capMs: 50 }, timeoutMs: 3_000, ...options },
      ...(jobs ? { jobs } : {}),
    });
    workers.push(started);
    return started;
  }

  const task = async (id: string): Promise<Row> => {
    const [row] = await database.admin<Row>('select * from jobs.task where id = $1', [id]);
    if (!row) throw new Error('no such task');
    return row;
  };
  const reaches = (id: string, state: string): Promise<void> =>
    eventually(`task ${state}`, async () => (await task(id)).state === state, 8_000);
  const effects = async (id: string): Promise<string[]> =>
    (await database.admin<{ note: string }>('select note from probe.effect where task_id = $1', [id])).map(
      (r) => r.note,
    );

  it('runs each task exactly once while two workers race', async () => {
    const first = await worker(async (run) => trace(run));
    await worker(async (run) => trace(run));
    const ids = await Promise.all(Array.from({ length: 60 }, () => first.enqueue({ tenantId, kind: KIND })));
    await eventually(
      'all done',
      async () =>
        (await database.admin(`select 1 from jobs.task where state <> 'done' and kind = $1`, [KIND])).length === 0,
      10_000,
    );
    const rows = await database.admin<{ task_id: string }>('select task_id from probe.effect');
    expect(rows.map((row) => row.task_id).sort()).toEqual([...ids].sort());
  });

  it('hands the handler what was enqueued, in the same trace, and its tenant to the effect', async () => {
    const traceId = newTraceId();
    const seen: unknown[] = [];
    const { enqueue } = await worker(async (run) => {
      seen.push([run.payload, run.attempt, run.kind, currentTraceId()]);
      return async (unit) => void seen.push(unit.tenantId);
    });
    const request = { requestId: 'r', traceId };
    const id = await runInContext(request, () => enqueue({ tenantId, kind: KIND, payload: { what: ['x', 1] } }));
    await reaches(id, 'done');
    expect(seen).toEqual([[{ what: ['x', 1] }, 1, KIND, traceId], tenantId]);
    await eventually('it is counted', async () => {
      const { body } = await renderMetrics();
      return /app_task_run_seconds_count\{kind="test.work",outcome="done"\} \d/.test(body);
    });
  });

  it('waits until a task is due by the database clock', async () => {
    const { enqueue } = await worker(async (run) => trace(run));
    const id = await enqueue({ tenantId, kind: KIND, runAt: new Date(Date.now() + 600) });
    await sleep(300);
    expect((await task(id)).state).toBe('pending');
    await reaches(id, 'done');
  });

  it('repeats a failed attempt and keeps nothing of it', async () => {
    const { enqueue } = await worker(async (run) => async (unit) => {
      await trace(run, `attempt ${run.attempt}`)(unit);
      if (run.attempt < 3) throw new Error('not yet');
    });
    const id = await enqueue({ tenantId, kind: KIND });
    await reaches(id, 'done');
    expect(await effects(id)).toEqual(['attempt 3']);
    expect(await task(id)).toMatchObject({ attempts: 3, error: null });
  });

  it('fails a task for good after its last attempt and keeps the error', async () => {
    const { enqueue } = await worker(() => Promise.reject(new TypeError('broken')));
    const id = await enqueue({ tenantId, kind: KIND, maxAttempts: 2 });
    await reaches(id, 'failed');
    expect(await task(id)).toMatchObject({ attempts: 2, error: 'TypeError: broken', lease_owner: null });
  });

  it('does not repeat what the domain refuses', async () => {
    const { enqueue } = await worker(() => Promise.reject(errors.no('never')));
    const id = await enqueue({ tenantId, kind: KIND });
    await reaches(id, 'failed');
    expect(await task(id)).toMatchObject({ attempts: 1, error: 'DomainError: never' });
  });

  it('takes the slot back from a handler that hangs', async () => {
    const { enqueue } = await worker((run) => (run.attempt === 1 ? new Promise(() => undefined) : trace(run)), {
      concurrency: 1,
    });
    const id = await enqueue({ tenantId, kind: KIND });
    await reaches(id, 'done');
    expect((await task(id)).attempts).toBe(2);
  });

  it('keeps the lease of a task that takes longer than the lease', async () => {
    const { enqueue } = await worker(async (run) => {
      await sleep(1_800);
      return trace(run);
    });
    const id = await enqueue({ tenantId, kind: KIND });
    await reaches(id, 'done');
    expect((await task(id)).attempts).toBe(1);
  });

  it('renews its leases and says that it is alive in one message, so that a slow database costs none', async () => {
    const { app, runner } = await worker(trace);
    await runner.drain(0);
    const registry = app.get(WorkerRegistry, { strict: false });
    const hold = async (owner: string, token: number): Promise<void> =>
      void (await database.admin(
        `insert into jobs.task (tenant_id, id, kind, payload, max_attempts, state, attempts, lease_owner, lease_token, lease_until)
         values ($1, $2, $3, '{}', 6, 'running', 1, $4, $5, now() + interval '1 s')`,
        [tenantId, newUuid(), KIND, owner, token],
      ));
    await hold(registry.id, 1_000_001);
    await hold('another', 1_000_002);
    const state = { slots: 4, busy: 1, draining: false };
    const leases = { tokens: [1_000_001, 1_000_002, 1_000_003], leaseMs: 60_000 };
    // The statement is prepared by its first use.
    await registry.beat(state, leases);
    const messages = jest.spyOn(Client.prototype, 'query');
    const kept = await registry.beat(state, leases);
    expect(messages).toHaveBeenCalledTimes(1);
    messages.mockRestore();
    expect(kept).toEqual(new Set([1_000_001]));
    const renewed = await database.admin<{ token: number }>(
      `select lease_token::int as token from jobs.task where lease_until > now() + interval '30 s'`,
    );
    expect(renewed).toEqual([{ token: 1_000_001 }]);
    const [listed] = await database.admin('select slots, busy from jobs.worker where id = $1', [registry.id]);
    expect(listed).toEqual({ slots: 4, busy: 1 });
  });

  it('fences a holder that lost its task: its effect and its steps roll back', async () => {
    const fenced: string[] = [];
    const { enqueue } = await worker(async (run) => {
      if (run.attempt > 1) return trace(run, 'second');
      // As if the process had been frozen: the lease passes and another holder takes over while this one knows nothing.
      await database.admin(
        `update jobs.task set lease_until = now() - interval '1 s', lease_owner = 'gone' where id = $1`,
        [run.id],
      );
      await eventually('another holds it', async () => (await task(run.id)).attempts > 1);
      await run.step(trace(run, 'step')).catch((error: Error) => fenced.push(error.message));
      return trace(run, 'first');
    });
    const id = await enqueue({ tenantId, kind: KIND });
    await reaches(id, 'done');
    await eventually('the first holder is fenced', () => fenced.length > 0);
    await sleep(200);
    expect(fenced).toEqual(['the lease on the task was lost']);
    expect(await effects(id)).toEqual(['second']);
  });

  it('tells a handler that its task was taken away', async () => {
    const reasons: string[] = [];
    const { enqueue } = await worker(async (run) => {
      if (run.attempt > 1) return;
      await database.admin(
        `update jobs.task set lease_owner = 'gone', lease_until = now() - interval '1 s' where id = $1`,
        [run.id],
      );
      await new Promise((resolve) => run.signal.addEventListener('abort', resolve));
      reasons.push(String((run.signal.reason as Error).message));
    });
    await reaches(await enqueue({ tenantId, kind: KIND }), 'done');
    await eventually('told', () => reasons.length > 0);
    expect(reasons).toEqual(['the lease on the task was lost']);
  });

  it('does not repeat for ever what kills its workers', async () => {
    await worker(async () => undefined);
    const id = newUuid();
    await database.admin(
      `insert into jobs.task (tenant_id, id, kind, payload, max_attempts, attempts, state, lease_owner, lease_token, lease_until)
       values ($1, $2, $3, '{}', 3, 3, 'running', 'dead', nextval('jobs.lease_token'), now() - interval '1 s')`,
      [tenantId, id, KIND],
    );
    await reaches(id, 'failed');
    expect((await task(id)).error).toBe('worker dead died or froze in attempt 3');
  });

  it('leaves kinds it does not know to workers that do', async () => {
    const { enqueue } = await worker(async () => undefined);
    const id = await enqueue({ tenantId, kind: 'test.unknown' });
    await sleep(400);
    expect(await task(id)).toMatchObject({ state: 'pending', attempts: 0, dispatch_no: '0' });
  });

  it.each([
    ['a repeated one', (id: string) => ({ tenantId, taskId: id, dispatchNo: 1 })],
    ['one of a number that was never given', (id: string) => ({ tenantId, taskId: id, dispatchNo: 99 })],
    ['one of another tenant', (id: string) => ({ tenantId: newUuid(), taskId: id, dispatchNo: 1 })],
    ['one of a task that is not', () => ({ tenantId, taskId: newUuid(), dispatchNo: 1 })],
    ['one that is not even a ref', () => ({ tenantId: "' or true --", taskId: 7 })],
    ['nothing', () => null],
    ['a huge one', () => 'x'.repeat(1_000_000)],
  ])('drops a delivery without effect: %s', async (_name, forge) => {
    const { enqueue, app } = await worker(async (run) => trace(run));
    const id = await enqueue({ tenantId, kind: KIND });
    await reaches(id, 'done');
    await app.get(TaskRunner, { strict: false }).deliver(forge(id));
    expect(await effects(id)).toHaveLength(1);
    expect(await task(id)).toMatchObject({ state: 'done', attempts: 1 });
  });

  it('drops a repeated delivery while the task waits for its next attempt', async () => {
    const slowly = { backoff: { baseMs: 60_000, capMs: 60_000 } };
    const { enqueue, app } = await worker(() => Promise.reject(new Error('not yet')), undefined, slowly);
    const id = await enqueue({ tenantId, kind: KIND });
    await eventually('one attempt is over', async () => (await task(id)).error !== null);
    await app.get(TaskRunner, { strict: false }).deliver({ tenantId, taskId: id, dispatchNo: 1 });
    expect(await task(id)).toMatchObject({ state: 'pending', attempts: 1 });
  });

  it('does not run a waiting task for a forged delivery', async () => {
    const { enqueue, app } = await worker(async (run) => trace(run));
    const id = await enqueue({ tenantId, kind: KIND, runAt: new Date(Date.now() + 60_000) });
    await app.get(TaskRunner, { strict: false }).deliver({ tenantId, taskId: id, dispatchNo: 1 });
    expect(await task(id)).toMatchObject({ state: 'pending', attempts: 0 });
  });

  it('drains: begins nothing, waits for what runs, gives back what is not done in time', async () => {
    const { enqueue, runner } = await worker(async (run) => {
      if (run.payload && (run.payload as { ms: number }).ms) await sleep((run.payload as { ms: number }).ms);
      return trace(run);
    });
    const short = await enqueue({ tenantId, kind: KIND, payload: { ms: 300 } });
    const long = await enqueue({ tenantId, kind: KIND, payload: { ms: 2_500 } });
    await reaches(short, 'running');
    await reaches(long, 'running');
    const drained = runner.drain(800);
    const late = await workers[0]?.enqueue({ tenantId, kind: KIND });
    await drained;
    expect((await task(short)).state).toBe('done');
    expect(await task(long)).toMatchObject({ state: 'pending', attempts: 0, lease_owner: null });
    expect((await task(late ?? '')).state).toBe('pending');
    await sleep(2_000);
    expect(await effects(long)).toEqual([]);
  });

  it('refuses to start with fewer connections than it can use', async () => {
    await expect(worker(async () => undefined, { concurrency: 6 })).rejects.toThrow('9 database connections');
  });
});
