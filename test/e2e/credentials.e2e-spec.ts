import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { parseId } from '#platform/kernel';
import { type Answer, startTestApi } from '../support/api.js';
import { alike, Client, logFaults, makeStore, pathOf, PATIENT, type Store } from '../support/client.js';
import { digestOf } from '../support/digest.js';
import { bodyFor, idIn } from '../support/examples.js';
import { sendRaw } from '../support/raw-http.js';
import { eventually } from '../support/redis-server.js';
import { isOperators, routesOf, writes } from '../support/routes.js';

const api = await startTestApi(PATIENT);
await api.database.admin('create extension pg_stat_statements');
const client = new Client(api.url);
const routes = routesOf(api);
const store = await makeStore(api);

afterAll(() => api.close());

interface Issued {
  readonly id: string;
  readonly key: string;
}

const me = (key: string) => client.call('GET', '/api/v1/me', { key });
const issue = async (body: object = {}, of: Store = store): Promise<Issued> =>
  (await client.call<Issued>('POST', '/api/v1/api-keys', { key: of.key, body: { name: 'k', ...body } })).body;

/** Lets an instant of a key be over. */
const end = (column: 'expires_at' | 'overlap_until', id: string) =>
  api.database.admin(`update identity.api_key set ${column} = clock_timestamp() where id = $1`, [
    parseId('apiKey', id),
  ]);

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A key with a right checksum, whatever is in it. */
function withChecksum(body: string): string {
  let value = crc32(body);
  let digits = '';
  for (let i = 0; i < 6; i++, value = Math.floor(value / 62)) digits = BASE62.charAt(value % 62) + digits;
  return body + digits;
}

/** How often the database was asked for a key or its tenant. */
async function lookUps(): Promise<number> {
  const [row] = await api.database.admin<{ calls: number }>(
    `select coalesce(sum(calls), 0)::int as calls from pg_stat_statements
      where dbid = (select oid from pg_database where datname = current_database())
        and query ~ 'from identity.credential_index|k.secret_hash as'`,
  );
  return row?.calls ?? 0;
}

describe('a key whose checksum is wrong', () => {
  const swapped = store.key.slice(0, 30) + store.key.charAt(31) + store.key.charAt(30) + store.key.slice(32);
  const typos: Record<string, string> = {
    'its last letter': `${store.key.slice(0, -1)}${store.key.endsWith('a') ? 'b' : 'a'}`,
    'a letter of its secret': store.key.slice(0, 40) + (store.key.charAt(40) === 'a' ? 'b' : 'a') + store.key.slice(41),
    'a letter of its public part':
      store.key.slice(0, 12) + (store.key.charAt(12) === 'a' ? 'b' : 'a') + store.key.slice(13),
    'two letters exchanged': swapped === store.key ? `${store.key}x` : swapped,
    'its mode': store.key.replace('rk_test', 'rk_live'),
    'a letter missing': store.key.slice(0, -1),
    'a letter too many': `${store.key}a`,
    'its case': store.key.toLowerCase(),
    'a prefix of another maker': store.key.replace('rk_', 'sk_'),
    'nothing but a prefix': 'rk_test_',
    '64 KB': 'rk_test_' + 'a'.repeat(12_000),
  };

  it.each(Object.entries(typos))('in %s is refused without asking the database', async (_, key) => {
    const before = await lookUps();
    expect(await me(key)).toMatchObject({ status: 401, body: { code: 'identity.credential_invalid' } });
    expect(await lookUps()).toBe(before);
  });

  it('is told from one that is unknown, for which the database is asked', async () => {
    const before = await lookUps();
    expect((await me(withChecksum(`rk_test_${'a'.repeat(16)}_${'b'.repeat(32)}`))).status).toBe(401);
    expect(await lookUps()).toBeGreaterThan(before);
  });
});

describe('a key that does not work', () => {
  const flipped = (key: string): string =>
    withChecksum(key.slice(0, -6).replace(/^rk_(test|live)/, (_, mode) => `rk_${mode === 'test' ? 'live' : 'test'}`));
  const reasons: Record<string, () => Promise<string>> = {
    'is unknown': async () => withChecksum(`rk_test_${'c'.repeat(16)}_${'d'.repeat(32)}`),
    'has the right public part and another secret': async () =>
      withChecksum(`${store.key.slice(0, 24)}_${'e'.repeat(32)}`),
    'was revoked': async () => {
      const { id, key } = await issue();
      expect((await me(key)).status).toBe(200);
      await client.call('POST', `/api/v1/api-keys/${id}/revoke`, { key: store.key });
      return key;
    },
    'revoked itself': async () => {
      const { id, key } = await issue({ scopes: ['key:write'] });
      expect((await client.call('POST', `/api/v1/api-keys/${id}/revoke`, { key })).status).toBe(200);
      return key;
    },
    'has expired': async () => {
      const { id, key } = await issue({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
      expect((await me(key)).status).toBe(200);
      await end('expires_at', id);
      await eventually('it has expired', async () => (await me(key)).status === 401);
      return key;
    },
    'was rotated away without overlap': async () => {
      const { id, key } = await issue();
      await client.call('POST', `/api/v1/api-keys/${id}/rotate`, { key: store.key, body: { overlapSeconds: 0 } });
      return key;
    },
    'was rotated away and its overlap is over': async () => {
      const { id, key } = await issue();
      const rotated = await client.call<Issued>('POST', `/api/v1/api-keys/${id}/rotate`, {
        key: store.key,
        body: { overlapSeconds: 3_600 },
      });
      expect([(await me(key)).status, (await me(rotated.body.key)).status]).toEqual([200, 200]);
      await end('overlap_until', id);
      await eventually('the overlap is over', async () => (await me(key)).status === 401);
      expect((await me(rotated.body.key)).status).toBe(200);
      return key;
    },
    'is of a deleted store': async () => {
      const gone = await makeStore(api, 'Gone');
      expect((await me(gone.key)).status).toBe(200);
      await client.call('DELETE', `/api/v1/platform/tenants/${gone.tenantId}`, { key: api.operatorToken });
      return gone.key;
    },
    'says live and is of a test store': async () => flipped(store.key),
    'says test and is of a live store': async () => flipped((await makeStore(api, 'Live', 'live')).key),
    'is used from an address it does not allow': async () => (await issue({ allowedIps: ['203.0.113.7'] })).key,
  };
  const refusals: Answer<unknown>[] = [];

  it.each(Object.entries(reasons))('because it %s answers 401 on every route', async (_, make) => {
    const key = await make();
    const before = await digestOf(api.database);
    for (const route of routes) {
      const answer = await client.call(route.method, pathOf(route, idIn(store)), { key, body: bodyFor(route, store) });
      expect([route.name, answer.status]).toEqual([route.name, 401]);
      refusals.push(answer);
    }
    expect(await digestOf(api.database)).toEqual(before);
  });

  it('is refused in the same words, whatever the reason', () => {
    expect(refusals.length).toBe(routes.length * Object.keys(reasons).length);
    expect(new Set(refusals.map((refusal) => JSON.stringify(alike(refusal)))).size).toBe(1);
  });

  it('cannot be made by changing its mode in the table', async () => {
    await expect(
      api.database.admin(`update identity.api_key set mode = 'live' where mode = 'test'`),
    ).rejects.toMatchObject({ code: '23503' });
  });
});

describe('a key without the scope', () => {
  it.each(routes.filter(({ access }) => access.kind === 'permission'))(
    'gets 403 from $name, which names what is missing',
    async (route) => {
      const permission = route.access.kind === 'permission' ? route.access.permission : '';
      const { key } = await issue({ scopes: [permission === 'event:read' ? 'key:read' : 'event:read'] });
      const before = await digestOf(api.database);
      const answer = await client.call(route.method, pathOf(route, idIn(store)), { key, body: bodyFor(route, store) });
      expect(answer).toMatchObject({ status: 403, body: { code: 'http.forbidden', permission } });
      expect(answer.body.detail).toContain(permission);
      expect(await digestOf(api.database)).toEqual(before);
    },
  );
});

describe('a credential in a URL', () => {
  const spellings: Record<string, (credential: string) => string> = {
    'as a parameter': (credential) => `?api_key=${credential}`,
    'as the name of a parameter': (credential) => `?${credential}`,
    'behind another parameter': (credential) => `?limit=1&access_token=${credential}`,
    'percent-encoded': (credential) => `?key=%${credential.charCodeAt(0).toString(16)}${credential.slice(1)}`,
    'with its underscores encoded': (credential) => `?key=${credential.replaceAll('_', '%5F')}`,
    'after Bearer': (credential) => `?authorization=Bearer%20${credential}`,
    'beside what cannot be decoded': (credential) => `?x=%zz&key=${credential}`,
  };
  const credentials: Record<string, () => string> = {
    'a store’s key': () => store.key,
    'the operator’s token': () => api.operatorToken,
  };
  const cases = Object.keys(credentials).flatMap((whose) =>
    Object.keys(spellings).map((how): [string, string] => [whose, how]),
  );

  it.each(cases)('that is %s, %s, is refused on every route, even beside a good one', async (whose, how) => {
    const from = api.logs.length;
    const credential = (credentials[whose] ?? String)();
    const query = (spellings[how] ?? String)(credential);
    const before = await digestOf(api.database);
    for (const route of routes) {
      for (const key of [undefined, store.key]) {
        const answer = await client.call(route.method, `${pathOf(route, idIn(store))}${query}`, {
          key,
          body: bodyFor(route),
        });
        expect([route.name, answer.status, answer.body.type]).toEqual([
          route.name,
          400,
          'urn:recrate:problem:credential-in-url',
        ]);
        expect(answer.text).not.toContain(credential.slice(-20));
      }
    }
    expect(await digestOf(api.database)).toEqual(before);
    expect(logFaults(api.logs.slice(from), [credential.slice(-20)])).toEqual([]);
  });
});

describe('the Authorization header', () => {
  const forms: Record<string, (key: string) => string> = {
    'without a scheme': (key) => key,
    'of another scheme': (key) => `Basic ${Buffer.from(`${key}:`).toString('base64')}`,
    'with two credentials': (key) => `Bearer ${key}, Bearer ${key}`,
    'with a word behind': (key) => `Bearer ${key} x`,
    'without a blank': (key) => `Bearer${key}`,
    'with a tab': (key) => `Bearer\t${key}`,
    'with quotes': (key) => `Bearer "${key}"`,
    'of 15 KB': (key) => `Bearer ${key}${'a'.repeat(15_000)}`,
    'with a JSON Web Token of no algorithm': () => `Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.`,
    'with letters beyond ASCII': (key) => `Bearer ${key}\u00e9`,
  };

  it.each(Object.entries(forms))('%s lets nobody in', async (_, form) => {
    for (const credential of [store.key, api.operatorToken]) {
      for (const path of ['/api/v1/me', '/api/v1/platform/tenants']) {
        expect((await client.call('GET', path, { headers: { authorization: form(credential) } })).status).toBe(401);
      }
    }
  });

  it('sent twice lets nobody in by the second', async () => {
    const other = withChecksum(`rk_test_${'f'.repeat(16)}_${'g'.repeat(32)}`);
    const two = (first: string, second: string) =>
      sendRaw(
        api.url,
        `GET /api/v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${first}\r\nAuthorization: Bearer ${second}\r\nX-Forwarded-For: 198.51.100.9\r\nConnection: close\r\n\r\n`,
      );
    expect((await two(other, store.key)).status).toBe(401);
  });

  it('is the only place a credential is taken from', async () => {
    for (const name of [
      'x-api-key',
      'api-key',
      'cookie',
      'proxy-authorization',
      'x-authorization',
      'x-forwarded-authorization',
    ]) {
      expect((await client.call('GET', '/api/v1/me', { headers: { [name]: `Bearer ${store.key}` } })).status).toBe(401);
    }
  });
});

describe('what the log tells', () => {
  const canary = 'canary_7F3';
  const poison: Record<string, string> = {
    'a line of its own': `${canary}\n{"level":"fatal","msg":"forged"}`,
    'a carriage return': `${canary}\r\nforged`,
    'an escape sequence': `${canary}\u001b[2J\u001b[31m`,
    JSON: `${canary}","level":"fatal","x":"`,
    'a separator of lines': `${canary}\u2028\u2029\u0085`,
    'a change of direction': `${canary}\u202e`,
    'a template': '${jndi:ldap://' + canary + '}',
    'a password': `password=${canary}hunter2`,
    'a payment number': `4111 1111 1111 1111 ${canary}`,
  };

  it.each(Object.entries(poison))('is one line of JSON each, without it, when callers send %s', async (_, text) => {
    const from = api.logs.length;
    const plain = text.replace(/[^\x20-\x7e]/g, '');
    const headers = Object.fromEntries(
      [
        'user-agent',
        'referer',
        'x-request-id',
        'x-real-ip',
        'accept-language',
        'idempotency-key',
        'if-match',
        'traceparent',
        'cookie',
        'forwarded',
      ].map((name) => [name, plain]),
    );
    for (const route of routes) {
      const path = pathOf(route, idIn(store));
      const key = isOperators(route) ? api.operatorToken : store.key;
      const members = Object.fromEntries((route.body ?? []).map(([member]) => [member, text]));
      await client.call(route.method, path, { key, body: writes(route) ? members : undefined, headers });
      await client.call(route.method, `${path}?search=${encodeURIComponent(text)}&sort=${encodeURIComponent(text)}`, {
        key,
        headers,
      });
      await client.call(route.method, `/api/v1/${encodeURIComponent(text)}`, { key, headers });
      await client.call(route.method, path, { key: plain, headers });
    }
    const lines = api.logs.slice(from);
    expect(lines.length).toBeGreaterThan(routes.length);
    expect(
      logFaults(lines, [canary, 'forged', '"fatal"', '4111 1111', '\u001b', '\u202e', '\u2028', '\u0085']),
    ).toEqual([]);
  });
});

/** Kept for last: it makes every answer of this file part of what is looked at. */
describe('every answer of these tests', () => {
  it('was a result or a well-formed refusal, and told nothing of the machinery', () => {
    expect(client.count).toBeGreaterThan(1_000);
    expect(client.faults).toEqual([]);
  });

  it('left log lines without any secret', () => {
    expect(api.logs.length).toBeGreaterThan(1_000);
    expect(logFaults(api.logs, [store.key.slice(25), api.operatorToken])).toEqual([]);
    expect(api.logs.filter((line) => /rk_(?:test|live)_[0-9A-Za-z]|op_[0-9A-Za-z_-]{16}/.test(line))).toEqual([]);
  });
});
