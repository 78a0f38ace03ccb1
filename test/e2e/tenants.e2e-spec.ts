import { afterAll, describe, expect, it } from '@jest/globals';
import { ALL_PERMISSIONS, formatId, newUuid } from '#platform/kernel';
import { type Answer, startTestApi } from '../support/api.js';
import { logFaults, type ProblemBody } from '../support/client.js';
import { IdentityCalls, type Listed, problemOf } from '../support/identity.js';
import { eventually } from '../support/redis-server.js';

const api = await startTestApi({ TRUSTED_PROXIES: '1' });
const { call, asOperator } = new IdentityCalls(api);

afterAll(() => api.close());

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
    const again = await asOperator<ProblemBody>('POST', `${path}/suspend`, { reason: 'unpaid' });
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
      const answer = await call<ProblemBody>(method, `/platform/tenants${path}`, { key, body });
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
      const answer = await call<ProblemBody>('GET', '/platform/tenants', { key });
      expect(answer).toMatchObject({ status: 401, body: { code: 'identity.credential_invalid' } });
    }
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
  it('holds no secret of the operator', () => {
    expect(api.logs.length).toBeGreaterThan(0);
    expect(logFaults(api.logs, [api.operatorToken.slice(25)])).toEqual([]);
  });
});
