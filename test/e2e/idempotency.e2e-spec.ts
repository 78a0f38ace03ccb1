import { afterAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Client as PgClient } from 'pg';
import { parseId } from '#platform/kernel';
import { type Answer, startTestApi } from '../support/api.js';
import { Client, makeStore, pathOf, PATIENT, type ProblemBody, type Store } from '../support/client.js';
import { digestOf } from '../support/digest.js';
import { bodyFor, idIn } from '../support/examples.js';
import { sendRaw } from '../support/raw-http.js';
import { type ApiRoute, isOperators, routesOf } from '../support/routes.js';

const api = await startTestApi({ ...PATIENT, POOL_MAX: '20' });
const client = new Client(api.url);
/** Routes for projections say how something is to be, leave no row in an audit log, and come to the same however often. */
const isRepeatable = ({ path }: ApiRoute): boolean => path.startsWith('/api/v1/platform/projections/');
/** No store has a parked command of its own accord: test/e2e/parked-commands repeats these. */
const needsFault = ({ path }: ApiRoute): boolean => path.startsWith('/api/v1/platform/parked-commands/');
/** What the things of a new store are not ready for: the tests of their contexts repeat these. */
const NOT_READY =
  /releases\/:id\/merge|items\/:id\/(?:lift-quarantine|quarantine|write-off)|reservations\/:id\/(?:commit|return)$/;
const posts = routesOf(api).filter(
  (route) => route.method === 'POST' && !isRepeatable(route) && !needsFault(route) && !NOT_READY.test(route.path),
);
/** Keys and stores: every effect of a POST leaves exactly one row in an audit log. Others are known by the one first answer. */
const isAudited = ({ path }: ApiRoute): boolean => /^\/api\/v1\/(?:api-keys|platform\/tenants)/.test(path);
const operator = api.operatorToken;

afterAll(() => api.close());

const headers = (key: string): Record<string, string> => ({ 'idempotency-key': key });
const digest = () => digestOf(api.database);

interface Issued {
  readonly id: string;
  readonly key: string;
}

interface Prepared {
  readonly store: Store;
  readonly path: string;
  readonly key: string;
  readonly body: object | undefined;
}

/** The state that a job must be in for these; the one that a store has is over. */
const JOB_STATES: Readonly<Record<string, string>> = {
  'POST /api/v1/jobs/:id/cancel': 'running',
  'POST /api/v1/jobs/:id/pause': 'running',
  'POST /api/v1/jobs/:id/resume': 'paused',
};

/** A store of its own in which the route's effect is possible, and how to call for it. */
async function prepare(route: ApiRoute): Promise<Prepared> {
  const store = await makeStore(api);
  if (route.path === '/api/v1/platform/tenants/:id/resume') {
    const path = `/api/v1/platform/tenants/${store.tenantId}/suspend`;
    await client.call('POST', path, { key: operator, body: { reason: 'to be resumed' } });
  }
  const state = JOB_STATES[route.name];
  if (state !== undefined) {
    await api.database.admin(`update freight.job set state = $2, phase = 'records', finished_at = null where id = $1`, [
      parseId('job', store.jobId),
      state,
    ]);
  }
  const spare = await client.call<Issued>('POST', '/api/v1/api-keys', { key: store.key, body: { name: 'spare' } });
  const path = pathOf(route, idIn({ ...store, keyId: spare.body.id ?? store.keyId }));
  return { store, path, key: isOperators(route) ? operator : store.key, body: bodyFor(route, store) };
}

/** Rows of all audit logs. */
async function effects(): Promise<number> {
  const [row] = await api.database.admin<{ count: number }>('select count(*)::int as count from identity.audit_entry');
  return row?.count ?? 0;
}

const issue = (store: Store, key: string, body: object = { name: 'k' }): Promise<Answer<Issued & ProblemBody>> =>
  client.call('POST', '/api/v1/api-keys', { key: store.key, body, headers: headers(key) });

describe('the same Idempotency-Key', () => {
  it.each(posts)('fifty times at once has one effect of $name', async (route) => {
    const { path, key, body } = await prepare(route);
    const before = await effects();
    const send = () =>
      client.call('POST', path, { key, body, headers: headers(`of ${route.name}`.replaceAll(' ', '-')) });
    const answers = await Promise.all(Array.from({ length: 50 }, send));
    const replayed = (answer: Answer) => answer.headers.get('idempotency-replayed') === 'true';
    const first = answers.filter((answer) => answer.status < 300 && !replayed(answer));
    const inFlight = answers.filter(({ status }) => status === 409);
    expect(first).toHaveLength(1);
    expect(
      inFlight.filter(({ body: problem }) => problem.type !== 'urn:recrate:problem:idempotency-in-flight'),
    ).toEqual([]);
    expect(answers.filter(replayed).length + inFlight.length).toBe(49);
    expect((await effects()) - before).toBe(isAudited(route) ? 1 : 0);
    const later = await send();
    for (const again of [...answers.filter(replayed), later]) {
      expect([again.status, again.text]).toEqual([first[0]?.status, first[0]?.text]);
      for (const name of ['content-type', 'etag', 'location'])
        expect(again.headers.get(name)).toBe(first[0]?.headers.get(name));
    }
    expect(replayed(later)).toBe(true);
    expect((await effects()) - before).toBe(isAudited(route) ? 1 : 0);
  });

  it.each(posts.filter(({ body }) => body !== undefined))('with another body is refused by $name', async (route) => {
    const { path, key, body } = await prepare(route);
    const idempotency = headers(randomUUID());
    expect((await client.call('POST', path, { key, body, headers: idempotency })).status).toBeLessThan(300);
    const before = await digest();
    const other = {
      ...body,
      ...('name' in (body ?? {})
        ? { name: 'another' }
        : 'reason' in (body ?? {})
          ? { reason: 'another' }
          : 'source' in (body ?? {})
            ? { batchSize: 61 }
            : { overlapSeconds: 61 }),
    };
    const answer = await client.call('POST', path, { key, body: other, headers: idempotency });
    expect(answer).toMatchObject({ status: 422, body: { type: 'urn:recrate:problem:idempotency-key-reused' } });
    expect(await digest()).toEqual(before);
  });

  it('with the same members in another order is the same request', async () => {
    const store = await makeStore(api);
    const key = randomUUID();
    const first = await issue(store, key, { name: 'k', scopes: ['key:read'], allowedIps: [] });
    const second = await issue(store, key, { allowedIps: [], scopes: ['key:read'], name: 'k' });
    expect(second.text).toBe(first.text);
  });

  it('for another thing on the same route is refused', async () => {
    const store = await makeStore(api);
    const [one, two] = [await issue(store, randomUUID()), await issue(store, randomUUID())];
    const idempotency = headers(randomUUID());
    const revoke = (id: string) =>
      client.call('POST', `/api/v1/api-keys/${id}/revoke`, { key: store.key, headers: idempotency });
    expect((await revoke(one.body.id)).status).toBe(200);
    expect((await revoke(two.body.id)).status).toBe(422);
    expect((await client.call('GET', `/api/v1/api-keys/${two.body.id}`, { key: store.key })).body['state']).toBe(
      'active',
    );
  });

  it('means another request on another route, of another key and of another store', async () => {
    const [a, b] = [await makeStore(api, 'A'), await makeStore(api, 'B')];
    const key = randomUUID();
    const first = await issue(a, key);
    const colleague = await issue(a, randomUUID(), { name: 'colleague' });
    const others = [
      await issue({ ...a, key: colleague.body.key }, key),
      await issue(b, key),
      await client.call<Issued>('POST', `/api/v1/api-keys/${first.body.id}/rotate`, {
        key: a.key,
        body: { overlapSeconds: 0 },
        headers: headers(key),
      }),
      await client.call<Issued>('POST', `/api/v1/platform/tenants/${a.tenantId}/api-keys`, {
        key: operator,
        body: { name: 'k' },
        headers: headers(key),
      }),
      await client.call<Issued>('POST', `/api/v1/platform/tenants`, {
        key: operator,
        body: { name: 'k', mode: 'test' },
        headers: headers(key),
      }),
    ];
    expect(others.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    expect(others.map((answer) => answer.headers.get('idempotency-replayed'))).toEqual([null, null, null, null, null]);
    expect(new Set([first, ...others].map(({ body }) => body.id)).size).toBe(6);
  });

  it('is free again when its answer has expired', async () => {
    const store = await makeStore(api);
    const key = randomUUID();
    const first = await issue(store, key);
    await api.database.admin(
      `update http.idempotency set expires_at = now() - interval '1 second' where tenant_id = $1`,
      [parseId('tenant', store.tenantId)],
    );
    const second = await issue(store, key, { name: 'another body' });
    expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([201, null]);
    expect(second.body.id).not.toBe(first.body.id);
  });

  it('is answered 409 with Retry-After while its request runs, and with its answer after', async () => {
    const store = await makeStore(api);
    const key = randomUUID();
    const lock = new PgClient({ connectionString: api.database.ownerUrl });
    await lock.connect();
    await lock.query(`select pg_advisory_lock(hashtextextended('identity.audit ' || $1, 0))`, [
      parseId('tenant', store.tenantId),
    ]);
    const both = [issue(store, key), issue(store, key)];
    const second = await Promise.race(both);
    expect(second).toMatchObject({ status: 409, body: { type: 'urn:recrate:problem:idempotency-in-flight' } });
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0);
    await lock.end();
    const [first] = (await Promise.all(both)).filter((answer) => answer !== second);
    if (!first) throw new Error('two requests have two answers');
    expect(first.status).toBe(201);
    expect((await issue(store, key)).text).toBe(first.text);
  });
});

describe('a refused request', () => {
  const refusals: [name: string, status: number, send: (store: Store, key: string) => Promise<Answer>][] = [
    ['invalid', 400, (store, key) => issue(store, key, { name: '' })],
    ['with an unknown member', 400, (store, key) => issue(store, key, { name: 'k', role: 'x' })],
    [
      'for more than the key holds',
      403,
      async (store, key) => {
        const { body } = await issue(store, randomUUID(), { name: 'k', scopes: ['key:write'] });
        return issue({ ...store, key: body.key }, key, { name: 'k', scopes: ['key:read'] });
      },
    ],
    [
      'for a thing that is not there',
      404,
      (store, key) =>
        client.call('POST', `/api/v1/api-keys/nonsense/revoke`, { key: store.key, headers: headers(key) }),
    ],
    [
      'against the state',
      409,
      async (store, key) => {
        const { body } = await issue(store, randomUUID());
        await client.call('POST', `/api/v1/api-keys/${body.id}/revoke`, { key: store.key });
        return client.call('POST', `/api/v1/api-keys/${body.id}/revoke`, { key: store.key, headers: headers(key) });
      },
    ],
    [
      'of an old version',
      412,
      async (store, key) => {
        const { body } = await issue(store, randomUUID());
        return client.call('POST', `/api/v1/api-keys/${body.id}/revoke`, {
          key: store.key,
          headers: { ...headers(key), 'if-match': '"v9"' },
        });
      },
    ],
  ];

  it.each(refusals)('that is %s is not kept: the key is free for a better one', async (_, status, send) => {
    const store = await makeStore(api);
    const key = randomUUID();
    expect((await send(store, key)).status).toBe(status);
    const [kept] = await api.database.admin<{ count: number }>(
      `select count(*)::int as count from http.idempotency where tenant_id = $1 and status >= 400`,
      [parseId('tenant', store.tenantId)],
    );
    expect(kept?.count).toBe(0);
    const better = await issue(store, key);
    expect([better.status, better.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });
});

describe('an Idempotency-Key', () => {
  const wrong: Record<string, string> = {
    'that is empty': '',
    'of 256 characters': 'a'.repeat(256),
    'with a blank': 'a b',
    'with a tab': 'a\tb',
    'with letters beyond ASCII': 'caf\u00e9',
    'with a C1 control': 'a\u0085b',
  };

  it.each(Object.entries(wrong))('%s is refused by every POST, and nothing changes', async (_, value) => {
    const store = await makeStore(api);
    const before = await digest();
    for (const route of posts) {
      const path = pathOf(route, idIn(store));
      const body = JSON.stringify(bodyFor(route) ?? {});
      const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${isOperators(route) ? operator : store.key}`;
      const answer = await sendRaw(
        api.url,
        `${head}\r\nIdempotency-Key: ${value}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      expect([route.name, answer.status]).toEqual([route.name, 400]);
      expect((JSON.parse(answer.body) as ProblemBody).type).toBe('urn:recrate:problem:idempotency-key-invalid');
    }
    expect(await digest()).toEqual(before);
  });

  it('that is sent twice is refused', async () => {
    const store = await makeStore(api);
    const head = `POST /api/v1/api-keys HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${store.key}`;
    const answer = await sendRaw(
      api.url,
      `${head}\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"name":"k"}`,
    );
    expect(answer.status).toBe(400);
  });

  it.each(['!', '~'.repeat(255), '"quoted"', "'; drop table http.idempotency; --".replaceAll(' ', '_'), '0'])(
    'such as %j is taken',
    async (key) => {
      const store = await makeStore(api);
      const first = await issue(store, key);
      expect(first.status).toBe(201);
      expect((await issue(store, key)).text).toBe(first.text);
    },
  );
});

describe('a kept answer', () => {
  it('cannot be read by whoever reads the table', async () => {
    const store = await makeStore(api, 'Secretive');
    const { body } = await issue(store, 'visible-idempotency-key', { name: 'visible name' });
    const rows = await api.database.admin<{ row: string; answer: Buffer }>(
      'select to_jsonb(i)::text as row, answer from http.idempotency i where tenant_id = $1',
      [parseId('tenant', store.tenantId)],
    );
    expect(rows).toHaveLength(1);
    for (const secret of [body.key, body.key.slice(8, 24), 'visible', 'rk_test', body.id]) {
      expect(rows[0]?.row).not.toContain(secret);
      expect(rows[0]?.answer.includes(secret)).toBe(false);
    }
  });

  it('that was moved to another request or altered is not sent', async () => {
    const store = await makeStore(api);
    const key = randomUUID();
    await issue(store, key);
    const tenantId = parseId('tenant', store.tenantId);
    await api.database.admin(
      `update http.idempotency set answer = set_byte(answer, 40, get_byte(answer, 40) # 1) where tenant_id = $1`,
      [tenantId],
    );
    const answer = await api.call('POST', '/api/v1/api-keys', {
      key: store.key,
      body: { name: 'k' },
      headers: headers(key),
    });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('rk_test');
  });
});

describe('every answer of these tests', () => {
  it('was a result or a well-formed refusal, and told nothing of the machinery', () => {
    expect(client.count).toBeGreaterThan(300);
    expect(client.faults).toEqual([]);
  });
});
