import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { newUuid } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/redis-server.js';
import { createEffectTable, startWorker, type TestWorker } from '../../../../test/support/worker.js';

const KIND = 'test.hold';
const SCRIPT = fileURLToPath(new URL('../../../../test/support/task-worker.mjs', import.meta.url));
/** Within so long the work of a dead worker runs elsewhere: its lease, a poll and some spare. */
const TAKEOVER_MS = 6_000;

interface Holder {
  readonly child: ChildProcess;
  readonly said: string[];
}

describe('workers that die or freeze while they hold a task', () => {
  const tenantId = newUuid();
  let database: TestDatabase;
  let worker: TestWorker | undefined;
  const holders: Holder[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    await createEffectTable(database);
  });
  afterAll(async () => {
    for (const { child } of holders) child.kill('SIGKILL');
    await worker?.stop();
    await database.drop();
  });

  async function startHolder(taskMs: number): Promise<Holder> {
    const env = { ...process.env, NODE_OPTIONS: '' };
    const child = spawn(process.execPath, [SCRIPT, database.workerUrl, String(taskMs)], { env });
    const holder: Holder = { child, said: [] };
    child.stdout.on('data', (data: Buffer) => holder.said.push(...data.toString().trim().split('\n')));
    holders.push(holder);
    await eventually('the worker runs', () => holder.said.length > 0, 15_000);
    return holder;
  }

  /** A task that this holder runs. */
  async function heldBy(holder: Holder): Promise<string> {
    const id = newUuid();
    await database.admin(
      `insert into jobs.task (tenant_id, id, kind, payload, max_attempts) values ($1, $2, $3, '{}', 6)`,
      [tenantId, id, KIND],
    );
    await eventually('the task is held', () => holder.said.includes(`holding ${id}`));
    return id;
  }

  async function doneWithin(id: string, ms: number): Promise<void> {
    const isDone = async (): Promise<boolean> =>
      (await database.admin(`select 1 from jobs.task where id = $1 and state = 'done'`, [id])).length > 0;
    await eventually('another worker has done it', isDone, ms);
  }

  it('are relieved of it within 6 s, and what a frozen one does when it wakes up does not count', async () => {
    const killed = await startHolder(60_000);
    const first = await heldBy(killed);
    const frozen = await startHolder(500);
    const second = await heldBy(frozen);
    frozen.child.kill('SIGSTOP');
    killed.child.kill('SIGKILL');
    worker = await startWorker({
      database,
      jobs: { leaseMs: 5_000, pollEveryMs: 500 },
      handlers: {
        [KIND]: (task) => async (unit) => {
          await unit.run('insert into probe.effect values ($1, $2, $3)', [task.tenantId, task.id, 'second holder']);
        },
      },
    });
    await Promise.all([doneWithin(first, TAKEOVER_MS), doneWithin(second, TAKEOVER_MS)]);
    frozen.child.kill('SIGCONT');
    await eventually('the frozen one has noticed', () => frozen.said.includes('fenced'));
    const effects = await database.admin('select task_id, note from probe.effect order by task_id');
    expect(effects).toEqual([
      { task_id: first, note: 'second holder' },
      { task_id: second, note: 'second holder' },
    ]);
  });
});
