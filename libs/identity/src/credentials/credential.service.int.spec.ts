import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { newUuid } from '#platform/kernel';
import { Unit } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { eventually } from '../../../../test/support/redis-server.js';
import { IdentityApp, operator, type Store, uuid } from '../../test/identity-app.js';
import { DeleteTenant } from '../commands/delete-tenant.command.js';
import { IssueApiKey } from '../commands/issue-api-key.command.js';
import { ResumeTenant } from '../commands/resume-tenant.command.js';
import { RevokeApiKey } from '../commands/revoke-api-key.command.js';
import { RotateApiKey } from '../commands/rotate-api-key.command.js';
import { SetTenantLimits } from '../commands/set-tenant-limits.command.js';
import { SuspendTenant } from '../commands/suspend-tenant.command.js';
import { newKeyToken } from './key-token.js';

const HERE = '127.0.0.1';
const refused = { problem: 'unauthenticated', code: 'identity.credential_invalid' };

let db: TestDatabase;
let here: IdentityApp;
let elsewhere: IdentityApp;

beforeAll(async () => {
  db = await createTestDatabase();
  here = await IdentityApp.start(db);
  elsewhere = await IdentityApp.start(db);
});
afterAll(async () => {
  await Promise.all([here.close(), elsewhere.close()]);
  await db.drop();
});
afterEach(() => {
  jest.restoreAllMocks();
});

const call = (app: IdentityApp, token: string, address = HERE) => app.credentials.authenticate(token, address);
const suspend = (tenantId: string) =>
  here.bus.execute(new SuspendTenant(operator, tenantId, { input: { reason: 'unpaid' } }));

/** Statements that reach the database while `work` runs. */
async function statements(work: () => Promise<unknown>): Promise<number> {
  const spies = [jest.spyOn(Unit.prototype, 'rows'), jest.spyOn(Unit.prototype, 'only')];
  await work();
  return spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
}

describe('who calls with an API key', () => {
  test('a good key answers its actor and the limits of its tenant', async () => {
    const { tenantId, key } = await here.newStore({ scopes: ['key:read', 'audit:read'] });
    const { actor, limits } = await call(here, key.key);
    expect(actor).toMatchObject({
      kind: 'key',
      tenantId,
      mode: 'test',
      keyId: uuid('apiKey', key.id),
      keyName: 'first',
    });
    expect([...actor.permissions]).toEqual(['key:read', 'audit:read']);
    expect(limits).toEqual({ tenantPerMinute: 1_000, keyPer10Seconds: 200, concurrent: 50 });
  });

  test('a key with a wrong checksum is refused without a query', async () => {
    const { key } = await here.newStore();
    const typo = key.key.slice(0, -1) + (key.key.endsWith('0') ? '1' : '0');
    const count = await statements(() => expect(call(here, typo)).rejects.toMatchObject(refused));
    expect(count).toBe(0);
  });

  test('a burst of calls with one key costs one look at the database', async () => {
    const { key } = await here.newStore();
    const count = await statements(() => Promise.all(Array.from({ length: 200 }, () => call(elsewhere, key.key))));
    expect(count).toBe(2);
  });

  test('a flood of calls with an unknown key is not passed on to the database', async () => {
    const { token } = newKeyToken('live');
    const calls = () => Promise.allSettled(Array.from({ length: 200 }, () => call(here, token)));
    expect(await statements(calls)).toBe(1);
  });

  test('a key whose secret is wrong is refused, though its checksum is right', async () => {
    const { key } = await here.newStore();
    const other = newKeyToken('test').token;
    const forged = await forge(`${key.prefix}_${other.slice(25, 57)}`);
    await expect(call(here, forged)).rejects.toMatchObject(refused);
    await expect(call(here, key.key)).resolves.toBeDefined();
  });

  test('a key in the other mode is refused: test for live and live for test', async () => {
    for (const mode of ['test', 'live'] as const) {
      const { key } = await here.newStore({}, mode);
      const body = key.key.replace(`rk_${mode}`, mode === 'test' ? 'rk_live' : 'rk_test').slice(0, -6);
      await expect(call(here, await forge(body))).rejects.toMatchObject(refused);
    }
  });

  test('a key that does not have the mode of its tenant cannot be stored, and does not work where it was stored anyway', async () => {
    const { key, tenantId } = await here.newStore();
    await expect(
      db.admin('update identity.api_key set mode = $2 where tenant_id = $1', [tenantId, 'live']),
    ).rejects.toMatchObject({
      code: '23503',
    });
    await db.admin(`do $$ begin
      set local session_replication_role = replica;
      update identity.tenant set mode = 'live' where tenant_id = '${tenantId}';
    end $$`);
    await expect(call(elsewhere, key.key)).rejects.toMatchObject(refused);
  });

  test('a key works from the addresses it lists and from no other', async () => {
    const store = await here.newStore();
    const key = await here.bus.execute(
      new IssueApiKey(store.actor, { name: 'bound', allowedIps: ['192.0.2.0/24', '2001:db8::1'] }),
    );
    await expect(call(here, key.key, '192.0.2.77')).resolves.toBeDefined();
    await expect(call(here, key.key, '::ffff:192.0.2.77')).resolves.toBeDefined();
    await expect(call(here, key.key, '2001:db8::1')).resolves.toBeDefined();
    await expect(call(here, key.key, '192.0.3.1')).rejects.toMatchObject(refused);
  });

  test('a public id that stands for keys of two tenants stands for none', async () => {
    const [a, b] = [await here.newStore(), await here.newStore()];
    const rename = (id: string, to: string) => `
      update identity.credential_index set key_id = '${to}' where tenant_id = '${id}';
      update identity.api_key set key_id = '${to}' where tenant_id = '${id}';`;
    await db.admin(
      `do $$ begin set local session_replication_role = replica; ${rename(b.tenantId, a.key.prefix.slice(-16))} end $$`,
    );
    await expect(call(elsewhere, a.key.key)).rejects.toMatchObject(refused);
  });

  test('a permission that no longer exists is not granted', async () => {
    const { key, tenantId } = await here.newStore({ scopes: ['key:read'] });
    await db.admin(`update identity.api_key set scopes = '{key:read,moon:land}' where tenant_id = $1`, [tenantId]);
    const { actor } = await call(elsewhere, key.key);
    expect([...actor.permissions]).toEqual(['key:read']);
  });

  test('every refusal is the same, whatever its reason', async () => {
    const reasons = [newKeyToken('test').token, 'rk_test_mistyped', '', 'x'.repeat(10_000)];
    const deleted = await here.newStore();
    await here.bus.execute(new DeleteTenant(operator, deleted.tenantId));
    const revoked = await here.newStore();
    await here.bus.execute(new RevokeApiKey(revoked.actor, uuid('apiKey', revoked.key.id)));
    const outcomes = await Promise.allSettled(
      [...reasons, deleted.key.key, revoked.key.key].map((token) => call(here, token)),
    );
    const bodies = outcomes.map((outcome) => {
      if (outcome.status === 'fulfilled') throw new Error('all are refused');
      const { problem, code, message, members } = outcome.reason;
      return { problem, code, message, members };
    });
    for (const body of bodies) expect(body).toEqual(bodies[0]);
    expect(bodies[0]).toMatchObject(refused);
  });
});

describe('a credential that changes', () => {
  /** Warms both processes, changes something here, and calls again: here at once, elsewhere within a second. */
  async function change(store: Store, act: () => Promise<unknown>, expected: object): Promise<void> {
    await Promise.all([call(here, store.key.key), call(elsewhere, store.key.key)]);
    await act();
    const changedAt = performance.now();
    await expect(call(here, store.key.key)).rejects.toMatchObject(expected);
    const { refusal, lastLetInAt } = await refusalOf(elsewhere, store.key.key);
    expect(refusal).toMatchObject(expected);
    // When the call began, not when it came back: a busy machine makes answers late, not what they know old.
    expect(lastLetInAt - changedAt).toBeLessThan(1_000);
  }

  /** Calls until the key is refused; also when the last call began that was let in. */
  async function refusalOf(app: IdentityApp, token: string): Promise<{ refusal: unknown; lastLetInAt: number }> {
    for (let lastLetInAt = 0; ; await pause(10)) {
      const calledAt = performance.now();
      const refusal: unknown = await call(app, token).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (refusal !== undefined) return { refusal, lastLetInAt };
      lastLetInAt = calledAt;
    }
  }

  test('given a key that is revoked, then it is refused here at once and elsewhere within a second', async () => {
    const store = await here.newStore();
    await change(store, () => here.bus.execute(new RevokeApiKey(store.actor, uuid('apiKey', store.key.id))), refused);
  });

  test('given a key that is rotated without overlap, then it is refused within a second and the new one works', async () => {
    const store = await here.newStore();
    const rotate = () =>
      here.bus.execute(new RotateApiKey(store.actor, uuid('apiKey', store.key.id), { input: { overlapSeconds: 0 } }));
    let next = '';
    await change(store, async () => (next = (await rotate()).key), refused);
    await expect(call(elsewhere, next)).resolves.toBeDefined();
  });

  test('given a key that is rotated with an overlap, then both work until it ends, judged by the clock of the database', async () => {
    const store = await here.newStore();
    const id = uuid('apiKey', store.key.id);
    const next = await here.bus.execute(new RotateApiKey(store.actor, id, { input: { overlapSeconds: 1 } }));
    await Promise.all([store.key.key, next.key].map((token) => call(elsewhere, token)));
    const { refusal } = await refusalOf(elsewhere, store.key.key);
    expect(refusal).toMatchObject(refused);
    expect(await isPast('overlap_until', id)).toBe(true);
    await expect(call(elsewhere, next.key)).resolves.toBeDefined();
  });

  test('given a key that expires while it is remembered, then it is refused from that instant on', async () => {
    const store = await here.newStore();
    const expiresAt = new Date(Date.now() + 700).toISOString();
    const key = await here.bus.execute(new IssueApiKey(store.actor, { name: 'brief', expiresAt }));
    const reads = await statements(async () => {
      const { refusal, lastLetInAt } = await refusalOf(here, key.key);
      expect(refusal).toMatchObject(refused);
      expect(performance.timeOrigin + lastLetInAt).toBeLessThanOrEqual(Date.parse(expiresAt));
    });
    expect(reads).toBeLessThanOrEqual(2);
    expect(await isPast('expires_at', uuid('apiKey', key.id))).toBe(true);
  });

  /** Whether an instant of a key is over by the clock of the database. */
  async function isPast(column: 'expires_at' | 'overlap_until', id: string): Promise<boolean> {
    const [row] = await db.admin<{ past: boolean }>(
      `select ${column} <= clock_timestamp() as past from identity.api_key where id = $1`,
      [id],
    );
    return row?.past === true;
  }

  test('given a tenant that is suspended, then all its keys are locked within a second, and work again once it is resumed', async () => {
    const store = await here.newStore();
    const locked = { problem: 'tenant-locked', code: 'identity.tenant_suspended' };
    await change(store, () => suspend(store.tenantId), locked);
    await expect(call(here, newKeyToken('test').token)).rejects.toMatchObject(refused);
    await expect(call(here, store.key.key)).rejects.toMatchObject(locked);
    await here.bus.execute(new ResumeTenant(operator, store.tenantId));
    await expect(call(here, store.key.key)).resolves.toBeDefined();
  });

  test('given a suspended tenant, then a wrong secret does not learn of it', async () => {
    const store = await here.newStore();
    await suspend(store.tenantId);
    const forged = await forge(`${store.key.prefix}_${'0'.repeat(32)}`);
    await expect(call(here, forged)).rejects.toMatchObject(refused);
  });

  test('given a tenant that is deleted, then its keys are refused within a second', async () => {
    const store = await here.newStore();
    await change(store, () => here.bus.execute(new DeleteTenant(operator, store.tenantId)), refused);
  });

  test('given new limits, then they hold here at once', async () => {
    const store = await here.newStore();
    const input = { requestsPerMinute: 60, concurrentRequests: 2 };
    await here.bus.execute(new SetTenantLimits(operator, store.tenantId, { input }));
    const { limits } = await call(here, store.key.key);
    expect(limits).toEqual({ tenantPerMinute: 60, keyPer10Seconds: 60, concurrent: 2 });
  });

  test('given a key that was unknown a moment ago, then it works soon after being issued', async () => {
    const store = await here.newStore();
    const { token, keyId } = newKeyToken('test');
    await expect(call(elsewhere, token)).rejects.toMatchObject(refused);
    await db.admin(
      `with key as (insert into identity.api_key (tenant_id, id, key_id, name, mode, scopes, allowed_ips, secret_hash, created_at, version)
         select tenant_id, $2, $3, name, mode, scopes, allowed_ips, $4, now(), 1 from identity.api_key where tenant_id = $1 returning tenant_id, key_id)
       insert into identity.credential_index (tenant_id, key_id) select tenant_id, key_id from key`,
      [store.tenantId, newUuid(), keyId, await hashOf(token)],
    );
    await eventually('it works', () =>
      call(elsewhere, token).then(
        () => true,
        () => false,
      ),
    );
  });
});

describe('a database that is away', () => {
  test('is no reason to call a key invalid', async () => {
    const away = await IdentityApp.start({
      ...db,
      rtUrl: 'postgres://app_rt@127.0.0.1:1/none',
      platformUrl: db.platformUrl,
    });
    const attempt = call(away, newKeyToken('test').token);
    await expect(attempt).rejects.toMatchObject({ problem: 'dependency-unavailable', code: 'database.unavailable' });
    await away.close();
  });
});

/** Gives a body of one's own the right checksum, as an attacker can. */
async function forge(body: string): Promise<string> {
  const { crc32 } = await import('node:zlib');
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  let value = crc32(body);
  let sum = '';
  for (let i = 0; i < 6; i++) {
    sum = digits.charAt(value % 62) + sum;
    value = Math.floor(value / 62);
  }
  return body + sum;
}

async function hashOf(token: string): Promise<Buffer> {
  const { SecretHash } = await import('./secret-hash.js');
  const { SECRET } = await import('../../test/identity-app.js');
  return new SecretHash(SECRET).of(token);
}
