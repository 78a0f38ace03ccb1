import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/redis-server.js';
import { UploadStorage } from '#libs/files';
import { parseId } from '#platform/kernel';
import { PauseJob } from '../commands/pause-job.command.js';
import { ResumeJob } from '../commands/resume-job.command.js';
import { createAdditiveTable, csvOf, FreightApp, goodRows } from '../../../../test/support/freight.js';

describe('importing a file', () => {
  let database: TestDatabase;
  let app: FreightApp;

  beforeAll(async () => {
    database = await createTestDatabase();
    await createAdditiveTable(database);
    app = await FreightApp.start(database, { fileRows: 300 });
  });
  afterAll(async () => {
    expect(await app.accountingFaults()).toEqual([]);
    await app.stop();
    await database.drop();
  });

  it('takes every record over once, with a line in the log for each', async () => {
    const store = app.newStore();
    const { id } = await app.start(store, csvOf(goodRows(250)), { batchSize: 40 });
    const job = await app.over(store, id);
    expect(job).toMatchObject({
      state: 'completed',
      phase: 'done',
      counts: { total: 250, created: 250, updated: 0, unchanged: 0, skipped: 0, failed: 0 },
      releases: { created: 250 },
      progress: { done: 250, doneBps: 10_000 },
    });
    expect(await app.effects(store)).toEqual({ items: 250, sum: (250 * 251) / 2, most: 1 });
    const [first] = await app.logs(store, id);
    expect(first).toMatchObject({ row: 1, attempt: 1, outcome: 'created', key: 'r1', reason: null });
  });

  it('fails the records that cannot be taken, each with its reason, and takes the others', async () => {
    const store = app.newStore();
    const rows = goodRows(100);
    rows[9] = ['r10', 'Title', 'many' as unknown as number];
    rows[19] = ['', 'without a key', 1];
    rows[29] = ['r30', 'refused by the database', 1];
    rows[39] = ['r40', 'refused by the catalogue', 1];
    const { id } = await app.start(store, csvOf(rows), { batchSize: 50, errorBudget: { action: 'continue' } });
    const job = await app.over(store, id);
    expect(job).toMatchObject({ state: 'completed_with_errors', counts: { total: 100, created: 96, failed: 4 } });
    const failed = await app.logs(store, id, { 'filter[outcome]': 'failed' });
    expect(failed.map(({ row, reason }) => [row, reason?.class, reason?.code])).toEqual([
      [10, 'validation', expect.stringMatching(/^mapping\./)],
      [20, 'validation', 'mapping.no_key'],
      [30, 'permanent', 'database.23514'],
      [40, 'validation', 'catalog.refused'],
    ]);
    // The target has added the record that it then refused: only what it answered counts.
    expect((await app.effects(store)).items).toBe(97);
  });

  it('skips what a later record of the file takes over, whatever batches they stand in', async () => {
    const store = app.newStore();
    const rows = [...goodRows(60), ...goodRows(10).map(([id]): [string, string, number] => [id, 'again', 1_000])];
    const { id } = await app.start(store, csvOf(rows), { batchSize: 7 });
    const job = await app.over(store, id);
    expect(job).toMatchObject({ state: 'completed', counts: { total: 70, created: 60, skipped: 10 } });
    expect(await app.effects(store)).toMatchObject({ items: 60, most: 1, sum: 10 * 1_000 + (60 * 61) / 2 - 55 });
  });

  it.each([
    ['first_wins', { created: 20, skipped: 5, failed: 0 }],
    ['fail', { created: 20, skipped: 0, failed: 5 }],
  ] as const)('goes by the policy for duplicates: %s', async (duplicates, counts) => {
    const store = app.newStore();
    const rows = [...goodRows(20), ...goodRows(5)];
    const errorBudget = { action: 'continue' } as const;
    const { id } = await app.start(store, csvOf(rows), { batchSize: 4, duplicates, errorBudget });
    expect((await app.over(store, id)).counts).toMatchObject(counts);
    expect((await app.effects(store)).most).toBe(1);
  });

  it.each([
    ['an empty file', '', 'source.empty'],
    ['only a header', 'id,title,quantity\n', 'source.header_only'],
    ['more records than there may be', csvOf(goodRows(301)), 'source.too_many_rows'],
    ['no text', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13, 0, 1, 2, 3]), 'source.binary'],
  ])('fails the job as a whole for %s', async (_case, content, code) => {
    const store = app.newStore();
    const { id } = await app.start(store, content);
    expect(await app.over(store, id)).toMatchObject({ state: 'failed', failure: { code }, counts: { total: null } });
  });

  it('says that the file is gone, whether it has been planned or not, and nothing of where it was', async () => {
    const store = app.newStore();
    const storage = app.get(UploadStorage);
    const uploadId = await app.upload(store, csvOf(goodRows(4)));
    const planned = await app.start(store, '', { source: { uploadId }, errorBudget: { action: 'continue' } });
    await app.bus.execute(new PauseJob(store, parseId('job', planned.id) ?? ''));
    await eventually('it is planned', async () => (await app.job(store, planned.id)).phase === 'records');
    await storage.remove({ tenantId: store.tenantId, uploadId });
    const message = 'The uploaded file is no longer there. Upload it again and start a new job.';
    const again = await app.start(store, '', { source: { uploadId }, batchSize: 3 });
    expect((await app.over(store, again.id)).failure).toEqual({ code: 'source.missing', message });
    await app.bus.execute(new ResumeJob(store, parseId('job', planned.id) ?? ''));
    expect(await app.over(store, planned.id)).toMatchObject({ state: 'completed_with_errors', counts: { failed: 4 } });
    const [line] = await app.logs(store, planned.id);
    expect(line?.reason).toMatchObject({ class: 'reference', code: 'source.missing', message });
  });

  it('fails the job for a mapping of columns that the file does not have', async () => {
    const store = app.newStore();
    const { id } = await app.start(store, 'a,b\n1,2\n');
    expect(await app.over(store, id)).toMatchObject({ state: 'failed', failure: { code: 'freight.mapping_invalid' } });
  });
});
