import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IfMatchCondition } from '#platform/http';
import type { SystemActor } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { createAdditiveTable, csvOf, FreightApp, goodRows, uuidOf } from '../../../../test/support/freight.js';
import { GetGradeVocabulary } from '../queries/get-grade-vocabulary.query.js';
import { GetRetryPolicy } from '../queries/get-retry-policy.query.js';
import { RetryJob } from './retry-job.command.js';
import { SetGradeVocabulary } from './set-grade-vocabulary.command.js';
import { SetRetryPolicy, type SetRetryPolicyInput } from './set-retry-policy.command.js';

const RULE = { maxAttempts: 1, baseMs: 50, capMs: 50, multiplier: 1, jitter: 'none' } as const;
const MAPPING = {
  source: 'file',
  release: { externalId: { column: 'id' }, title: { column: 'title' } },
  stock: { mediaGrade: { column: 'quantity', unreadable: 'fail' } },
};
/** Three copies, whose grades the third column says. */
const graded = (...words: string[]): string =>
  csvOf(words.map((word, index) => [`r${index + 1}`, `Title ${index + 1}`, word]));

describe('what a job is started with', () => {
  let database: TestDatabase;
  let app: FreightApp;

  beforeAll(async () => {
    database = await createTestDatabase();
    await createAdditiveTable(database);
    app = await FreightApp.start(database);
  });
  afterAll(async () => {
    expect(await app.accountingFaults()).toEqual([]);
    await app.stop();
    await database.drop();
  });

  const setWords = (store: SystemActor, words: Record<string, unknown>, ifMatch?: IfMatchCondition) =>
    app.bus.execute(new SetGradeVocabulary(store, { input: { words }, ...(ifMatch && { ifMatch }) }));
  const UNSET: IfMatchCondition = ['"v0"'];
  const go = { mapping: MAPPING, errorBudget: { action: 'continue' } } as const;

  it("reads grades by the store's words, and by its own before them", async () => {
    const store = app.newStore();
    await setWords(store, { Topp: 'NM', Sehr: 'VG+' });
    const own = await app.start(store, graded('Topp', 'sehr', 'Kratzer'), { ...go, gradeVocabulary: { Sehr: 'VG' } });
    expect(own.options).toMatchObject({
      gradeVocabulary: { Sehr: 'VG' },
      storeGradeVocabulary: { Topp: 'NM', Sehr: 'VG+' },
    });
    expect((await app.over(store, own.id)).counts).toMatchObject({ total: 3, created: 2, failed: 1 });
    const strange = app.newStore();
    const foreign = await app.start(strange, graded('Topp', 'VG', 'NM'), go);
    expect((await app.over(strange, foreign.id)).counts).toMatchObject({ created: 2, failed: 1 });
  });

  it('takes words that were added since on when it is retried', async () => {
    const store = app.newStore();
    const { id } = await app.start(store, graded('Topp', 'VG', 'Sehr'), go);
    expect((await app.over(store, id)).counts).toMatchObject({ created: 1, failed: 2 });
    await setWords(store, { Topp: 'NM' });
    await app.bus.execute(new RetryJob(store, uuidOf(id), { input: {} }));
    expect((await app.over(store, id)).counts).toMatchObject({ created: 2, failed: 1, retried: 2 });
  });

  it('keeps words as they were set, in versions, and refuses what is no grade', async () => {
    const store = app.newStore();
    expect(await app.bus.execute(new GetGradeVocabulary(store))).toEqual({ words: {}, updatedAt: null, version: 0 });
    expect(await setWords(store, { Topp: 'NM', Ungeprüft: null })).toMatchObject({ version: 1 });
    await expect(setWords(store, { Topp: 'great' })).rejects.toMatchObject({
      code: 'freight.mapping_invalid',
      message: 'These words for grades cannot be used.',
      members: { errors: [{ pointer: '/words/Topp' }] },
    });
    const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`w${index}`, 'NM']));
    await expect(setWords(store, many)).rejects.toMatchObject({ members: { errors: [{ pointer: '/words' }] } });
    const words = { Topp: 'NM', Ungeprüft: null };
    expect(await app.bus.execute(new GetGradeVocabulary(store))).toMatchObject({ words, version: 1 });
    expect(await app.bus.execute(new GetGradeVocabulary(app.newStore()))).toMatchObject({ words: {}, version: 0 });
  });

  it.each([
    [
      'words',
      (store: SystemActor, no: number) => setWords(store, { [`w${no}`]: 'NM' }, UNSET),
      (store: SystemActor) => app.bus.execute(new GetGradeVocabulary(store)),
    ],
    [
      'a retry policy',
      (store: SystemActor, no: number) =>
        app.bus.execute(new SetRetryPolicy(store, { input: { ...RULE, maxAttempts: no + 1 }, ifMatch: UNSET })),
      (store: SystemActor) => app.bus.execute(new GetRetryPolicy(store)),
    ],
  ])('lets one of many win who set %s for the first time under the same condition', async (_what, set, read) => {
    const store = app.newStore();
    const settled = await Promise.allSettled(Array.from({ length: 4 }, (_, no) => set(store, no)));
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of settled)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'http.precondition_failed' });
    expect(await read(store)).toMatchObject({ version: 1 });
  });

  it('goes by its own retry policy where it was started with one', async () => {
    const store = app.newStore();
    await app.bus.execute(new SetRetryPolicy(store, { input: { ...RULE, maxAttempts: 2 } }));
    const rows = goodRows(4);
    rows[1] = ['r2', 'is a defect', 2];
    const attempts = async (retryPolicy?: SetRetryPolicyInput): Promise<unknown> => {
      const errorBudget = { action: 'continue' } as const;
      const { id } = await app.start(store, csvOf(rows), { errorBudget, ...(retryPolicy && { retryPolicy }) });
      expect((await app.over(store, id)).counts).toMatchObject({ total: 4, failed: 4 });
      const [batch] = await database.admin<{ attempts: number }>(
        'select attempts from jobs.task where parent_id = $1 and kind = $2',
        [uuidOf(id), 'freight.batch'],
      );
      return batch?.attempts;
    };
    expect(await attempts()).toBe(2);
    expect(await attempts({ ...RULE, maxAttempts: 3 })).toBe(3);
  });

  it('is the same job for the same key and content, in whichever upload, and nothing else', async () => {
    const store = app.newStore();
    const content = csvOf(goodRows(3));
    const uploadId = await app.upload(store, content);
    const first = await app.start(store, content, { source: { uploadId } }, 'key-1');
    const again = await app.start(store, content, { source: { uploadId } }, 'key-1');
    const anew = await app.start(store, content, {}, 'key-1');
    expect([again.id, anew.id]).toEqual([first.id, first.id]);
    const reused = { code: 'http.idempotency_key_reused' };
    await expect(app.start(store, csvOf(goodRows(4)), {}, 'key-1')).rejects.toMatchObject(reused);
    await expect(app.start(store, content, { batchSize: 1 }, 'key-1')).rejects.toMatchObject(reused);
    const foreign = await app.start(app.newStore(), content, {}, 'key-1');
    expect(foreign.id).not.toBe(first.id);
    const stolen = app.start(app.newStore(), content, { source: { uploadId } });
    await expect(stolen).rejects.toMatchObject({ code: 'freight.upload_not_found' });
    await app.over(store, first.id);
  });

  it.each([
    ['/mapping/source', { ...MAPPING, source: 'other' }],
    ['/mapping/release/externalId', { ...MAPPING, release: { ...MAPPING.release, externalId: { column: 'title' } } }],
    ['/mapping/stock', { source: 'file', release: MAPPING.release }],
    ['/mapping/stock/key', { ...MAPPING, stock: { ...MAPPING.stock, key: { column: 'title' } } }],
    ['/mapping/stock/kind', { ...MAPPING, stock: { ...MAPPING.stock, kind: 'pool', quantity: { constant: '2' } } }],
  ])('is not retried with a mapping that gives records other keys: %s', async (pointer, mapping) => {
    const store = app.newStore();
    const { id } = await app.start(store, graded('Topp', 'VG'), go);
    const before = await app.over(store, id);
    await expect(app.bus.execute(new RetryJob(store, uuidOf(id), { input: { mapping } }))).rejects.toMatchObject({
      code: 'freight.mapping_invalid',
      members: { errors: [{ pointer, code: 'keys_changed' }] },
    });
    expect(await app.job(store, id)).toEqual(before);
  });
});
