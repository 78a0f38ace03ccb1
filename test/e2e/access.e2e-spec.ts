import { afterAll, describe, expect, it } from '@jest/globals';
import { ALL_PERMISSIONS, ID_PREFIXES, type IdKind } from '#platform/kernel';
import { startTestApi } from '../support/api.js';
import {
  alike,
  Client,
  freshAddress,
  logFaults,
  makeStore,
  pathOf,
  PATIENT,
  type ProblemBody,
  type Store,
} from '../support/client.js';
import { digestOf } from '../support/digest.js';
import { bodyFor, idIn, randomId, ROUTES_WITH_EXAMPLES } from '../support/examples.js';
import { textOf } from '../support/project.js';
import { sendRaw } from '../support/raw-http.js';
import { type ApiRoute, isOperators, routerPaths, routesOf, writes } from '../support/routes.js';

const api = await startTestApi(PATIENT);
const client = new Client(api.url);
const routes = routesOf(api);
const ofTenants = routes.filter((route) => !isOperators(route));
const ofOperator = routes.filter(isOperators);
const [a, b] = [await makeStore(api, 'Store A'), await makeStore(api, 'Store B')];

afterAll(() => api.close());

const call = (route: ApiRoute, path: string, key?: string) =>
  client.call(route.method, path, { key, body: bodyFor(route) });
const digest = () => digestOf(api.database);

/** Every member of a body that names another thing. */
const IDS_IN_BODIES = [
  'POST /api/v1/catalog/categories parentId',
  'POST /api/v1/catalog/categories/:id/move parentId',
  'POST /api/v1/catalog/releases/:id/merge into',
  'POST /api/v1/jobs locationId',
  'PUT /api/v1/catalog/releases/:id/categories categoryIds',
  'POST /api/v1/inventory/items locationId',
  'POST /api/v1/inventory/items releaseId',
  'POST /api/v1/inventory/items/:id/adjust locationId',
  'POST /api/v1/inventory/items/:id/count locationId',
  'POST /api/v1/inventory/items/:id/transfer from',
  'POST /api/v1/inventory/items/:id/transfer to',
  'POST /api/v1/inventory/items/bulk locationId',
  'POST /api/v1/inventory/reservations/:id/commit itemIds',
];

function idMembers(route: ApiRoute) {
  return (route.body ?? []).flatMap(([member, { value, options }]) => {
    const example = String((value.schema as { example?: unknown }).example);
    const [kind] = (Object.keys(ID_PREFIXES) as IdKind[]).filter((one) => example.startsWith(`${ID_PREFIXES[one]}_`));
    return value.name === 'id' && kind ? [{ route, member, kind, isList: options.list !== undefined }] : [];
  });
}

/** The server closes each connection: only a busy machine waits so long. */
const PATIENCE_MS = 10_000;

/** Everything that is served without a credential. */
const PUBLIC = [
  '/api/docs',
  '/api/docs/',
  '/api/docs/favicon-32x32.png',
  '/api/docs/index.css',
  '/api/docs/start.js',
  '/api/docs/swagger-ui-bundle.js',
  '/api/docs/swagger-ui-standalone-preset.js',
  '/api/docs/swagger-ui.css',
  '/api/openapi.json',
  '/api/openapi/platform.json',
  '/api/openapi/tenant.json',
];

describe('the routes', () => {
  it('are those of the census and the listed public ones', () => {
    const paths = new Set(routes.map(({ path }) => path));
    expect(
      routerPaths(api)
        .filter((path) => !paths.has(path))
        .sort(),
    ).toEqual(PUBLIC);
    expect([...paths].filter((path) => !routerPaths(api).includes(path))).toEqual([]);
  });

  it('have an example for each that writes, and no example is left over', () => {
    expect(
      routes
        .filter(writes)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...ROUTES_WITH_EXAMPLES].sort());
  });

  it('carry ids of things only where these tests know of it', () => {
    const untyped = routes.flatMap(({ name, otherParams }) => otherParams.map((parameter) => `${name} ${parameter}`));
    const inBodies = routes.flatMap(idMembers).map(({ route, member }) => `${route.name} ${member}`);
    expect({ untyped, inBodies: inBodies.sort() }).toEqual({ untyped: [], inBodies: [...IDS_IN_BODIES].sort() });
  });
});

describe('without a credential', () => {
  it.each(routes)('$name answers 401 and changes nothing', async (route) => {
    const before = await digest();
    const answer = await call(route, pathOf(route, idIn(a)));
    expect(answer).toMatchObject({ status: 401, body: { code: 'http.unauthenticated' } });
    expect(await digest()).toEqual(before);
  });

  it.each(PUBLIC)('%s is answered', async (path) => {
    expect((await client.call('GET', path)).status).toBe(200);
  });
});

/** The path of a route, spelt in ways that other software takes for the same. */
const SPELLINGS: Readonly<Record<string, (path: string) => string>> = {
  'a letter as %61': (path) => path.replace(/a(?=[^a]*$)/, '%61'),
  'a slash at its end': (path) => `${path}/`,
  'two slashes at its start': (path) => `/${path}`,
  'two slashes inside': (path) => path.replace('/v1/', '/v1//'),
  'a parameter after ;': (path) => `${path};x=1`,
  'a parameter after ; inside': (path) => path.replace('/v1', '/v1;x=1'),
  'capital letters': (path) => path.toUpperCase(),
  'one capital letter': (path) => path.replace(/\/v1\/(.)/, (_, letter: string) => `/v1/${letter.toUpperCase()}`),
  'a slash as %2f': (path) => path.replace('/v1/', '/v1%2f'),
  'a slash as %2F at its end': (path) => `${path}%2F`,
  'a step to the same place': (path) => path.replace('/v1/', '/v1/./'),
  'a step up and down': (path) => path.replace('/v1/', '/v1/x/../'),
  'a step up and down, encoded': (path) => path.replace('/v1/', '/v1/x/%2e%2e/'),
  'a zero byte at its end': (path) => `${path}%00`,
  'a backslash': (path) => path.replace('/v1/', '/v1\\'),
  'a blank at its end': (path) => `${path}%20`,
  'a suffix of a file': (path) => `${path}.css`,
  'a file below it': (path) => `${path}/x.css`,
  'a percent sign alone': (path) => `${path}%`,
};

describe('a path in another spelling', () => {
  /** Answers other than refusals. 405: what is left of the path is another route's, which does not take the method. */
  async function passed(
    spell: (path: string) => string,
    among: ApiRoute[],
    headers: string,
    refusals: number[],
  ): Promise<object[]> {
    const answers = await Promise.all(
      among.map(async (route) => {
        const path = spell(pathOf(route, idIn(a)));
        const bytes = `${route.method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Forwarded-For: ${freshAddress()}\r\n${headers}\r\n`;
        const { status, head } = await sendRaw(api.url, bytes, PATIENCE_MS);
        return { path, status, isProblem: /content-type: application\/problem\+json/i.test(head) };
      }),
    );
    return answers.filter(({ status, isProblem }) => ![404, 405, ...refusals].includes(status) || !isProblem);
  }

  it.each(Object.entries(SPELLINGS))('with %s reaches no route without a credential', async (_, spell) => {
    expect(await passed(spell, routes, '', [401])).toEqual([]);
  });

  it.each(Object.entries(SPELLINGS))('with %s reaches no operator’s route with a store’s key', async (_, spell) => {
    expect(await passed(spell, ofOperator, `Authorization: Bearer ${b.key}\r\n`, [403])).toEqual([]);
  });
});

describe('an id of another store', () => {
  const wrongPrefix = (kind: IdKind): string =>
    randomId(kind).replace(ID_PREFIXES[kind], ID_PREFIXES[kind] === 'rel' ? 'cat' : 'rel');
  const malformed = (kind: IdKind): string => `${ID_PREFIXES[kind]}_${'z'.repeat(26)}`;
  const carryIds = (route: ApiRoute): boolean => route.ids.length > 0;

  it.each(ofTenants.filter(carryIds))('is for $name as unknown as a random one', async (route) => {
    const before = await digest();
    const foreign = await call(route, pathOf(route, idIn(a)), b.key);
    expect(foreign).toMatchObject({ status: 404, body: { code: 'http.not_found' } });
    for (const idOf of [
      randomId,
      wrongPrefix,
      malformed,
      () => 'nonsense',
      () => `${a.keyId}x`,
      () => a.keyId.toUpperCase(),
    ]) {
      expect(alike(await call(route, pathOf(route, idOf), b.key))).toEqual(alike(foreign));
    }
    expect(await digest()).toEqual(before);
  });

  it.each(ofOperator.filter(carryIds))('of nothing is for $name, too, 404 in one form', async (route) => {
    const before = await digest();
    const random = await call(route, pathOf(route, randomId), api.operatorToken);
    expect(random.status).toBe(404);
    for (const idOf of [wrongPrefix, malformed, () => 'nonsense', () => a.keyId]) {
      expect(alike(await call(route, pathOf(route, idOf), api.operatorToken))).toEqual(alike(random));
    }
    expect(await digest()).toEqual(before);
  });
});

describe('an id of another store inside a body', () => {
  const members = ofTenants.flatMap(idMembers).map((one) => ({ ...one, name: `${one.member} of ${one.route.name}` }));

  it.each(members)('is for $name as unknown as a random one', async ({ route, member, kind, isList }) => {
    const before = await digest();
    const send = async (id: string) => {
      const body = { ...bodyFor(route), [member]: isList ? [id] : id };
      const answer = await client.call(route.method, pathOf(route, idIn(b)), { key: b.key, body });
      return { ...answer, body: JSON.parse(answer.text.replaceAll(id, '<id>')) as ProblemBody };
    };
    const foreign = await send(idIn(a)(kind));
    expect(foreign).toMatchObject({ status: 422, body: { type: 'urn:recrate:problem:reference-not-found' } });
    expect(alike(await send(randomId(kind)))).toEqual(alike(foreign));
    expect(await digest()).toEqual(before);
  });
});

describe('a store that is named beside the credential', () => {
  it.each(ofTenants)('has no say in $name', async (route) => {
    const path = pathOf(route, randomId);
    const before = await digestOf(api.database, a.tenantId);
    const headers = { 'x-tenant-id': a.tenantId, 'x-recrate-tenant': a.tenantId };
    const plain = await client.call(route.method, path, { key: b.key, body: bodyFor(route) });
    const inHeader = await client.call(route.method, path, { key: b.key, body: bodyFor(route), headers });
    const inQuery = await client.call(route.method, `${path}?tenantId=${a.tenantId}`, {
      key: b.key,
      body: bodyFor(route),
    });
    // What has a name of its own cannot be made twice.
    expect([plain.status, 409]).toContain(inHeader.status);
    expect(inHeader.text).not.toContain(a.tenantId);
    expect(inQuery).toMatchObject({ status: 400, body: { code: 'http.invalid_parameter' } });
    expect(await digestOf(api.database, a.tenantId)).toEqual(before);
  });
});

describe('what a store keeps', () => {
  it('is told to no other store: not in its answers, nor in its log lines', async () => {
    const canaries = Array.from({ length: 1_000 }, (_, i) => `canary${i.toString(36).padStart(4, '0')}x`);
    const owner = await makeStore(api, canaries[0]);
    const plant = (name: string) =>
      client.call('POST', '/api/v1/api-keys', { key: owner.key, body: { name, scopes: ['key:read'] } });
    const names = canaries.slice(51);
    for (let i = 0; i < 100; i += 10) await Promise.all(names.slice(i, i + 10).map(plant));
    const origins = canaries.slice(1, 51).map((canary) => `https://${canary}.example`);
    await client.call('PUT', '/api/v1/cors-origins', { key: owner.key, body: { origins } });
    await api.database.admin(
      `insert into identity.api_key select copy.* from identity.api_key k, unnest($1::text[]) as n, jsonb_populate_record(
         k, jsonb_build_object('id', gen_random_uuid(), 'key_id', substr(md5(n), 1, 16), 'name', n)) as copy where k.name = $2`,
      [names.slice(100), names[0]],
    );
    const from = api.logs.length;
    const secrets = ['canary', owner.tenantId, owner.keyId, owner.key.slice(8, 24)];
    for (const route of ofTenants.filter((one) => !writes(one))) {
      const variants = [
        '',
        ...route.query.map((name) => `?${name}=${name === 'limit' ? '100' : name === 'include' ? 'total' : 'canary'}`),
      ];
      for (const variant of variants) {
        const path = `${pathOf(route, idIn(owner))}${variant}`;
        const answer = await client.call(route.method, path, { key: b.key, headers: { 'if-none-match': '"v1"' } });
        const whole = answer.text + JSON.stringify([...answer.headers]);
        expect([path, secrets.filter((secret) => whole.includes(secret))]).toEqual([path, []]);
      }
    }
    const lines = api.logs.slice(from).filter((line) => line.includes('"tenantId"'));
    expect(lines.length).toBeGreaterThan(0);
    expect(logFaults(api.logs.slice(from), secrets)).toEqual([]);
  });
});

describe('the matrix of permissions', () => {
  const columns = ['nobody', 'operator', ...ALL_PERMISSIONS];

  /** `yes`, or the status of the refusal. The calls can change nothing: ids are random and bodies empty. */
  async function row(route: ApiRoute, keys: Readonly<Record<string, string | undefined>>): Promise<string> {
    const path = pathOf(route, randomId);
    const cells = columns.map(async (who) => {
      const answer = await client.call(route.method, path, { key: keys[who], body: writes(route) ? [] : undefined });
      if (answer.status === 403)
        expect([route.name, answer.body['permission']]).toEqual([route.name, permissionOf(route)]);
      return answer.status === 401 || answer.status === 403 ? String(answer.status) : 'yes';
    });
    return [route.method, route.path, ...(await Promise.all(cells))].join(',');
  }

  const permissionOf = ({ access }: ApiRoute) => (access.kind === 'permission' ? access.permission : undefined);

  async function keysOf(store: Store): Promise<Record<string, string>> {
    const keys = ALL_PERMISSIONS.map(async (scope): Promise<[string, string]> => {
      const body = { name: scope, scopes: [scope] };
      const issued = await client.call<{ key: string }>('POST', '/api/v1/api-keys', { key: store.key, body });
      return [scope, issued.body.key];
    });
    return Object.fromEntries(await Promise.all(keys));
  }

  it('is the one in permissions.csv', async () => {
    const keys = { ...(await keysOf(a)), operator: api.operatorToken };
    const rows = [];
    for (const route of routes) rows.push(await row(route, keys));
    expect([['method', 'path', ...columns].join(','), ...rows.sort()].join('\n')).toBe(
      textOf('test/e2e/permissions.csv').trim(),
    );
  });
});

describe('every answer of these tests', () => {
  it('was a result or a well-formed refusal, and told nothing of the machinery', () => {
    expect(client.count).toBeGreaterThan(500);
    expect(client.faults).toEqual([]);
  });

  it('left log lines without secrets', () => {
    expect(logFaults(api.logs, [a.key.slice(25), b.key.slice(25), api.operatorToken])).toEqual([]);
  });
});
