import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../support/api.js';
import { Client, logFaults, makeStore, pathOf, PATIENT } from '../support/client.js';
import { bodyFor, idIn } from '../support/examples.js';
import { sendRaw } from '../support/raw-http.js';
import { routesOf } from '../support/routes.js';

const api = await startTestApi(PATIENT);
const client = new Client(api.url);
const store = await makeStore(api);
const routes = routesOf(api);
const { key } = store;
const me = '/api/v1/me';

afterAll(() => api.close());

const get = (path: string, headers: Record<string, string> = {}) => client.call('GET', path, { key, headers });

describe('a request id', () => {
  it('of the caller is echoed and names the request in the answer and the log', async () => {
    const id = '0190a5c4-3c00-7000-8000-00000000002a';
    const answer = await client.call('GET', '/api/v1/api-keys/nonsense', { key, headers: { 'x-request-id': id } });
    expect(answer.headers.get('x-request-id')).toBe(id);
    expect(answer.body.instance).toBe(`urn:recrate:request:${id}`);
    expect(api.logs.filter((line) => line.includes(id))).not.toEqual([]);
  });

  const hostile = {
    'of 10 KB': 'a'.repeat(10_000),
    'with blanks': 'aaaa bbbb',
    'with an escape sequence': 'aaaaaaaa%1b[31m',
    'with a line feed, encoded': 'aaaaaaaa%0abbbb',
    'of a template': '${jndi:ldap://127.0.0.1/x}',
    'of JSON': '{"level":"fatal"}',
    'of a payment number': '4111-1111-1111-1111',
    'too short': 'abc',
    'with letters beyond ASCII': 'ÿÿÿÿÿÿÿÿÿÿ',
  };

  it.each(Object.entries(hostile))('%s is replaced by a new one', async (_, id) => {
    const from = api.logs.length;
    const answer = await get(me, { 'x-request-id': id });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(logFaults(api.logs.slice(from), [id])).toEqual([]);
  });
});

describe('every answer', () => {
  const asked: [name: string, path: string, headers: Record<string, string>][] = [
    ['a result', me, { authorization: `Bearer ${key}` }],
    ['401', me, {}],
    ['403', '/api/v1/platform/tenants', { authorization: `Bearer ${key}` }],
    ['404 of an id', '/api/v1/api-keys/x', { authorization: `Bearer ${key}` }],
    ['404 of a path', '/api/v1/nothing', {}],
    ['400', '/api/v1/api-keys?x=1', { authorization: `Bearer ${key}` }],
    ['304', `/api/v1/api-keys/${store.keyId}`, { authorization: `Bearer ${key}`, 'if-none-match': '"v1"' }],
    ['a file of another suffix', '/api/v1/me.css', { authorization: `Bearer ${key}` }],
    ['a file below a resource', '/api/v1/me/photo.jpg', { authorization: `Bearer ${key}` }],
  ];

  it.each(asked)(
    'such as %s stays out of shared caches and is nothing a browser would run',
    async (_, path, headers) => {
      const answer = await client.call('GET', path, { headers });
      expect(answer.headers.get('cache-control')).toBe('private, no-store');
      expect(answer.headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
      expect(answer.headers.get('strict-transport-security')).toMatch(/max-age=\d{8}/);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
      expect(answer.headers.get('x-powered-by') ?? answer.headers.get('server')).toBeNull();
      if (path.includes('.')) expect(answer.status).toBe(404);
    },
  );

  it('varies by the header it depends on', async () => {
    const answer = await get('/api/v1/api-keys?limit=100', {
      origin: 'https://nobody.example',
      'accept-encoding': 'gzip',
    });
    expect(answer.headers.get('vary')?.toLowerCase()).toContain('origin');
  });
});

describe('the public listener', () => {
  const elsewhere = [
    '/',
    '/api',
    '/api/v1',
    '/metrics',
    '/api/metrics',
    '/api/v1/metrics',
    '/health',
    '/health/live',
    '/health/ready',
    '/health/startup',
    '/api/v1/health/live',
    '/api/v1/health/ready',
    '/admin',
    '/queues',
    '/queues',
    '/bull',
    '/.git/config',
    '/.git/HEAD',
    '/.env',
    '/.env.example',
    '/package.json',
    '/main.js',
    '/main.js.map',
    '/api/main.js.map',
    '/dist/apps/api/src/main.js.map',
    '/server-status',
    '/debug/pprof',
    '/actuator/env',
    '/graphql',
    '/swagger',
    '/api-docs',
    '/api/docs/../../package.json',
    '/api/docs/%2e%2e/package.json',
    '/api/docs/..%2f..%2fpackage.json',
    '/api/docs/%2e%2e%2f%2e%2e%2fetc/passwd',
    '/api/docs/....//package.json',
    '/favicon.ico',
    '/robots.txt',
  ];

  it.each(elsewhere)('has nothing at %s', async (path) => {
    for (const credential of ['', `Authorization: Bearer ${key}\r\n`]) {
      const { status, body } = await sendRaw(
        api.url,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${credential}\r\n`,
      );
      expect([path, status, body.includes('urn:recrate:problem:not-found')]).toEqual([path, 404, true]);
    }
  });

  it('tells a tenant of its health no more than up and down', async () => {
    const { body } = await client.call<{ checks: Record<string, string> }>('GET', '/api/v1/health', { key });
    expect(body).toEqual({ status: 'up', checks: { database: 'up', schema: 'up', redis: 'up' } });
  });

  it('shows its documentation to everybody, from its own origin alone', async () => {
    const page = await client.call('GET', '/api/docs');
    expect(page.status).toBe(200);
    expect(page.text).not.toMatch(/(?:src|href)=["'](?:https?:)?\/\//);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
  });
});

describe('compression', () => {
  const path = '/api/v1/audit-log?limit=100';
  const plain = async (encoding?: string) => {
    const head = `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${key}\r\n`;
    return sendRaw(api.url, `${head}${encoding === undefined ? '' : `Accept-Encoding: ${encoding}\r\n`}\r\n`);
  };
  const unpackers: [string, (bytes: Buffer) => Buffer][] = [
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ];

  it.each(unpackers)('by %s holds the same answer', async (encoding, unpack) => {
    for (let i = 0; i < 10; i++) await client.call('POST', '/api/v1/api-keys', { key, body: { name: `key ${i}` } });
    const uncompressed = (await get(path, { 'accept-encoding': 'identity' })).text;
    const { head, body } = await plain(encoding);
    expect(head).toMatch(new RegExp(`content-encoding: ${encoding}`, 'i'));
    expect(head).toMatch(/vary: .*accept-encoding/i);
    expect(unpack(Buffer.from(body, 'latin1')).toString()).toBe(uncompressed);
    expect(body.length).toBeLessThan(uncompressed.length / 2);
  });

  it('that is not understood is left out', async () => {
    for (const encoding of [undefined, 'identity', 'zzz', 'deflate;q=0', '*;q=0', 'gzip;q=0', "'", 'gzip;q=banana']) {
      const { status, head } = await plain(encoding);
      expect([encoding, status]).toEqual([encoding, 200]);
      if (encoding !== 'gzip;q=banana') expect(head).not.toMatch(/content-encoding/i);
    }
  });

  it('is not spent on small answers', async () => {
    expect(
      (await get('/api/v1/cors-origins', { 'accept-encoding': 'gzip' })).headers.get('content-encoding'),
    ).toBeNull();
  });
});

describe('a browser', () => {
  const good = 'https://good.test';
  const preflight = (origin: string, path = me) =>
    client.call('OPTIONS', path, {
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });
  const allowed = (answer: { headers: Headers }) => answer.headers.get('access-control-allow-origin');
  const strangers = [
    'https://evil.test',
    'null',
    'https://good.test.evil.test',
    'https://evilgood.test',
    'http://good.test',
    'https://good.test:8443',
    'https://GOOD.test',
    'https://good.test/',
    'https://good.test@evil.test',
    '*',
    'https://*.test',
    'file://',
    '',
    'https://good.test, https://evil.test',
    `https://${'a'.repeat(5_000)}.test`,
  ];

  it('of an origin on the store’s list may call, and its preflight says with what', async () => {
    await client.call('PUT', '/api/v1/cors-origins', { key, body: { origins: [good] } });
    const answer = await preflight(good);
    expect(answer.status).toBe(204);
    expect(allowed(answer)).toBe(good);
    expect(answer.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(answer.headers.get('access-control-allow-headers')).toContain('idempotency-key');
    const real = await get(me, { origin: good });
    expect([real.status, allowed(real)]).toEqual([200, good]);
    expect(real.headers.get('access-control-expose-headers')).toContain('etag');
  });

  it.each(strangers)('of the origin %j gets no permission and no answer', async (origin) => {
    const asked = await preflight(origin);
    expect([asked.status, allowed(asked)]).toEqual([405, null]);
    const real = await get(me, { origin });
    expect(allowed(real)).toBeNull();
    expect(real).toMatchObject({ status: 403, body: { type: 'urn:recrate:problem:origin-not-allowed' } });
  });

  it('of an origin that only another store lists passes the preflight and is refused the request', async () => {
    const other = await makeStore(api, 'Other');
    expect(allowed(await preflight(good))).toBe(good);
    const real = await client.call('POST', '/api/v1/api-keys', {
      key: other.key,
      headers: { origin: good },
      body: { name: 'x' },
    });
    expect(real).toMatchObject({ status: 403, body: { type: 'urn:recrate:problem:origin-not-allowed' } });
    const keys = await client.call<{ data: unknown[] }>('GET', '/api/v1/api-keys', { key: other.key });
    expect(keys.body.data).toHaveLength(1);
  });

  it('is never sent a credential’s permission, nor a wildcard, by any route', async () => {
    for (const route of routes) {
      const path = pathOf(route, idIn(store));
      for (const answer of [await preflight(good, path), await preflight('https://evil.test', path)]) {
        expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
        expect(allowed(answer)).not.toBe('*');
      }
      const real = await client.call(route.method, path, {
        headers: { origin: 'https://evil.test' },
        body: bodyFor(route),
      });
      expect([real.status, allowed(real)]).toEqual([401, null]);
    }
  });
});

describe('every answer of these tests', () => {
  it('was a result or a well-formed refusal, and told nothing of the machinery', () => {
    expect(client.count).toBeGreaterThan(150);
    expect(client.faults).toEqual([]);
  });

  it('left log lines without secrets', () => {
    expect(logFaults(api.logs, [key.slice(25), api.operatorToken])).toEqual([]);
  });
});
