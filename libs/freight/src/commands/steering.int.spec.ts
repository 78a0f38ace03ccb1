import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Actor, SystemActor } from '#platform/kernel';
import { parseId } from '#platform/kernel';
import { readListRequest } from '#platform/http';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { createAdditiveTable, csvOf, FreightApp, goodRows, uuidOf } from '../../../../test/support/freight.js';
import { eventually } from '../../../../test/support/redis-server.js';
import type { JobView } from '../freight.views.js';
import { GetDeadLetter } from '../queries/get-dead-letter.query.js';
import { BATCHES, type BatchView, ListBatches } from '../queries/list-batches.query.js';
import { DEAD_LETTERS, ListDeadLetters } from '../queries/list-dead-letters.query.js';
import { GetRetryStatus } from '../queries/retry-status.query.js';
import { GetStats } from '../queries/tenant-stats.query.js';
import { CancelJob } from './cancel-job.command.js';
import { DiscardDeadLetter } from './discard-dead-letter.command.js';
import { PauseJob } from './pause-job.command.js';
import { RequeueDeadLetter } from './requeue-dead-letter.command.js';
import { ResumeJob } from './resume-job.command.js';
import { RetryBatch } from './retry-batch.command.js';
import { RetryJob, type RetryJobInput } from './retry-job.command.js';
import { SetRetryPolicy } from './set-retry-policy.command.js';

const ONCE = { maxAttempts: 1, baseMs: 50, capMs: 50, multiplier: 1, jitter: 'none' } as const;

describe('steering a job', () => {
  let database: TestDatabase;
  let app: FreightApp;

  beforeAll(async () => {
    database = await createTestDatabase();
    await createAdditiveTable(database);
    app = await FreightApp.start(database);
  });
  afterEach(() => {
    app.delayMs = 0;
  });
  afterAll(async () => {
    expect(await app.accountingFaults()).toEqual([]);
    await app.stop();
    await database.drop();
  });

  const pause = (actor: Actor, id: string): Promise<JobView> => app.bus.execute(new PauseJob(actor, uuidOf(id)));
  const resume = (actor: Actor, id: string): Promise<JobView> => app.bus.execute(new ResumeJob(actor, uuidOf(id)));
  const cancel = (actor: Actor, id: string): Promise<JobView> => app.bus.execute(new CancelJob(actor, uuidOf(id)));
  const retry = (actor: Actor, id: string, input: RetryJobInput = {}): Promise<JobView> =>
    app.bus.execute(new RetryJob(actor, uuidOf(id), { input }));
  const batches = async (actor: Actor, id: string): Promise<readonly BatchView[]> => {
    const request = readListRequest(BATCHES, { limit: '100' });
    return (await app.bus.execute(new ListBatches(actor, uuidOf(id), request))).data;
  };
  const letters = async (
    actor: Actor,
  ): Promise<readonly { id: string; state: string; row: number | null; code: string }[]> =>
    (await app.bus.execute(new ListDeadLetters(actor, readListRequest(DEAD_LETTERS, {})))).data;
  const done = (job: JobView): number => job.progress.done;
  /** A job that is under way and will take a while. */
  async function underWay(store: SystemActor): Promise<string> {
    app.delayMs = 60;
    const { id } = await app.start(store, csvOf(goodRows(300)), { batchSize: 5 });
    await eventually('it has begun', async () => done(await app.job(store, id)) > 0);
    return id;
  }
  /** The number of records with an outcome once no batch is under way. */
  async function still(store: SystemActor, id: string): Promise<number> {
    await eventually('nothing runs', async () =>
      (await batches(store, id)).every(({ work }) => work === null || work === 'held'),
    );
    return done(await app.job(store, id));
  }

  it('pauses and goes on without losing or repeating anything', async () => {
    const store = app.newStore();
    const id = await underWay(store);
    expect((await pause(store, id)).state).toBe('paused');
    const before = await still(store, id);
    expect(before).toBeLessThan(300);
    await expect(pause(store, id)).rejects.toMatchObject({ code: 'freight.job_transition' });
    app.delayMs = 0;
    expect(done(await app.job(store, id))).toBe(before);
    expect((await resume(store, id)).state).toBe('running');
    expect((await app.over(store, id)).counts).toMatchObject({ created: 300, failed: 0 });
    expect(await app.effects(store)).toMatchObject({ items: 300, most: 1 });
  });

  it('cancels what has not begun, and does exactly the rest when it is started again', async () => {
    const store = app.newStore();
    const id = await underWay(store);
    await cancel(store, id);
    const cancelled = await app.over(store, id);
    expect(cancelled.state).toBe('cancelled');
    expect((await cancel(store, id)).state).toBe('cancelled');
    const { items } = await app.effects(store);
    expect(items).toBe(done(cancelled));
    expect(items).toBeLessThan(300);
    app.delayMs = 0;
    await retry(store, id);
    expect(await app.over(store, id)).toMatchObject({ state: 'completed', counts: { total: 300, created: 300 } });
    expect(await app.effects(store)).toMatchObject({ items: 300, most: 1 });
  });

  it('stops at its error budget, and goes on without one once somebody has looked', async () => {
    const store = app.newStore();
    const rows = goodRows(200).map(([id, title, quantity], row): [string, string, number | string] => [
      id,
      title,
      row % 10 === 0 ? 'none' : quantity,
    ]);
    const { id } = await app.start(store, csvOf(rows), { batchSize: 10, errorBudget: { maxFailed: 3 } });
    const paused = await app.reaches(store, id, ['paused']);
    expect(paused.counts.failed).toBeGreaterThan(3);
    await resume(store, id);
    expect(await app.over(store, id)).toMatchObject({
      state: 'completed_with_errors',
      counts: { total: 200, created: 180, failed: 20 },
    });
  });

  it('ends at its error budget where it asked for that', async () => {
    const store = app.newStore();
    const rows = Array.from({ length: 100 }, (_, row): [string, string, string] => [`x${row}`, 'Title', 'none']);
    const errorBudget = { maxFailedBps: 500, action: 'fail' } as const;
    const { id } = await app.start(store, csvOf(rows), { batchSize: 2, errorBudget });
    const job = await app.over(store, id);
    expect(job).toMatchObject({ state: 'failed', failure: { code: 'freight.budget_exceeded' } });
    expect(done(job)).toBeLessThan(100);
  });

  it('tries failed records again with a corrected mapping: only they are touched, in a further attempt', async () => {
    const store = app.newStore();
    const rows = [...goodRows(20), ['late', 'Title', 'seven'] as [string, string, string]];
    const { id } = await app.start(store, csvOf(rows), { batchSize: 8, errorBudget: { action: 'continue' } });
    expect(await app.over(store, id)).toMatchObject({ state: 'completed_with_errors', counts: { failed: 1 } });
    const lookup = { op: 'lookup', table: { seven: '7' } };
    const weightGrams = { column: 'quantity', transforms: [lookup] };
    const mapping = {
      source: 'file',
      release: { externalId: { column: 'id' }, title: { column: 'title' }, weightGrams },
    };
    const missing = { ...mapping, release: { ...mapping.release, title: { column: 'name' } } };
    await expect(retry(store, id, { mapping: missing })).rejects.toMatchObject({
      code: 'freight.mapping_invalid',
      members: { errors: [{ pointer: '/mapping/release/title', code: 'mapping.column_missing' }] },
    });
    await retry(store, id, { mapping });
    expect(await app.over(store, id)).toMatchObject({
      state: 'completed',
      counts: { total: 21, created: 21, failed: 0, retried: 1 },
    });
    expect(await app.effects(store)).toEqual({ items: 21, sum: 210 + 7, most: 1 });
    const history = await app.logs(store, id, { history: 'true' });
    expect(history.filter(({ row }) => row === 21).map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [1, 'failed'],
      [2, 'created'],
    ]);
    await expect(retry(store, id)).rejects.toMatchObject({ code: 'freight.nothing_to_retry' });
  });

  it('gives a batch up after its attempts: each of its rows fails, the others are taken over, and it can be tried again', async () => {
    const store = app.newStore();
    await app.bus.execute(
      new SetRetryPolicy(store, {
        input: { ...ONCE, maxAttempts: 3, perClass: { internal: { ...ONCE, maxAttempts: 2 } } },
      }),
    );
    const rows = goodRows(30);
    rows[14] = ['r15', 'is a defect', 15];
    const { id } = await app.start(store, csvOf(rows), { batchSize: 10, errorBudget: { action: 'continue' } });
    const job = await app.over(store, id);
    expect(job).toMatchObject({ state: 'completed_with_errors', counts: { total: 30, created: 20, failed: 10 } });
    const dead = (await batches(store, id)).filter(({ state }) => state === 'dead');
    expect(dead).toEqual([
      expect.objectContaining({
        no: 2,
        failed: 10,
        attempts: 2,
        error: expect.stringMatching(/^The batch gave up\. Something of ours/),
      }),
    ]);
    const failed = await app.logs(store, id, { 'filter[code]': 'freight.batch_dead' });
    expect(failed.map(({ row }) => row)).toEqual(Array.from({ length: 10 }, (_, index) => 11 + index));
    const [letter] = await letters(store);
    expect(letter).toMatchObject({ state: 'open', row: null, code: 'freight.batch_dead' });
    expect(await app.bus.execute(new GetRetryStatus(store, uuidOf(id)))).toMatchObject({
      deadBatches: 1,
      failedRecords: 10,
    });
    await app.bus.execute(new RetryBatch(store, parseId('batch', dead[0]?.id ?? '') ?? ''));
    const again = await app.over(store, id);
    expect(again.counts).toMatchObject({ total: 30, created: 20, failed: 10, retried: 10 });
  });

  it('is ended by another look when three workers were lost while they looked for its end', async () => {
    const store = app.newStore();
    const id = await underWay(store);
    // As if the third of them had just died.
    await database.admin(
      `update jobs.task set state = 'running', lease_owner = 'gone', lease_token = nextval('jobs.lease_token'), losses = 2, attempts = 3,
         lease_until = now() - interval '1 s', dispatched_at = null, lane = null where parent_id = $1 and kind = 'freight.finish'`,
      [uuidOf(id)],
    );
    app.delayMs = 0;
    expect(await app.over(store, id)).toMatchObject({ state: 'completed', counts: { total: 300, created: 300 } });
    const looks = await database.admin<{ state: string }>(
      `select state from jobs.task where parent_id = $1 and kind = 'freight.finish' order by created_at`,
      [uuidOf(id)],
    );
    expect(looks.map(({ state }) => state)).toEqual(['failed', 'done']);
  });

  it('keeps what the database refused as a dead letter, to be looked at, requeued and discarded', async () => {
    const store = app.newStore();
    const rows = goodRows(5);
    rows[2] = ['r3', 'refused by the database', 3];
    const { id } = await app.start(store, csvOf(rows), { errorBudget: { action: 'continue' } });
    await app.over(store, id);
    const [letter] = await letters(store);
    const letterId = parseId('deadLetter', letter?.id ?? '') ?? '';
    expect(await app.bus.execute(new GetDeadLetter(store, letterId))).toMatchObject({
      row: 3,
      raw: '["r3","refused by the database","3"]',
      code: 'database.23514',
    });
    await app.bus.execute(new RequeueDeadLetter(store, letterId));
    expect((await app.over(store, id)).counts).toMatchObject({ total: 5, created: 4, failed: 1, retried: 1 });
    const open = (await letters(store)).filter(({ state }) => state === 'open');
    expect(open).toHaveLength(1);
    const openId = parseId('deadLetter', open[0]?.id ?? '') ?? '';
    expect(await app.bus.execute(new DiscardDeadLetter(store, openId))).toMatchObject({ state: 'discarded' });
    await expect(app.bus.execute(new RequeueDeadLetter(store, openId))).rejects.toMatchObject({
      code: 'freight.dead_letter_transition',
    });
    expect(await app.bus.execute(new GetStats(store))).toMatchObject({
      jobs: { completed_with_errors: 1 },
      openDeadLetters: 0,
    });
  });

  it('shows nothing of a job to another store', async () => {
    const store = app.newStore();
    const { id } = await app.start(store, csvOf(goodRows(2)));
    await app.over(store, id);
    const stranger = app.newStore();
    const attempts = [() => app.job(stranger, id), () => app.logs(stranger, id)];
    const orders = [cancel, pause, retry, batches].map((order) => () => order(stranger, id));
    for (const attempt of [...attempts, ...orders]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'http.not_found' });
    }
  });
});
