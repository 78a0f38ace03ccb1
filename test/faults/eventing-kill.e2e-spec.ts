import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { workerUnits } from '../support/feed-readers.js';
import { createLedger, post } from '../support/ledger.js';
import { ROOT } from '../support/project.js';
import { eventually } from '../support/redis-server.js';

const TENANT = newUuid();
const [ACCOUNT, OTHER] = [newUuid(), newUuid()];

/** A worker in a process of its own, and what it has said. */
interface WorkerProcess {
  readonly child: ChildProcess;
  readonly said: string[];
}

describe('a worker that is killed', () => {
  let database: TestDatabase;
  let work: UnitOfWork;
  let closing: (() => Promise<void>)[];
  let children: ChildProcess[];

  beforeEach(async () => {
    database = await createTestDatabase();
    await createLedger(database);
    const units = workerUnits(database, 2);
    work = units.work;
    closing = [() => units.databases.close()];
    children = [];
  });
  afterEach(async () => {
    await Promise.all(children.map(kill));
    await Promise.all(closing.map((close) => close()));
    await database.drop();
  });

  function start(holdAt = 'nowhere'): WorkerProcess {
    const program = join(ROOT, 'test/support/eventing-worker.mjs');
    const child = spawn(process.execPath, [program, database.workerUrl, holdAt], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const said: string[] = [];
    child.stdout?.on('data', (text: Buffer) => said.push(...text.toString().split('\n').filter(Boolean)));
    return { child, said };
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  const registered = () =>
    eventually(
      'it is registered',
      async () => (await database.admin('select 1 from es.projections')).length === 2,
      15_000,
    );
  const write = (account: string, ...amounts: number[]): Promise<number> =>
    work.run({ tenantId: TENANT }, (unit) => post(unit, account, amounts));
  const balances = () => database.admin('select account, balance::int, entries from ledger.balance order by balance');
  const effects = async (): Promise<string[]> =>
    (await database.admin<{ what: string }>('select what from ledger.effect order by what')).map(({ what }) => what);
  const isDone = () =>
    eventually(
      'all is done',
      async () =>
        (await balances()).length === 2 &&
        (await effects()).length >= 2 &&
        (await database.admin('select 1 from es.outbox')).length === 0,
      20_000,
    );

  it.each([
    ['between a page and its checkpoint', 'page'],
    ['between a command and the end of its row', 'command'],
  ])('%s has done nothing, and the next one does it once', async (_name, point) => {
    const first = start(point);
    await registered();
    await write(ACCOUNT, 1_000, 2_000);
    await write(OTHER, 5);
    await eventually('it holds there', () => first.said.includes(point), 15_000);
    await kill(first.child);
    // The server notices a moment later; until then it holds what the dead worker held.
    if (point === 'command') expect(await effects()).toEqual([]);
    start();
    await isDone();
    expect(await balances()).toEqual([
      { account: OTHER, balance: 5, entries: 1 },
      { account: ACCOUNT, balance: 3_000, entries: 2 },
    ]);
    expect(await effects()).toEqual(['large 1000', 'large 2000']);
  });

  it('leaves when it is told to, with nothing half done', async () => {
    const { child } = start();
    await registered();
    await write(ACCOUNT, 1_000, 2_000);
    await write(OTHER, 5);
    await isDone();
    child.kill('SIGTERM');
    await eventually('it has left', () => child.exitCode !== null, 10_000);
    expect(child.exitCode).toBe(0);
  });
});
