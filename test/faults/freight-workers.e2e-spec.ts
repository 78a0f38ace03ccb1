import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { createAdditiveTable, csvOf, FreightApp, goodRows } from '../support/freight.js';
import { FreightWorkers, STEPS } from '../support/freight-workers.js';
import { eventually } from '../support/redis-server.js';

const ROWS = 120;
const CONTENT = csvOf(goodRows(ROWS));
const EXACT = { items: ROWS, sum: (ROWS * (ROWS + 1)) / 2, most: 1 };

describe('imports whose workers die, freeze and leave', () => {
  let database: TestDatabase;
  let app: FreightApp;
  let workers: FreightWorkers;

  beforeAll(async () => {
    database = await createTestDatabase();
    await createAdditiveTable(database);
    app = await FreightApp.start(database, { workers: 0 });
    workers = new FreightWorkers({ databaseUrl: database.workerUrl, uploads: app.uploads });
  });
  afterEach(() => workers.killAll());
  afterAll(async () => {
    const faults = await app.accountingFaults();
    await app.stop();
    await database.drop();
    expect(faults).toEqual([]);
  });

  it.each(STEPS)('take each record over once when a worker is killed: %s', async (step) => {
    const store = app.newStore();
    const victim = await workers.start({ fault: { step, nth: 3 } });
    const { id } = await app.start(store, CONTENT, { batchSize: 15 });
    await victim.gone();
    await workers.start();
    const job = await app.over(store, id, 60_000);
    expect(job).toMatchObject({ state: 'completed', counts: { total: ROWS, created: ROWS, failed: 0 } });
    expect(await app.effects(store)).toEqual(EXACT);
  });

  it('find the record that kills its workers, fail it alone, and take all others over', async () => {
    const [store, neighbour] = [app.newStore(), app.newStore()];
    const rows = goodRows(10);
    rows[6] = ['r7', 'kills its worker', 7];
    let isOver = false;
    // Whoever runs the workers starts a new one for each that dies, as an orchestrator does. Leases are long enough for a busy
    // machine: nobody but the record is to cost a worker.
    const orchestrate = async (): Promise<void> => {
      while (!isOver) {
        const worker = await workers.start({ jobs: { leaseMs: 2_500 } });
        await eventually('it died or is not needed', () => worker.isGone || isOver, 240_000);
      }
    };
    const orchestrators = [orchestrate(), orchestrate()];
    const { id } = await app.start(store, csvOf(rows), { batchSize: 10, errorBudget: { action: 'continue' } });
    const beside = await app.start(neighbour, csvOf(goodRows(20)), { batchSize: 5 });
    expect(await app.over(neighbour, beside.id, 120_000)).toMatchObject({ counts: { created: 20 } });
    const job = await app.over(store, id, 120_000);
    isOver = true;
    await Promise.all(orchestrators);
    expect(job).toMatchObject({ state: 'completed_with_errors', counts: { total: 10, created: 9, failed: 1 } });
    expect(await app.effects(store)).toMatchObject({ items: 9, most: 1 });
    const [failed] = await app.logs(store, id, { 'filter[outcome]': 'failed' });
    expect(failed).toMatchObject({ row: 7, reason: { class: 'poison_batch', code: 'freight.kills_workers' } });
  }, 300_000);

  it('fence a frozen worker that wakes up after another has gone on', async () => {
    const store = app.newStore();
    const frozen = await workers.start({ delayMs: 400 });
    const { id } = await app.start(store, CONTENT, { batchSize: 30 });
    await eventually('it works', async () => {
      const [row] = await database.admin(
        `select 1 from jobs.task where kind = 'freight.batch' and state = 'running' and tenant_id = $1`,
        [store.tenantId],
      );
      return row !== undefined;
    });
    frozen.freeze();
    await workers.start();
    const job = await app.over(store, id, 60_000);
    expect(job).toMatchObject({ state: 'completed', counts: { total: ROWS, created: ROWS } });
    frozen.thaw();
    await eventually('it has noticed', () => frozen.said.includes('fenced'));
    expect(await app.effects(store)).toEqual(EXACT);
  });

  it('fence a worker whose event loop is blocked for longer than its lease', async () => {
    const store = app.newStore();
    const isOver = join(app.uploads, 'is-over');
    const blocked = await workers.start({ blockUntil: isOver });
    const { id } = await app.start(store, CONTENT, { batchSize: 30 });
    await eventually('it is blocked', () => blocked.said.includes('blocks'));
    await workers.start();
    const job = await app.over(store, id, 60_000);
    expect(job).toMatchObject({ state: 'completed', counts: { total: ROWS, created: ROWS } });
    await writeFile(isOver, '');
    await eventually('it has noticed', () => blocked.said.includes('fenced'));
    expect(await app.effects(store)).toEqual(EXACT);
  });

  it('hand their batches over when they are asked to leave', async () => {
    const store = app.newStore();
    const leaving = await workers.start({ delayMs: 100 });
    const { id } = await app.start(store, CONTENT, { batchSize: 5 });
    await eventually('it works', async () => (await app.job(store, id)).progress.done > 0);
    const { code, tookMs } = await leaving.leave();
    expect(code).toBe(0);
    expect(tookMs).toBeLessThan(28_000);
    const [left] = await database.admin(`select 1 from jobs.task where state = 'running' and tenant_id = $1`, [
      store.tenantId,
    ]);
    expect(left).toBeUndefined();
    await workers.start();
    expect(await app.over(store, id, 60_000)).toMatchObject({ state: 'completed', counts: { created: ROWS } });
    expect(await app.effects(store)).toEqual(EXACT);
  });
});
