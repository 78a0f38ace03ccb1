import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/redis-server.js';
import { createEffectTable, startWorker, type TestWorker, type WorkerSetup } from '../../../../test/support/worker.js';
import { type Death, type ITaskHandler, TooEarly } from './task-handler.js';
import { type WorkerView, WorkViews } from './work-views.js';

const KIND = 'test.work';
const tenantId = newUuid();

interface Row {
  state: string;
  attempts: number;
  losses: number;
  error: string | null;
}

describe('how work ends that is not done', () => {
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

  async function worker(handler: ITaskHandler, jobs?: WorkerSetup['jobs']): Promise<TestWorker> {
    const started = await startWorker({
      database,
      handlers: { [KIND]: handler },
      handlerOptions: { backoff: { baseMs: 10, capMs: 20 } },
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
    eventually(`task ${state}`, async () => (await task(id)).state === state, 10_000);
  const notes = async (): Promise<string[]> =>
    (await database.admin<{ note: string }>('select note from probe.effect order by note')).map(({ note }) => note);

  /** Keeps what it is told about a death in the transaction of the death. */
  const recording = (run: ITaskHandler['run'], more: Partial<ITaskHandler> = {}): ITaskHandler => ({
    run,
    dead: async (unit, { tenantId: of, id }, { reason, error }: Death) => {
      await unit.run('insert into probe.effect values ($1, $2, $3)', [of, id, `${reason}: ${error}`]);
    },
    ...more,
  });

  it('puts on record why it ended, in the transaction that ends it', async () => {
    const { enqueue } = await worker(recording(() => Promise.reject(new Error('broken'))));
    const id = await enqueue({ tenantId, kind: KIND, maxAttempts: 2 });
    await reaches(id, 'failed');
    expect(await notes()).toEqual(['exhausted: Error: broken']);
  });

  it('stays open when that record cannot be written, and ends once it can', async () => {
    let writable = false;
    const { enqueue } = await worker(
      recording(() => Promise.reject(new Error('broken')), {
        dead: async (unit, { id }) => {
          await unit.run('insert into probe.effect values ($1, $2, $3)', [tenantId, id, 'dead']);
          if (!writable) throw new Error('not now');
        },
      }),
    );
    const id = await enqueue({ tenantId, kind: KIND, maxAttempts: 1 });
    await eventually('it was tried', async () => (await task(id)).attempts === 1);
    await eventually('the lease has run out', async () => {
      const [row] = await database.admin('select 1 from jobs.task where id = $1 and lease_until < now()', [id]);
      return row !== undefined;
    });
    expect([await notes(), (await task(id)).state]).toEqual([[], 'running']);
    writable = true;
    await reaches(id, 'failed');
    expect(await notes()).toEqual(['dead']);
  });

  it('counts work that keeps costing workers as poison, although it had attempts left', async () => {
    await worker(recording(async () => undefined));
    const id = newUuid();
    await database.admin(
      `insert into jobs.task (tenant_id, id, kind, payload, max_attempts, attempts, losses, state, lease_owner, lease_token, lease_until)
       values ($1, $2, $3, '{}', 9, 3, 2, 'running', 'w1', nextval('jobs.lease_token'), now() - interval '1 s')`,
      [tenantId, id, KIND],
    );
    await reaches(id, 'failed');
    expect(await notes()).toEqual(['poison: worker w1 died or froze in attempt 3']);
  });

  it('runs work that has cost workers with no other claim in its process, begun or not', async () => {
    const suspects = Array.from({ length: 8 }, () => newUuid());
    await database.admin(
      `insert into jobs.task (tenant_id, id, kind, payload, max_attempts, attempts, losses)
       select $1, id, $2, '{}', 6, 2, 2 from unnest($3::uuid[]) as id`,
      [tenantId, KIND, suspects],
    );
    const held: number[] = [];
    await worker({
      run: async () => {
        const rows = await database.admin(`select 1 from jobs.task where state = 'running'`);
        held.push(rows.length);
      },
    });
    for (const id of suspects) await reaches(id, 'done');
    expect(held).toEqual(suspects.map(() => 1));
  });

  it('counts each lost worker and repeats the work before others', async () => {
    const { enqueue } = await worker(
      recording(async (run) => {
        if (run.attempt > 2) return;
        await database.admin(
          `update jobs.task set lease_until = now() - interval '1 s', lease_owner = 'gone' where id = $1`,
          [run.id],
        );
        await new Promise((resolve) => run.signal.addEventListener('abort', resolve));
      }),
    );
    const id = await enqueue({ tenantId, kind: KIND });
    await reaches(id, 'done');
    expect(await task(id)).toMatchObject({ attempts: 3, losses: 2 });
  });

  it('does not count an attempt that came too early', async () => {
    let runs = 0;
    const { enqueue } = await worker(
      recording(async () => {
        runs += 1;
        if (runs < 4) throw new TooEarly(20);
      }),
    );
    const id = await enqueue({ tenantId, kind: KIND, maxAttempts: 1 });
    await reaches(id, 'done');
    expect([runs, (await task(id)).attempts]).toEqual([4, 1]);
  });

  it('goes on as its kind rules', async () => {
    const { enqueue } = await worker(
      recording(() => Promise.reject(new Error('odd')), {
        judge: (claimed) => Promise.resolve(claimed.attempt === 1 ? { afterMs: 1, counts: true } : 'dead'),
      }),
    );
    const id = await enqueue({ tenantId, kind: KIND });
    await reaches(id, 'failed');
    expect((await task(id)).attempts).toBe(2);
  });

  it('is cut off from the database when its worker froze in the middle of its effect', async () => {
    const attempts: number[] = [];
    const { enqueue } = await worker(
      recording(async (run) => async (unit) => {
        attempts.push(run.attempt);
        await unit.run('insert into probe.effect values ($1, $2, $3)', [tenantId, run.id, `attempt ${run.attempt}`]);
        if (attempts.length > 1) return;
        // As a frozen process does: the transaction stays open, the lease runs out, nobody renews it.
        await database.admin(
          `update jobs.task set lease_until = now() - interval '1 s', lease_owner = 'frozen' where id = $1`,
          [run.id],
        );
        await eventually('another attempt has begun', () => attempts.length > 1, 5_000);
      }),
    );
    const id = await enqueue({ tenantId, kind: KIND });
    await reaches(id, 'done');
    expect(await notes()).toEqual(['attempt 2']);
  });

  it('shows who works on what', async () => {
    let finish: () => void = () => undefined;
    const { enqueue, app, work } = await worker(
      recording(() => new Promise((resolve) => (finish = () => resolve(undefined)))),
    );
    const id = await enqueue({ tenantId, kind: KIND });
    await reaches(id, 'running');
    const views = app.get(WorkViews, { strict: false });
    let workersNow: readonly WorkerView[] = [];
    // Cleanups of the platform run at the start, too, and may begin at any moment: what is judged is one look.
    await eventually('only this task runs', async () => {
      workersNow = await work.run({ tenantId }, () => views.workers());
      return workersNow[0]?.running === 1;
    });
    const [queues, units] = await work.run({ tenantId }, async () => [await views.queues(), await views.byIds([id])]);
    expect(workersNow).toEqual([expect.objectContaining({ slots: 4, running: 1, draining: false })]);
    expect(queues.find(({ kind }) => kind === KIND)).toMatchObject({ running: 1, ready: 0, failed: 0 });
    expect(units.get(id)).toMatchObject({ state: 'running', attempt: 1, maxAttempts: 6 });
    finish();
    await reaches(id, 'done');
  });

  it('leaves the list of workers when it leaves', async () => {
    const { runner } = await worker(recording(async () => undefined));
    await eventually('it is listed', async () => (await database.admin('select 1 from jobs.worker')).length === 1);
    await runner.drain(100);
    expect(await database.admin('select 1 from jobs.worker')).toEqual([]);
  });
});
