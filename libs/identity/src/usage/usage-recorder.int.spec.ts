import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { UsageSink } from '#platform/http';
import { UnitOfWork } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { IdentityApp, operator, type Store, uuid } from '../../test/identity-app.js';
import { GetApiKey } from '../queries/get-api-key.query.js';
import { GetUsage } from '../queries/get-usage.query.js';
import { UsageRecorder } from './usage-recorder.js';

let db: TestDatabase;
let app: IdentityApp;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await IdentityApp.start(db);
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(async () => {
  await app.close();
  await db.drop();
});

const record = (store: Store, ...statuses: number[]) => {
  for (const status of statuses) app.get(UsageRecorder).record(store.actor, status);
};
const flush = () => app.get(UsageRecorder).flush();
const usage = (store: Store) => app.bus.execute(new GetUsage(store.actor));
const keyOf = (store: Store) => app.bus.execute(new GetApiKey(store.actor, uuid('apiKey', store.key.id)));

describe('request usage', () => {
  test('of a new store is zero, from the first of the month to today', async () => {
    const { today, month } = await usage(await app.newStore());
    const day = new Date().toISOString().slice(0, 10);
    expect(today).toEqual({ from: day, to: day, requests: 0, refused: 0, errors: 0 });
    expect(month).toEqual({ ...today, from: `${day.slice(0, 7)}-01` });
  });

  test('is added up over writes, keys, days and processes', async () => {
    const store = await app.newStore();
    const other = await app.newStore();
    const second = await IdentityApp.start(db);
    record(store, 200, 429);
    record(other, 500);
    await flush();
    record(store, 503);
    second.get(UsageRecorder).record(store.actor, 200);
    await Promise.all([flush(), second.get(UsageRecorder).flush()]);
    await db.admin(
      `insert into identity.usage_daily (tenant_id, day, api_key_id, requests, refused, errors)
       select $1, d::date, gen_random_uuid(), 100, 10, 1
         from unnest(array[date_trunc('month', now() at time zone 'UTC'), date_trunc('month', now() at time zone 'UTC') - interval '1 day']) d`,
      [store.tenantId],
    );
    const { today, month } = await usage(store);
    const isFirstOfMonth = today.from.endsWith('-01');
    expect(month).toMatchObject({ requests: 104, refused: 11, errors: 2 });
    expect(today).toMatchObject({ requests: isFirstOfMonth ? 104 : 4 });
    expect((await usage(other)).today).toMatchObject({ requests: 1, refused: 0, errors: 1 });
    await second.close();
  });

  test('is not counted for the operator, and the edge finds the recorder under its own name', async () => {
    const recorder = app.get(UsageSink as never);
    expect(recorder).toBe(app.get(UsageRecorder));
    app.get(UsageRecorder).record(operator, 200);
    await flush();
    const rows = await db.admin('select 1 from identity.usage_daily where tenant_id = $1', [operator.tenantId]);
    expect(rows).toEqual([]);
  });

  test('is kept when it cannot be written, and written later, once', async () => {
    const store = await app.newStore();
    record(store, 200, 200);
    const run = jest.spyOn(UnitOfWork.prototype, 'run').mockRejectedValue(new Error('away'));
    await flush();
    run.mockRestore();
    record(store, 429);
    await Promise.all([flush(), flush()]);
    expect((await usage(store)).today).toMatchObject({ requests: 3, refused: 1 });
    expect((await keyOf(store)).lastUsedAt).not.toBeNull();
  });

  test('is written when the app is closed', async () => {
    const store = await app.newStore();
    const closing = await IdentityApp.start(db);
    closing.get(UsageRecorder).record(store.actor, 200);
    await closing.close();
    expect((await usage(store)).today).toMatchObject({ requests: 1 });
  });
});

describe('the last use of a key', () => {
  test('is its minute, and changes neither version nor anything else', async () => {
    const store = await app.newStore();
    const before = await keyOf(store);
    expect(before.lastUsedAt).toBeNull();
    await flush();
    const after = await keyOf(store);
    expect(after.lastUsedAt).toMatch(/:00\.000Z$/);
    expect(Date.now() - Date.parse(String(after.lastUsedAt))).toBeLessThan(120_000);
    expect({ ...after, lastUsedAt: null }).toEqual(before);
  });

  test('is not written again within its minute, however often the key is used', async () => {
    const store = await app.newStore();
    await flush();
    for (let i = 0; i < 100; i++) await app.actorOf(store.key);
    const run = jest.spyOn(UnitOfWork.prototype, 'run');
    await flush();
    const isSameMinute =
      (await keyOf(store)).lastUsedAt === new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString();
    if (isSameMinute) expect(run.mock.calls.filter(([scope]) => !scope.readOnly)).toHaveLength(0);
  });

  test('never goes back', async () => {
    const store = await app.newStore();
    await db.admin(`update identity.api_key set last_used_at = '2999-01-01' where tenant_id = $1`, [store.tenantId]);
    await app.actorOf(store.key);
    await flush();
    expect((await keyOf(store)).lastUsedAt).toBe('2999-01-01T00:00:00.000Z');
  });
});
