import { afterAll, describe, expect, it } from '@jest/globals';
import { ALL_PERMISSIONS, formatId, newUuid, parseId } from '#platform/kernel';
import { type Answer, startTestApi } from '../support/api.js';
import type { ProblemBody } from '../support/client.js';
import { IdentityCalls, type Listed, problemOf } from '../support/identity.js';

const api = await startTestApi({ TRUSTED_PROXIES: '1' });
const { call, asOperator, issue } = new IdentityCalls(api);

afterAll(() => api.close());

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
      const answer = await call<ProblemBody>(method, path, { key: lacking.body.key, body });
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
      expect([extra, answer.status, (answer.body as unknown as ProblemBody).type]).toEqual([
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
    const answers = await Promise.all([...keys, key].map((token) => call<ProblemBody>('GET', '/me', { key: token })));
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
