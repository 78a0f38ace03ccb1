import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Unit } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { IdentityApp, listed, type Store } from '../../test/identity-app.js';
import { SetCorsOrigins } from '../commands/set-cors-origins.command.js';
import { GetCorsOrigins } from '../queries/get-cors-origins.query.js';
import { AUDIT_LOG, ListAuditLog } from '../queries/list-audit-log.query.js';
import { OriginDirectory } from './origin-directory.js';

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

const set = (store: Store, origins: string[], ifMatch?: readonly string[]) =>
  app.bus.execute(new SetCorsOrigins(store.actor, { origins }, ifMatch));
const get = (store: Store) => app.bus.execute(new GetCorsOrigins(store.actor));
const directory = () => app.get(OriginDirectory);

describe('allowed origins', () => {
  test('are none, as version 0, until they are set', async () => {
    expect(await get(await app.newStore())).toEqual({ origins: [], updatedAt: null, version: 0 });
  });

  test('are replaced as a whole; the same list changes nothing', async () => {
    const store = await app.newStore();
    const first = await set(store, ['https://b.example', 'https://a.example', 'https://b.example']);
    expect(first).toMatchObject({ origins: ['https://a.example', 'https://b.example'], version: 1 });
    expect(await set(store, ['https://b.example', 'https://a.example'])).toEqual(first);
    expect(await set(store, ['https://c.example', 'https://a.example'])).toMatchObject({
      origins: ['https://a.example', 'https://c.example'],
      version: 2,
    });
    expect(await set(store, [])).toMatchObject({ origins: [], version: 3 });
    const log = await app.bus.execute(
      new ListAuditLog(store.actor, listed(AUDIT_LOG, { 'filter[action]': 'tenant.origins-changed' })),
    );
    expect(log.data.map((entry) => entry.details)).toEqual([
      { added: [], removed: ['https://a.example', 'https://c.example'] },
      { added: ['https://c.example'], removed: ['https://b.example'] },
      { added: ['https://a.example', 'https://b.example'], removed: [] },
    ]);
  });

  test.each([0, 1])('honour If-Match where two replace version %s at the same time', async (version) => {
    const store = await app.newStore();
    if (version === 1) await set(store, ['https://old.example']);
    const outcomes = await Promise.allSettled([
      set(store, ['https://a.example'], [`"v${version}"`]),
      set(store, ['https://b.example'], [`"v${version}"`]),
    ]);
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find((outcome) => outcome.status === 'rejected')).toMatchObject({
      reason: { problem: 'precondition-failed' },
    });
    expect(await get(store)).toMatchObject({ version: version + 1 });
  });

  test('are each store’s own, though all can be looked through before a tenant is known', async () => {
    const [a, b] = [await app.newStore(), await app.newStore()];
    await set(a, ['https://only-a.example']);
    await set(b, ['https://only-b.example']);
    expect((await get(a)).origins).toEqual(['https://only-a.example']);
    expect((await get(b)).origins).toEqual(['https://only-b.example']);
    await set(a, []);
    expect((await get(b)).origins).toEqual(['https://only-b.example']);
    const intrude = app.work.run({ tenantId: a.tenantId }, (unit) =>
      unit.run('insert into identity.cors_origin (tenant_id, origin) values ($1, $2)', [
        b.tenantId,
        'https://evil.test',
      ]),
    );
    await expect(intrude).rejects.toMatchObject({ code: '42501' });
    const remove = app.work.run({ tenantId: a.tenantId }, (unit) => unit.run('delete from identity.cors_origin'));
    expect(await remove).toBe(0);
  });
});

describe('the directory of origins', () => {
  test('knows what any store and what one store allows, and hears of a change on this process at once', async () => {
    const [a, b] = [await app.newStore(), await app.newStore()];
    const origin = 'https://shop-a.example';
    expect(await directory().anyTenantAllows(origin)).toBe(false);
    await set(a, [origin]);
    expect(await directory().anyTenantAllows(origin)).toBe(true);
    expect(await directory().tenantAllows(a.tenantId, origin)).toBe(true);
    expect(await directory().tenantAllows(b.tenantId, origin)).toBe(false);
    for (const near of [
      'http://shop-a.example',
      'https://shop-a.example.evil.test',
      'https://shop-a.example:8443',
      'null',
    ]) {
      expect([near, await directory().anyTenantAllows(near)]).toEqual([near, false]);
    }
    await set(a, []);
    expect(await directory().anyTenantAllows(origin)).toBe(false);
    expect(await directory().tenantAllows(a.tenantId, origin)).toBe(false);
  });

  test('asks the database once for a flood of one origin, and never for what is no origin', async () => {
    const only = jest.spyOn(Unit.prototype, 'only');
    await Promise.all(Array.from({ length: 100 }, () => directory().anyTenantAllows('https://flood.example')));
    expect(only).toHaveBeenCalledTimes(1);
    for (const text of ['null', '*', '', 'https://x.example/path', 'a'.repeat(9_999)])
      await directory().anyTenantAllows(text);
    expect(only).toHaveBeenCalledTimes(1);
  });
});
