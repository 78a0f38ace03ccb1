import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { Client as PgClient } from 'pg';
import { parseId } from '#platform/kernel';
import { type Answer, startTestApi } from '../support/api.js';
import { Client, makeStore, pathOf, type Store } from '../support/client.js';
import { createTestDatabase } from '../support/database.js';
import { digestOf } from '../support/digest.js';
import { bodyFor, idIn } from '../support/examples.js';
import { eventually } from '../support/redis-server.js';
import { type ApiRoute, isOperators, routesOf } from '../support/routes.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const database = await createTestDatabase();
const proxy = await TcpProxy.before(database.rtUrl);
const api = await startTestApi({
  TRUSTED_PROXIES: '1',
  DATABASE_URL_RT: proxy.through(database.rtUrl),
  DATABASE_URL_PLATFORM: proxy.through(database.platformUrl),
  STATEMENT_TIMEOUT_MS: '2000',
});
const client = new Client(api.url, [503]);
const routes = routesOf(api);
const operator = api.operatorToken;
const store = await makeStore(api);

afterEach(() => proxy.restore());
afterAll(async () => {
  await api.close();
  await proxy.close();
  await database.drop();
});

const me = (key = store.key) => client.call('GET', '/api/v1/me', { key });
const recovered = () => eventually('it answers again', async () => (await me()).status === 200);

function call(route: ApiRoute, key: string | undefined) {
  return client.call<Record<string, unknown>>(route.method, pathOf(route, idIn(store)), { key, body: bodyFor(route) });
}

describe('while the database is gone', () => {
  beforeEach(async () => {
    await me();
    await proxy.cut();
  });

  it.each(routes)('$name says so instead of hanging, and changes nothing', async (route) => {
    const before = await digestOf(database);
    const fresh = await call(route, store.key);
    const answers = [fresh, ...(isOperators(route) ? [await call(route, operator)] : [])];
    // That they came at all, while the database is still gone, is what does not hang.
    for (const { status, body, headers } of answers) {
      // A key seen a moment ago is still known, and that it lacks the operator's permission; health says what is down.
      if (status === 403 || body['status'] === 'down') continue;
      expect([route.name, status, body.type]).toEqual([route.name, 503, 'urn:recrate:problem:dependency-unavailable']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    await proxy.restore();
    await recovered();
    expect(await digestOf(database)).toEqual(before);
  });

  it('a key that was not seen lately is answered 503, not 401', async () => {
    await pause(900);
    for (const route of routes) {
      expect([route.name, (await call(route, store.key)).status]).toEqual([route.name, 503]);
    }
  });

  it('what needs no database goes on: 401, 404, 405, documentation, and the operator’s look at the health', async () => {
    expect((await client.call('GET', '/api/v1/me')).status).toBe(401);
    expect((await me(`${store.key}x`)).status).toBe(401);
    expect((await client.call('GET', '/api/v1/nothing')).status).toBe(404);
    expect((await client.call('PUT', '/api/v1/me')).status).toBe(405);
    expect((await client.call('GET', '/api/docs')).status).toBe(200);
    const health = await client.call('GET', '/api/v1/health', { key: operator });
    expect(health).toMatchObject({ status: 200, body: { status: 'down', checks: { database: 'down', redis: 'up' } } });
  });

  it('a browser’s request and its preflight are answered 503 as well', async () => {
    const headers = { origin: 'https://never-asked-before.test', 'access-control-request-method': 'GET' };
    expect((await client.call('OPTIONS', '/api/v1/me', { headers })).status).toBe(503);
    expect((await client.call('GET', '/api/v1/me', { headers, key: operator })).status).toBe(503);
  });

  it('a hundred callers at once are all answered', async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => client.call('GET', '/api/v1/api-keys', { key: store.key })),
    );
    expect(answers.filter(({ status }) => status !== 503)).toEqual([]);
  });

  it('it is usable soon after the database is back, without help', async () => {
    for (let i = 0; i < 3; i++) expect((await me()).status).toBe(503);
    await proxy.restore();
    await recovered();
    expect((await client.call('GET', '/api/v1/platform/tenants', { key: operator })).status).toBe(200);
  });
});

describe('when the database restarts between two requests', () => {
  it('no caller notices', async () => {
    await Promise.all(Array.from({ length: 30 }, () => client.call('GET', '/api/v1/api-keys', { key: store.key })));
    expect(proxy.open).toBeGreaterThan(1);
    for (let i = 0; i < 5; i++) {
      proxy.reset();
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => client.call('GET', '/api/v1/api-keys', { key: store.key })),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    }
  });
});

describe('when the database can be reached but does not answer', () => {
  it('every caller hears so once the time a statement may take is over', async () => {
    await Promise.all(Array.from({ length: 20 }, () => me()));
    proxy.swallow();
    const reads = routes
      .filter(({ method }) => method === 'GET')
      .map((route) => call(route, isOperators(route) ? operator : store.key));
    const writes = Array.from({ length: 20 }, () =>
      client.call<Record<string, unknown>>('POST', '/api/v1/api-keys', { key: store.key, body: { name: 'k' } }),
    );
    const answers = await Promise.all([...reads, ...writes]);
    const isRight = ({ status, body }: Answer<Record<string, unknown>>) => status === 503 || body['status'] === 'down';
    const wrong = answers.filter((answer) => !isRight(answer));
    expect(wrong.map(({ status, text }) => ({ status, text }))).toEqual([]);
    await proxy.restore();
    await recovered();
  });
});

describe('when somebody holds what a request needs', () => {
  it('the caller hears that the service is busy, while it is still held', async () => {
    const lock = new PgClient({ connectionString: database.ownerUrl });
    await lock.connect();
    await lock.query('begin');
    await lock.query('select 1 from identity.api_key where tenant_id = $1 for update', [
      parseId('tenant', store.tenantId),
    ]);
    const revoke = client.call('POST', `/api/v1/api-keys/${store.keyId}/revoke`, { key: store.key });
    const { status, body, headers } = await revoke;
    expect([status, body.type, body.code]).toEqual([503, 'urn:recrate:problem:overloaded', 'database.lock_timeout']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    await lock.query('rollback');
    await lock.end();
    expect((await me()).status).toBe(200);
  });
});

describe('when the connection breaks in the middle of a request', () => {
  /** Names of the store's keys; each intended effect has a name of its own. */
  async function namesOf({ key }: Store): Promise<string[]> {
    const { body } = await client.call<{ data: { name: string }[] }>('GET', '/api/v1/api-keys?limit=100', { key });
    return body.data.map(({ name }) => name).filter((name) => name.startsWith('intent'));
  }

  it('the same request with the same Idempotency-Key has its one effect, wherever the break came', async () => {
    const own = await makeStore(api);
    const breaks = Array.from({ length: 16 }, (_, i) => 6 + i * 8);
    for (const afterMs of breaks) {
      const send = () =>
        client.call<{ key: string }>('POST', '/api/v1/api-keys', {
          key: own.key,
          body: { name: `intent ${afterMs}` },
          headers: { 'idempotency-key': `intent-${afterMs}` },
        });
      await me(own.key);
      proxy.delay(8);
      const first = send();
      await pause(afterMs);
      proxy.reset();
      const answers = [await first];
      await proxy.restore();
      while (answers.at(-1)?.status !== 201) answers.push(await send());
      expect(answers.map(({ status }) => status).filter((status) => status !== 201 && status !== 503)).toEqual([]);
      expect((await me(String(answers.at(-1)?.body.key))).status).toBe(200);
    }
    expect((await namesOf(own)).sort()).toEqual(breaks.map((afterMs) => `intent ${afterMs}`).sort());
  });

  it('a request without such a key has one effect or none, and says 503 where it cannot tell', async () => {
    const own = await makeStore(api);
    const outcomes = [];
    for (let i = 0; i < 12; i++) {
      const name = `intent ${i}`;
      await me(own.key);
      proxy.delay(8);
      const sent = client.call('POST', '/api/v1/api-keys', { key: own.key, body: { name } });
      await pause(20 + i * 6);
      proxy.reset();
      const { status } = await sent;
      await proxy.restore();
      const count = (await namesOf(own)).filter((found) => found === name).length;
      outcomes.push({ status, count });
    }
    expect(
      outcomes.filter(({ status, count }) => (status === 201 ? count !== 1 : status !== 503 || count > 1)),
    ).toEqual([]);
  });

  it('nothing half done is left: audit log and keys agree', async () => {
    const [row] = await database.admin<{ keys: number; entries: number }>(
      `select (select count(*) from identity.api_key)::int as keys,
              (select count(*) from identity.audit_entry where action = 'api-key.issued')::int as entries`,
    );
    expect(row?.keys).toBeGreaterThan(14);
    expect(row?.entries).toBe(row?.keys);
    const [index] = await database.admin<{ count: number }>(
      'select count(*)::int as count from identity.credential_index',
    );
    expect(index?.count).toBe(row?.keys);
  });
});

describe('every answer of these tests', () => {
  it('was a result, a well-formed refusal or a well-formed 503, and told nothing of the machinery', () => {
    expect(client.count).toBeGreaterThan(200);
    expect(client.faults).toEqual([]);
  });

  it('says nowhere where the database is', () => {
    const { hostname, port } = new URL(proxy.through(database.rtUrl));
    expect(api.logs.filter((line) => line.includes(`${hostname}:${port}`) && !line.includes('ECONNREFUSED'))).toEqual(
      [],
    );
    expect(api.logs.filter((line) => line.includes(new URL(database.rtUrl).password))).toEqual([]);
  });
});
