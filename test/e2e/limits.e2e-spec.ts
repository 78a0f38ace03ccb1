import { afterAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { Client as PgClient } from 'pg';
import { parseId } from '#platform/kernel';
import { type Answer, startTestApi } from '../support/api.js';
import { apiSettings, startApiProcess } from '../support/api-process.js';
import {
  type BareStore,
  Client,
  freshAddress,
  makeBareStore,
  makeStore,
  pathOf,
  PATIENT,
  type ProblemBody,
} from '../support/client.js';
import { idIn } from '../support/examples.js';
import { rawSocket } from '../support/raw-http.js';
import { eventually, OwnRedis } from '../support/redis-server.js';
import { routesOf, writes } from '../support/routes.js';

// A Redis of its own: addresses are counted over all apis that share one.
const redis = await OwnRedis.create();
await redis.start();
const shared = { REDIS_URL: redis.url, RECRATE_SECRET: randomBytes(32).toString('base64url') };
const behindProxy = await startTestApi({ ...PATIENT, ...shared });
const direct = await startApiProcess(apiSettings(behindProxy.database, { ...shared, TRUSTED_PROXIES: '0' }));
const client = new Client(behindProxy.url);

afterAll(async () => {
  await direct.kill();
  await behindProxy.close();
  await redis.remove();
});

interface Limits {
  readonly requestsPerMinute?: number;
  readonly keyRequestsPer10Seconds?: number;
  readonly concurrentRequests?: number;
}

/** A store with these limits; the others are out of reach. */
async function limited(limits: Limits): Promise<BareStore> {
  const store = await makeBareStore(behindProxy);
  const body = { requestsPerMinute: 100_000, keyRequestsPer10Seconds: 100_000, concurrentRequests: 1_000, ...limits };
  await client.call('PUT', `/api/v1/platform/tenants/${store.tenantId}/limits`, {
    key: behindProxy.operatorToken,
    body,
  });
  return store;
}

const me = (key: string, headers: Record<string, string> = {}) => client.call('GET', '/api/v1/me', { key, headers });
const secondKey = async ({ key }: BareStore) =>
  (await client.call<{ key: string }>('POST', '/api/v1/api-keys', { key, body: { name: 'second' } })).body.key;
const statuses = (answers: readonly Answer<unknown>[]) => {
  const counts = new Map<number, number>();
  for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1);
  return Object.fromEntries(counts);
};

describe('the limit of a key', () => {
  it('lets exactly so many requests through, then answers 429 and says what and how long', async () => {
    const store = await limited({ keyRequestsPer10Seconds: 20 });
    const answers = await Promise.all(Array.from({ length: 60 }, () => me(store.key)));
    expect(statuses(answers)).toEqual({ 200: 20, 429: 40 });
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({ type: 'urn:recrate:problem:quota-exceeded', violatedPolicies: ['key'] });
    const wait = Number(refused?.headers.get('retry-after'));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(10);
    expect(refused?.headers.get('ratelimit-policy')).toBe('"tenant";q=100000;w=60, "key";q=20;w=10');
    expect(refused?.headers.get('ratelimit')).toMatch(/^"key";r=0;t=\d+$/);
  });

  it('is told as it runs out', async () => {
    const store = await limited({ keyRequestsPer10Seconds: 5 });
    const left = [];
    for (let i = 0; i < 5; i++)
      left.push(/^"key";r=(\d+);t=(?:\d|10)$/.exec((await me(store.key)).headers.get('ratelimit') ?? '')?.[1]);
    expect(left).toEqual(['4', '3', '2', '1', '0']);
  });

  it('is told by every route that knows its caller, whatever it answers', async () => {
    const store = await makeStore(behindProxy);
    for (const route of routesOf(behindProxy)) {
      const { headers } = await client.call(route.method, pathOf(route, idIn(store)), {
        key: store.key,
        body: writes(route) ? [] : undefined,
      });
      expect([route.name, headers.get('ratelimit')]).toEqual([
        route.name,
        expect.stringMatching(/^"(?:key|tenant)";r=\d+;t=\d+$/),
      ]);
    }
    expect(
      (await client.call('GET', '/api/v1/me', { key: behindProxy.operatorToken })).headers.get('ratelimit'),
    ).toBeNull();
  });

  const evasions: Record<string, (i: number) => { path?: string; headers?: Record<string, string> }> = {
    'another X-Forwarded-For': () => ({ headers: { 'x-forwarded-for': freshAddress() } }),
    'a chain of X-Forwarded-For': (i) => ({ headers: { 'x-forwarded-for': `10.0.0.${i}, ${freshAddress()}` } }),
    'X-Real-IP': (i) => ({ headers: { 'x-real-ip': `10.1.0.${i}` } }),
    Forwarded: (i) => ({ headers: { forwarded: `for=10.2.0.${i};proto=https` } }),
    'other headers of proxies': (i) => ({
      headers: { 'true-client-ip': `10.3.0.${i}`, 'cf-connecting-ip': `10.3.1.${i}`, 'x-client-ip': `10.3.2.${i}` },
    }),
    'another spelling of the path': (i) => ({
      path: ['/api/v1/me', '/api/v1/%6de', '/api/v1/m%65', '/api/v1/me?'][i % 4] ?? '',
    }),
    'another case of the scheme': (i) => ({
      headers: { authorization: `${['Bearer', 'bearer', 'BEARER', 'bEARER'][i % 4]} ` },
    }),
    'another user agent': (i) => ({ headers: { 'user-agent': `Agent ${i}` } }),
    'another request id': (i) => ({ headers: { 'x-request-id': `request-${i}` } }),
  };

  it.each(Object.entries(evasions))('is not evaded by %s', async (_, evade) => {
    const store = await limited({ keyRequestsPer10Seconds: 10 });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) => {
        const { path = '/api/v1/me', headers = {} } = evade(i);
        const { authorization } = headers;
        return client.call('GET', path, {
          key: store.key,
          headers: { ...headers, ...(authorization && { authorization: authorization + store.key }) },
        });
      }),
    );
    expect(statuses(answers)).toEqual({ 200: 10, 429: 20 });
  });

  it('is not evaded by pipelining', async () => {
    const store = await limited({ keyRequestsPer10Seconds: 10 });
    const socket = rawSocket(behindProxy.url);
    socket.write(`GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${store.key}\r\n\r\n`.repeat(30));
    let text = '';
    socket.on('data', (piece: Buffer) => (text += piece.toString()));
    const count = (status: number): number => text.split(`HTTP/1.1 ${status} `).length - 1;
    await eventually('all are answered', () => count(200) + count(429) === 30);
    socket.destroy();
    expect([count(200), count(429)]).toEqual([10, 20]);
  });

  it('opens again when its window ends', async () => {
    const store = await limited({ keyRequestsPer10Seconds: 1 });
    expect([(await me(store.key)).status, (await me(store.key)).status]).toEqual([200, 429]);
    const counters = new Redis(redis.url);
    for (const key of await counters.keys('*:rate:*')) {
      expect(await counters.pttl(key)).toBeGreaterThan(0);
      await counters.pexpire(key, 50);
    }
    counters.disconnect();
    await eventually('the window ends', async () => (await me(store.key)).status === 200);
  });
});

describe('the limit of a store', () => {
  it('is shared by all its keys', async () => {
    const store = await limited({ requestsPerMinute: 20 });
    const keys = [store.key, await secondKey(store)];
    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => me(keys[i % 2] ?? '')));
    // One of the twenty made the second key.
    expect(statuses(answers)).toEqual({ 200: 19, 429: 41 });
    expect(answers.find(({ status }) => status === 429)?.body['violatedPolicies']).toEqual(['tenant']);
    expect(answers.find(({ status }) => status === 429)?.headers.get('ratelimit')).toMatch(/^"tenant";r=0;t=\d+$/);
  });

  it('is no other store’s concern', async () => {
    const [a, b] = [await limited({ requestsPerMinute: 2 }), await limited({ requestsPerMinute: 2 })];
    await Promise.all([me(a.key), me(a.key), me(a.key)]);
    expect((await me(b.key)).status).toBe(200);
  });

  it('holds within a second after the operator changed it', async () => {
    const store = await limited({ requestsPerMinute: 1 });
    expect([(await me(store.key)).status, (await me(store.key)).status]).toEqual([200, 429]);
    const body = { requestsPerMinute: 100, concurrentRequests: 10 };
    await client.call('PUT', `/api/v1/platform/tenants/${store.tenantId}/limits`, {
      key: behindProxy.operatorToken,
      body,
    });
    await eventually('the new limit holds', async () => (await me(store.key)).status === 200, 1_000);
  });
});

describe('the limit of requests at one time', () => {
  /** Makes issuing keys wait until it is let go. */
  async function hold({ tenantId }: BareStore): Promise<() => Promise<void>> {
    const lock = new PgClient({ connectionString: behindProxy.database.ownerUrl });
    await lock.connect();
    await lock.query(`select pg_advisory_lock(hashtextextended('identity.audit ' || $1, 0))`, [
      parseId('tenant', tenantId),
    ]);
    return () => lock.end();
  }
  const issue = ({ key }: BareStore) =>
    client.call('POST', '/api/v1/api-keys', { key, body: { name: 'k', scopes: ['key:read'] } });

  it('refuses what is too many, and only that', async () => {
    const store = await limited({ concurrentRequests: 3 });
    const release = await hold(store);
    const running = Array.from({ length: 8 }, () => issue(store));
    const [refused] = (await Promise.all([Promise.race(running)])) as Answer<ProblemBody>[];
    expect(refused).toMatchObject({ status: 429, body: { type: 'urn:recrate:problem:too-many-concurrent-requests' } });
    await eventually('all slots are taken', async () => (await me(store.key)).status === 429);
    await release();
    expect(statuses(await Promise.all(running))).toEqual({ 201: 3, 429: 5 });
    expect(statuses(await Promise.all([me(store.key), me(store.key), me(store.key)]))).toEqual({ 200: 3 });
  });

  it('counts a caller that hung up no longer', async () => {
    const store = await limited({ concurrentRequests: 2 });
    const release = await hold(store);
    const body = JSON.stringify({ name: 'k', scopes: ['key:read'] });
    const head = `POST /api/v1/api-keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${store.key}\r\nContent-Type: application/json`;
    const sockets = [1, 2].map(() => {
      const socket = rawSocket(behindProxy.url);
      socket.write(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
      return socket;
    });
    const waiting = `select 1 from pg_locks where locktype = 'advisory' and not granted and database = (
      select oid from pg_database where datname = current_database())`;
    await eventually('both wait', async () => (await behindProxy.database.admin(waiting)).length === 2);
    expect((await me(store.key)).status).toBe(429);
    for (const socket of sockets) socket.resetAndDestroy();
    await eventually('both slots are free', async () => (await me(store.key)).status === 200);
    await release();
  });
});

describe('refused credentials', () => {
  const guess = (api: { url: string }, headers: Record<string, string>) =>
    new Client(api.url).call('GET', '/api/v1/me', { headers: { authorization: 'Bearer rk_test_guess', ...headers } });

  it('are limited by the address of the connection, whatever X-Forwarded-For and others say', async () => {
    const answers = await Promise.all(
      Array.from({ length: 90 }, (_, i) => {
        const address = freshAddress();
        return guess(direct, {
          'x-forwarded-for': address,
          'x-real-ip': address,
          forwarded: `for=${address}`,
          'x-client-ip': `10.0.0.${i}`,
        });
      }),
    );
    expect(statuses(answers)).toEqual({ 401: 60, 429: 30 });
    expect(answers.find(({ status }) => status === 429)?.body).toMatchObject({ violatedPolicies: ['address'] });
    const store = await makeStore(behindProxy);
    expect((await new Client(direct.url).call('GET', '/api/v1/me', { key: store.key })).status).toBe(200);
  });

  it('are limited by the address that the one trusted proxy names, not by those before it', async () => {
    const from = (chain: string) => guess(behindProxy, { 'x-forwarded-for': chain });
    const answers = await Promise.all(Array.from({ length: 90 }, (_, i) => from(`10.9.${i}.1, 203.0.113.5`)));
    expect(statuses(answers)).toEqual({ 401: 60, 429: 30 });
    expect((await from('203.0.113.5, 203.0.113.6')).status).toBe(401);
  });

  it('of one IPv6 network of a customer count together, in any spelling', async () => {
    const spellings = [
      (i: number) => `2001:db8:77:1::${i.toString(16)}`,
      (i: number) => `2001:0DB8:0077:0001:${i.toString(16)}:0:0:1`,
      (i: number) => `2001:db8:77:1:ffff:${i}::`,
    ];
    const answers = await Promise.all(
      Array.from({ length: 90 }, (_, i) => guess(behindProxy, { 'x-forwarded-for': spellings[i % 3]?.(i + 1) ?? '' })),
    );
    expect(statuses(answers)).toEqual({ 401: 60, 429: 30 });
    expect((await guess(behindProxy, { 'x-forwarded-for': '2001:db8:77:2::1' })).status).toBe(401);
  });

  it('of IPv4 count together with those of the same address inside IPv6', async () => {
    const answers = await Promise.all(
      Array.from({ length: 80 }, (_, i) =>
        guess(behindProxy, { 'x-forwarded-for': i % 2 ? '203.0.113.9' : '::ffff:203.0.113.9' }),
      ),
    );
    expect(statuses(answers)).toEqual({ 401: 60, 429: 20 });
  });
});

describe('every answer of these tests', () => {
  it('was a result or a well-formed refusal, and told nothing of the machinery', () => {
    expect(client.count).toBeGreaterThan(300);
    expect(client.faults).toEqual([]);
  });
});
