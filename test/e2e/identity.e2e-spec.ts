import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ALL_PERMISSIONS, formatId, newUuid, parseId } from '#platform/kernel';
import { type Answer, type Call, startTestApi, type TestApi } from '../support/api.js';
import { eventually } from '../support/redis-server.js';

interface Problem {
  type: string;
  code: string;
  detail: string;
  traceId: string;
  instance: string;
  [member: string]: unknown;
}
interface Listed {
  data: { id: string; [member: string]: unknown }[];
  page: { nextCursor: string | null; hasMore: boolean };
}

let api: TestApi;
let address = 0;

beforeAll(async () => {
  api = await startTestApi({ TRUSTED_PROXIES: '1' });
});
afterAll(() => api.close());

/** Calls from an address of its own each time: refused credentials are counted per address. */
const call = <T = Record<string, unknown>>(method: string, path: string, options: Call = {}): Promise<Answer<T>> => {
  const from = { 'x-forwarded-for': `198.51.${Math.floor(++address / 250)}.${address % 250}` };
  return api.call<T>(method, `/api/v1${path}`, { ...options, headers: { ...from, ...options.headers } });
};
const asOperator = <T = Record<string, unknown>>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) => call<T>(method, `/platform/tenants${path}`, { key: api.operatorToken, body, headers });
const issue = (key: string, body: object = { name: 'k' }, headers: Record<string, string> = {}) =>
  call<{ id: string; key: string; version: number; [member: string]: unknown }>('POST', '/api-keys', {
    key,
    body,
    headers,
  });
const problemOf = ({ status, body }: Answer<unknown>) => {
  const { traceId: _, instance: __, requestId: ___, ...rest } = body as Problem;
  return { status, ...rest };
};

describe('a tenant, by the operator', () => {
  it('goes through its life over HTTP, with Location, ETag and the full view each time', async () => {
    const made = await asOperator<{ id: string }>('POST', '', { name: 'Plastic Palace', mode: 'live' });
    expect(made.status).toBe(201);
    const path = `/${made.body.id}`;
    expect(made.headers.get('location')).toBe(`/api/v1/platform/tenants${path}`);
    expect(made.headers.get('etag')).toBe('"v1"');
    expect((await asOperator('GET', path)).body).toEqual(made.body);
    const renamed = await asOperator('PATCH', path, { name: 'Plastic' }, { 'if-match': '"v1"' });
    expect(renamed).toMatchObject({ status: 200, body: { name: 'Plastic', version: 2 } });
    expect(await asOperator('PATCH', path, { name: 'X' }, { 'if-match': '"v1"' })).toMatchObject({ status: 412 });
    expect(await asOperator('PATCH', path, { name: null })).toMatchObject({ status: 400 });
    const limits = { requestsPerMinute: 100, keyRequestsPer10Seconds: 50, concurrentRequests: 5 };
    expect(await asOperator('PUT', `${path}/limits`, limits)).toMatchObject({ status: 200, body: { limits } });
    expect(await asOperator('POST', `${path}/suspend`, { reason: 'unpaid' })).toMatchObject({
      status: 200,
      body: { state: 'suspended' },
    });
    const again = await asOperator<Problem>('POST', `${path}/suspend`, { reason: 'unpaid' });
    expect(again).toMatchObject({
      status: 409,
      body: { type: 'urn:recrate:problem:invalid-transition', currentState: 'suspended' },
    });
    expect(await asOperator('POST', `${path}/resume`)).toMatchObject({ status: 200, body: { state: 'active' } });
    expect(await asOperator('DELETE', path)).toMatchObject({ status: 200, body: { state: 'deleted' } });
    expect(await asOperator('GET', path)).toMatchObject({ status: 200, body: { state: 'deleted', version: 6 } });
    const log = await asOperator<Listed>('GET', `${path}/audit-log?limit=2`);
    expect(log.body.data.map((entry) => entry['action'])).toEqual(['tenant.deleted', 'tenant.resumed']);
    expect(log.body.page.hasMore).toBe(true);
  });

  it('is listed with filters, search and pages', async () => {
    for (const name of ['Needle A', 'Needle B', 'Needle C']) await api.makeTenant(name);
    const first = await asOperator<Listed>('GET', '?search=needle&limit=2&filter[state]=active&filter[mode]=test');
    expect(first.body.data.map((tenant) => tenant['name'])).toEqual(['Needle C', 'Needle B']);
    const next = await asOperator<Listed>(
      'GET',
      `?search=needle&limit=2&filter[state]=active&filter[mode]=test&cursor=${first.body.page.nextCursor}`,
    );
    expect(next.body.data.map((tenant) => tenant['name'])).toEqual(['Needle A']);
    for (const query of ['?filter[name]=x', '?sort=secret', '?filter[state]=gone', '?limit=0', '?unknown=1']) {
      expect((await asOperator('GET', query)).status).toBe(400);
    }
  });

  it('is out of reach of a tenant, whatever its key may do, and the operator of a tenant’s routes', async () => {
    const { tenantId, key } = await api.makeTenant();
    const paths: [string, string, object?][] = [
      ['POST', '', { name: 'x', mode: 'test' }],
      ['GET', ''],
      ['GET', `/${tenantId}`],
      ['PATCH', `/${tenantId}`, { name: 'x' }],
      ['DELETE', `/${tenantId}`],
      ['POST', `/${tenantId}/suspend`, { reason: 'x' }],
      ['POST', `/${tenantId}/resume`],
      ['PUT', `/${tenantId}/limits`, { requestsPerMinute: 1, concurrentRequests: 1 }],
      ['POST', `/${tenantId}/api-keys`, { name: 'x' }],
      ['GET', `/${tenantId}/audit-log`],
    ];
    for (const [method, path, body] of paths) {
      const answer = await call<Problem>(method, `/platform/tenants${path}`, { key, body });
      expect([method, path, answer.status, answer.body.type]).toEqual([
        method,
        path,
        403,
        'urn:recrate:problem:forbidden',
      ]);
    }
    for (const path of ['/api-keys', '/audit-log', '/usage', '/cors-origins']) {
      expect((await call('GET', path, { key: api.operatorToken })).status).toBe(403);
    }
  });

  it('refuses an operator’s token that is not exactly the one', async () => {
    const wrong = [`${api.operatorToken}x`, api.operatorToken.slice(0, -1), 'op_', `op_${'a'.repeat(43)}`];
    for (const key of wrong) {
      const answer = await call<Problem>('GET', '/platform/tenants', { key });
      expect(answer).toMatchObject({ status: 401, body: { code: 'identity.credential_invalid' } });
    }
  });
});

describe('an API key', () => {
  it('is issued once with its secret, found without it, rotated, and revoked', async () => {
    const { key } = await api.makeTenant();
    const issued = await issue(key, { name: 'erp', scopes: ['key:read'] });
    expect(issued.status).toBe(201);
    expect(issued.headers.get('location')).toBe(`/api/v1/api-keys/${issued.body.id}`);
    const { key: secret, ...view } = issued.body;
    const path = `/api-keys/${issued.body.id}`;
    const read = await call('GET', path, { key });
    expect(read.body).toEqual(view);
    expect(
      (await call('GET', path, { key, headers: { 'if-none-match': String(read.headers.get('etag')) } })).status,
    ).toBe(304);
    const rotated = await call<{ id: string; key: string }>('POST', `${path}/rotate`, {
      key,
      body: { overlapSeconds: 60 },
    });
    expect(rotated).toMatchObject({ status: 201, body: { rotatedFrom: issued.body.id, scopes: ['key:read'] } });
    for (const good of [secret, rotated.body.key])
      expect((await call('GET', '/api-keys', { key: good })).status).toBe(200);
    expect(await call('POST', `${path}/revoke`, { key })).toMatchObject({ status: 200, body: { state: 'revoked' } });
    expect((await call('GET', '/me', { key: secret })).status).toBe(401);
    expect(await call('POST', `${path}/revoke`, { key })).toMatchObject({
      status: 409,
      body: { currentState: 'revoked', allowed: [] },
    });
    const states = await call<Listed>('GET', '/api-keys?filter[state]=revoked', { key });
    expect(states.body.data.map((entry) => entry.id)).toEqual([issued.body.id]);
  });

  it('does only what its scopes say, and says which one it lacks', async () => {
    const { key } = await api.makeTenant();
    const needs: [string, string, string, object?][] = [
      ['key:write', 'POST', '/api-keys', { name: 'x' }],
      ['key:read', 'GET', '/api-keys'],
      ['key:read', 'GET', `/api-keys/${formatId('apiKey', newUuid())}`],
      ['key:write', 'POST', `/api-keys/${formatId('apiKey', newUuid())}/rotate`, { overlapSeconds: 0 }],
      ['key:write', 'POST', `/api-keys/${formatId('apiKey', newUuid())}/revoke`],
      ['audit:read', 'GET', '/audit-log'],
      ['usage:read', 'GET', '/usage'],
      ['tenant:read', 'GET', '/cors-origins'],
      ['tenant:write', 'PUT', '/cors-origins', { origins: [] }],
    ];
    for (const [permission, method, path, body] of needs) {
      const scopes = ALL_PERMISSIONS.filter((other) => other !== permission);
      const lacking = await issue(key, { name: 'all but one', scopes });
      const answer = await call<Problem>(method, path, { key: lacking.body.key, body });
      expect([path, answer.status, answer.body['permission']]).toEqual([path, 403, permission]);
      const having = await issue(key, { name: 'only one', scopes: [permission] });
      expect((await call(method, path, { key: having.body.key, body })).status).not.toBe(403);
    }
  });

  it('never grants more than it holds, and takes no member that is not its own', async () => {
    const { key } = await api.makeTenant();
    const limited = await issue(key, { name: 'limited', scopes: ['key:write'] });
    const more = await issue(limited.body.key, { name: 'more', scopes: ['key:write', 'key:read'] });
    expect(more).toMatchObject({ status: 403, body: { code: 'identity.exceeds_issuer', missing: ['key:read'] } });
    for (const extra of [
      { tenantId: 'x' },
      { id: 'x' },
      { mode: 'live' },
      { version: 9 },
      { secretHash: 'x' },
      { permissions: [] },
    ]) {
      const answer = await issue(key, { name: 'k', ...extra });
      expect([extra, answer.status, (answer.body as unknown as Problem).type]).toEqual([
        extra,
        400,
        'urn:recrate:problem:unknown-member',
      ]);
    }
    for (const wrong of [
      { scopes: ['platform:*'] },
      { scopes: [] },
      { scopes: 'key:read' },
      { allowedIps: ['localhost'] },
      { expiresAt: 'soon' },
      { name: '' },
    ]) {
      expect([wrong, (await issue(key, { name: 'k', ...wrong })).status]).toEqual([wrong, 400]);
    }
    const past = await issue(key, { name: 'k', expiresAt: '2020-01-01T00:00:00.000Z' });
    expect(past).toMatchObject({ status: 400, body: { code: 'identity.expiry_in_past' } });
  });

  it('is refused with one and the same answer for every reason, with WWW-Authenticate', async () => {
    const { key, tenantId } = await api.makeTenant();
    const revoked = await issue(key);
    await call('POST', `/api-keys/${revoked.body.id}/revoke`, { key });
    const rotated = await issue(key);
    await call('POST', `/api-keys/${rotated.body.id}/rotate`, { key, body: { overlapSeconds: 0 } });
    const brief = await issue(key, { name: 'k', expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    await api.database.admin(`update identity.api_key set expires_at = clock_timestamp() where id = $1`, [
      parseId('apiKey', brief.body.id),
    ]);
    const bound = await issue(key, { name: 'k', allowedIps: ['203.0.113.1'] });
    const keys = [revoked, rotated, brief, bound].map((answer) => answer.body.key);
    keys.push(
      `${key.slice(0, -1)}${key.endsWith('a') ? 'b' : 'a'}`,
      key.replace('rk_test', 'rk_live'),
      'rk_test_x',
      'garbage',
      'a'.repeat(4_000),
    );
    await asOperator('DELETE', `/${tenantId}`);
    const answers = await Promise.all([...keys, key].map((token) => call<Problem>('GET', '/me', { key: token })));
    for (const answer of answers) {
      expect(problemOf(answer)).toEqual(problemOf(answers[0] as Answer<unknown>));
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(answer.body.traceId).toBeTruthy();
    }
    expect(answers[0]?.body).toMatchObject({
      type: 'urn:recrate:problem:unauthenticated',
      code: 'identity.credential_invalid',
    });
  });

  it('comes in the Authorization header alone, with the scheme in any case', async () => {
    const { key } = await api.makeTenant();
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      expect((await call('GET', '/me', { headers: { authorization: `${scheme} ${key}` } })).status).toBe(200);
    }
    for (const authorization of [key, `Basic ${key}`, `Bearer${key}`, `Bearer ${key} x`, `Bearer ,${key}`]) {
      expect((await call('GET', '/me', { headers: { authorization } })).status).toBe(401);
    }
    expect((await call('GET', '/me', { headers: { 'x-api-key': key } })).status).toBe(401);
    expect(await call('GET', `/me?key=${key}`)).toMatchObject({
      status: 400,
      body: { type: 'urn:recrate:problem:credential-in-url' },
    });
  });

  it('of a suspended store is answered 423 on every call, and works again after', async () => {
    const { key, tenantId } = await api.makeTenant();
    await asOperator('POST', `/${tenantId}/suspend`, { reason: 'unpaid' });
    for (const [method, path] of [
      ['GET', '/me'],
      ['GET', '/api-keys'],
      ['POST', '/api-keys'],
      ['GET', '/usage'],
    ] as const) {
      const answer = await call(method, path, { key });
      expect(answer).toMatchObject({
        status: 423,
        body: { type: 'urn:recrate:problem:tenant-locked', code: 'identity.tenant_suspended' },
      });
    }
    await asOperator('POST', `/${tenantId}/resume`);
    expect((await call('GET', '/me', { key })).status).toBe(200);
  });

  it('is issued once for one Idempotency-Key, and the same secret is answered again', async () => {
    const { key } = await api.makeTenant();
    const headers = { 'idempotency-key': newUuid() };
    const first = await issue(key, { name: 'once' }, headers);
    const second = await issue(key, { name: 'once' }, headers);
    expect(second.text).toBe(first.text);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect((await call<Listed>('GET', '/api-keys', { key })).body.data).toHaveLength(2);
    expect((await issue(key, { name: 'other' }, headers)).status).toBe(422);
  });
});

describe('another tenant’s things', () => {
  it('are not found, byte for byte as a random id or an id of another kind', async () => {
    const [a, b] = [await api.makeTenant('A'), await api.makeTenant('B')];
    const before = await call('GET', `/api-keys/${a.keyId}`, { key: a.key });
    const ids = [a.keyId, formatId('apiKey', newUuid()), a.tenantId, 'key_x', 'nonsense'];
    const routes: [string, string, object?][] = [
      ['GET', ''],
      ['POST', '/rotate', { overlapSeconds: 0 }],
      ['POST', '/revoke'],
    ];
    for (const [method, suffix, body] of routes) {
      const answers = await Promise.all(
        ids.map((id) => call(method, `/api-keys/${id}${suffix}`, { key: b.key, body })),
      );
      for (const answer of answers) expect(problemOf(answer)).toEqual(problemOf(answers[0] as Answer<unknown>));
      expect(answers[0]?.status).toBe(404);
    }
    const after = await call('GET', `/api-keys/${a.keyId}`, { key: a.key });
    expect({ ...after.body, lastUsedAt: null }).toEqual({ ...before.body, lastUsedAt: null });
    for (const path of ['/api-keys', '/audit-log', '/usage', '/me', '/cors-origins']) {
      const { text } = await call('GET', path, { key: b.key });
      for (const canary of [a.keyId, a.tenantId, a.key.slice(0, 24)]) expect(text).not.toContain(canary);
    }
  });

  it('stay out of reach of X-Tenant-Id and a tenantId in the query', async () => {
    const [a, b] = [await api.makeTenant('A'), await api.makeTenant('B')];
    const me = await call('GET', '/me', { key: b.key, headers: { 'x-tenant-id': a.tenantId } });
    expect(me.body).toMatchObject({ tenant: { id: b.tenantId } });
    expect((await call('GET', `/api-keys?tenantId=${a.tenantId}`, { key: b.key })).status).toBe(400);
  });
});

describe('who I am and what I use', () => {
  it('is told to a key and to the operator', async () => {
    const { key, keyId, tenantId } = await api.makeTenant('Me & Co', 'live');
    expect((await call('GET', '/me', { key })).body).toEqual({
      kind: 'key',
      permissions: ALL_PERMISSIONS,
      tenant: { id: tenantId, name: 'Me & Co', mode: 'live' },
      key: { id: keyId, name: 'first key', prefix: key.slice(0, 24), expiresAt: null },
      limits: { requestsPerMinute: 1_000, keyRequestsPer10Seconds: 200, concurrentRequests: 50 },
    });
    expect((await call('GET', '/me', { key: api.operatorToken })).body).toEqual({
      kind: 'operator',
      permissions: ['platform:*'],
      tenant: null,
      key: null,
      limits: null,
    });
  });

  it('counts requests within seconds', async () => {
    const { key } = await api.makeTenant();
    for (let i = 0; i < 3; i++) await call('GET', '/me', { key });
    const usage = async () =>
      (await call<{ today: { requests: number } }>('GET', '/usage', { key })).body.today.requests;
    await eventually('all are counted', async () => (await usage()) >= 3, 30_000);
  });
});

describe('allowed origins', () => {
  it('open the store to a browser of exactly that origin, within this process at once', async () => {
    const [a, b] = [await api.makeTenant('A'), await api.makeTenant('B')];
    const origin = 'https://shop.example';
    const get = (key: string, from = origin) => call('GET', '/me', { key, headers: { origin: from } });
    expect((await get(a.key)).status).toBe(403);
    const set = await call('PUT', '/cors-origins', {
      key: a.key,
      body: { origins: [origin] },
      headers: { 'if-match': '"v0"' },
    });
    expect(set).toMatchObject({ status: 200, body: { origins: [origin], version: 1 } });
    const allowed = await get(a.key);
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    expect(await get(b.key)).toMatchObject({ status: 403, body: { type: 'urn:recrate:problem:origin-not-allowed' } });
    for (const near of ['http://shop.example', 'https://shop.example.evil.test', 'null', 'https://shop.example:444']) {
      const answer = await get(a.key, near);
      expect([near, answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([near, 403, null]);
    }
    for (const origins of [['*'], ['shop.example'], ['https://shop.example/'], Array(51).fill(origin)]) {
      expect((await call('PUT', '/cors-origins', { key: a.key, body: { origins } })).status).toBe(400);
    }
  });
});

describe('the log of the api', () => {
  it('holds no secret of any key that was used here', async () => {
    const { key } = await api.makeTenant();
    const issued = await issue(key);
    await call('GET', '/me', { key: issued.body.key });
    const log = api.logs.join('\n');
    expect(log.length).toBeGreaterThan(0);
    for (const secret of [key, issued.body.key, api.operatorToken]) expect(log).not.toContain(secret.slice(25));
  });
});
