import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ALL_PERMISSIONS, type Permission } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { IdentityApp, listed, operator, type Store, uuid } from '../../test/identity-app.js';
import { keyPrefix } from '../credentials/key-token.js';
import { API_KEY_STATES, apiKeyState, type ApiKeyState } from '../domain/api-key-lifecycle.js';
import type { ApiKeyView, IssuedApiKeyView } from '../identity.views.js';
import { GetApiKey } from '../queries/get-api-key.query.js';
import { API_KEYS, ListApiKeys } from '../queries/list-api-keys.query.js';
import { DeleteTenant } from './delete-tenant.command.js';
import { IssueApiKey, type IssueApiKeyInput } from './issue-api-key.command.js';
import { RevokeApiKey } from './revoke-api-key.command.js';
import { RotateApiKey } from './rotate-api-key.command.js';

let db: TestDatabase;
let app: IdentityApp;
let store: Store;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await IdentityApp.start(db);
});
beforeEach(async () => {
  store = await app.newStore();
});
afterAll(async () => {
  await app.close();
  await db.drop();
});

const idOf = (key: ApiKeyView) => uuid('apiKey', key.id);
const issue = (input: Partial<IssueApiKeyInput> = {}, actor = store.actor) =>
  app.bus.execute(new IssueApiKey(actor, { name: 'a key', ...input }));
const rotate = (key: ApiKeyView, overlapSeconds = 3_600, actor = store.actor, ifMatch?: readonly string[]) =>
  app.bus.execute(new RotateApiKey(actor, idOf(key), { input: { overlapSeconds }, ifMatch }));
const revoke = (key: ApiKeyView, actor = store.actor, ifMatch?: readonly string[]) =>
  app.bus.execute(new RevokeApiKey(actor, idOf(key), ifMatch));
const get = (key: ApiKeyView, actor = store.actor) => app.bus.execute(new GetApiKey(actor, idOf(key)));
const list = async (parameters: Record<string, string> = {}, actor = store.actor) =>
  (await app.bus.execute(new ListApiKeys(actor, listed(API_KEYS, parameters)))).data;
const withoutSecret = ({ key: _, ...view }: IssuedApiKeyView): ApiKeyView => view;

/** Makes a key expired, as time would. */
const expire = (key: ApiKeyView) =>
  db.admin(`update identity.api_key set expires_at = now() - interval '1 second' where id = $1`, [idOf(key)]);

describe('issuing a key', () => {
  test('answers the secret once; afterwards only what may be shown', async () => {
    const expiresAt = '2999-01-01T00:00:00.000Z';
    const issued = await issue({ scopes: ['stock:read', 'key:read'], expiresAt, allowedIps: ['192.0.2.0/24'] });
    expect(issued).toMatchObject({
      name: 'a key',
      mode: 'test',
      scopes: ['key:read', 'stock:read'],
      allowedIps: ['192.0.2.0/24'],
      state: 'active',
      expiresAt,
      rotatedFrom: null,
      rotatedTo: null,
      revokedAt: null,
      lastUsedAt: null,
      version: 1,
    });
    expect(issued.key.startsWith(`${issued.prefix}_`)).toBe(true);
    expect(await get(issued)).toEqual(withoutSecret(issued));
    expect(await list()).toContainEqual(withoutSecret(issued));
  });

  test('grants all that the issuer holds when no scopes are named', async () => {
    expect((await issue()).scopes).toEqual(ALL_PERMISSIONS);
    const limited = await app.actorOf(await issue({ scopes: ['key:write', 'key:read'] }));
    expect((await issue({}, limited)).scopes).toEqual(['key:read', 'key:write']);
  });

  test('never grants more than the issuer holds', async () => {
    const limited = await app.actorOf(await issue({ scopes: ['key:write', 'key:read'] }));
    const wanted: Permission[] = ['key:read', 'audit:read'];
    await expect(issue({ scopes: wanted }, limited)).rejects.toMatchObject({
      problem: 'forbidden',
      code: 'identity.exceeds_issuer',
      members: { missing: ['audit:read'] },
    });
  });

  test('refuses an expiry that has passed, and says where', async () => {
    const expiresAt = new Date(Date.now() - 1_000).toISOString();
    await expect(issue({ expiresAt })).rejects.toMatchObject({
      code: 'identity.expiry_in_past',
      members: { errors: [{ pointer: '/expiresAt' }] },
    });
  });

  test('by the operator is refused for a deleted tenant', async () => {
    await app.bus.execute(new DeleteTenant(operator, store.tenantId));
    const attempt = app.bus.execute(new IssueApiKey(operator, { name: 'k' }, store.tenantId));
    await expect(attempt).rejects.toMatchObject({
      problem: 'invalid-transition',
      members: { currentState: 'deleted' },
    });
  });

  test('stores no secret, anywhere', async () => {
    const issued = await issue();
    const rotated = await rotate(issued);
    for (const { key, mode, prefix } of [issued, rotated, store.key]) {
      const secret = key.slice(prefix.length + 1);
      expect(prefix).toBe(keyPrefix(mode, prefix.slice(-16)));
      for (const table of ['api_key', 'credential_index', 'audit_entry', 'tenant']) {
        const [row] = await db.admin<{ hits: string }>(
          `select count(*) as hits from identity.${table} t where strpos(t::text, $1) > 0 or strpos(t::text, $2) > 0`,
          [secret.slice(0, 20), Buffer.from(secret.slice(0, 20)).toString('hex')],
        );
        expect([table, Number(row?.hits)]).toEqual([table, 0]);
      }
    }
  });
});

describe('rotating a key', () => {
  test('makes another with the same rights, names each in the other, and keeps the old one for the overlap', async () => {
    const old = await issue({ scopes: ['key:read'], expiresAt: '2999-01-01T00:00:00.000Z', allowedIps: ['127.0.0.1'] });
    const next = await rotate(old, 600);
    expect(next).toMatchObject({
      name: old.name,
      scopes: old.scopes,
      allowedIps: old.allowedIps,
      expiresAt: old.expiresAt,
      rotatedFrom: old.id,
      state: 'active',
      version: 1,
    });
    expect(next.key).not.toBe(old.key);
    const before = await get(old);
    expect(before).toMatchObject({ state: 'rotated', rotatedTo: next.id, version: 2 });
    expect(Date.parse(String(before.overlapUntil)) - Date.parse(String(before.rotatedAt))).toBe(600_000);
  });

  test('is refused to a key that may do less than the one it would get hold of', async () => {
    const limited = await app.actorOf(await issue({ scopes: ['key:write'] }));
    await expect(rotate(store.key, 0, limited)).rejects.toMatchObject({ code: 'identity.exceeds_issuer' });
    expect(await get(store.key)).toMatchObject({ state: 'active', version: 1 });
  });

  test('happens once, however many ask at the same time', async () => {
    const old = await issue();
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => rotate(old)));
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    expect((await list()).filter((key) => key.rotatedFrom === old.id)).toHaveLength(1);
  });

  test('honours If-Match', async () => {
    const old = await issue();
    await expect(rotate(old, 0, store.actor, ['"v2"'])).rejects.toMatchObject({ problem: 'precondition-failed' });
    await rotate(old, 0, store.actor, ['"v1"']);
  });
});

describe('the state of a key', () => {
  async function inState(state: ApiKeyState): Promise<IssuedApiKeyView> {
    const key = await issue();
    if (state === 'rotated') await rotate(key);
    if (state === 'revoked') await revoke(key);
    if (state === 'expired') await expire(key);
    return key;
  }
  const possible: Record<ApiKeyState, readonly string[]> = {
    active: ['rotate', 'revoke'],
    rotated: ['revoke'],
    expired: ['revoke'],
    revoked: [],
  };
  const send = { rotate: (key: ApiKeyView) => rotate(key), revoke: (key: ApiKeyView) => revoke(key) };
  const pairs = API_KEY_STATES.flatMap((state) =>
    (['rotate', 'revoke'] as const).map((command) => [state, command] as const),
  );

  test.each(pairs)('%s decides whether it can be told to %s; a refusal changes nothing', async (state, command) => {
    const key = await inState(state);
    const before = await get(key);
    expect(before.state).toBe(state);
    if (possible[state].includes(command)) return void (await send[command](key));
    await expect(send[command](key)).rejects.toMatchObject({
      problem: 'invalid-transition',
      members: { currentState: state, allowed: possible[state] },
    });
    expect(await get(key)).toEqual(before);
  });

  test('is the same in lists as in the rule, and can be filtered by', async () => {
    for (const state of API_KEY_STATES) await inState(state);
    const all = await list({ limit: '100' });
    for (const key of all) {
      const date = (text: string | null) => text && new Date(text);
      const times = {
        expiresAt: date(key.expiresAt) || null,
        rotatedAt: date(key.rotatedAt) || null,
        overlapUntil: date(key.overlapUntil) || null,
        revokedAt: date(key.revokedAt) || null,
      };
      expect(key.state).toBe(apiKeyState(times, new Date()));
    }
    for (const state of API_KEY_STATES) {
      expect(await list({ limit: '100', 'filter[state]': state })).toEqual(all.filter((key) => key.state === state));
    }
  });

  test('a key may revoke itself', async () => {
    const own = await issue({ scopes: ['key:write'] });
    expect(await revoke(own, await app.actorOf(own))).toMatchObject({ state: 'revoked', version: 2 });
  });
});

describe('keys of another tenant', () => {
  test('are not found, exactly as unknown ones, and stay as they are', async () => {
    const other = await app.newStore();
    const attempts = [get, rotateAs, revokeAs].flatMap((attempt) => [
      attempt(other.key, store.actor),
      attempt({ ...other.key, id: store.key.id.replace(/.{8}$/, '00000000') }, store.actor),
    ]);
    const outcomes = await Promise.allSettled(attempts);
    const errors = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : outcome.value));
    for (const { problem, code, message, members } of errors) {
      expect({ problem, code, message, members }).toEqual({
        problem: 'not-found',
        code: 'http.not_found',
        message: errors[0].message,
        members: {},
      });
    }
    expect(await get(other.key, other.actor)).toEqual(withoutSecret(other.key));
    expect((await list()).map((key) => key.id)).not.toContain(other.key.id);
  });
  const rotateAs = (key: ApiKeyView, actor = store.actor) => rotate(key, 0, actor);
  const revokeAs = (key: ApiKeyView, actor = store.actor) => revoke(key, actor);
});

describe('what the roles of the database may do with keys', () => {
  const asRt = (sql: string, values?: string[]) =>
    app.work.run({ tenantId: store.tenantId }, (unit) => unit.run(sql, values));

  test.each(['secret_hash', 'scopes', 'mode', 'expires_at', 'allowed_ips', 'key_id'])(
    'nobody can update %s',
    async (column) => {
      await expect(asRt(`update identity.api_key set ${column} = ${column}`)).rejects.toMatchObject({ code: '42501' });
    },
  );

  test('nobody can delete a key or its index row', async () => {
    for (const table of ['api_key', 'credential_index']) {
      await expect(asRt(`delete from identity.${table}`)).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('a tenant finds the tenant of every public id, but reads and writes only its own keys', async () => {
    const other = await app.newStore();
    expect(await asRt('select 1 from identity.credential_index where tenant_id = $1', [other.tenantId])).toBe(1);
    expect(await asRt('select 1 from identity.api_key where tenant_id = $1', [other.tenantId])).toBe(0);
    expect(await asRt('update identity.api_key set revoked_at = now() where tenant_id = $1', [other.tenantId])).toBe(0);
    await expect(
      asRt(`insert into identity.credential_index (tenant_id, key_id) values ($1, 'aaaaaaaaaaaaaaaa')`, [
        other.tenantId,
      ]),
    ).rejects.toMatchObject({ code: '42501' });
  });
});
