import { afterAll, describe, expect, it } from '@jest/globals';
import { type Answer, startTestApi } from '../support/api.js';
import { Client, makeStore, pathOf, PATIENT, type ProblemBody, type Store } from '../support/client.js';
import { digestOf } from '../support/digest.js';
import { bodyFor, idIn } from '../support/examples.js';
import { type ApiRoute, isOperators, routesOf, writes } from '../support/routes.js';

const api = await startTestApi(PATIENT);
const client = new Client(api.url);
/** Uploads and parked commands have no version to be held to here. */
const routes = routesOf(api).filter(({ path }) => !/\/(?:uploads|platform\/parked-commands)/.test(path));
/** An export is a file. Uploads have no names to be sorted by: uploads.e2e-spec.ts looks at their list. */
const paged = routesOf(api).filter(
  ({ query, path }) => query.includes('cursor') && !/\/(?:uploads|export)$/.test(path),
);
/** What this file can fill: keys, stores and their audit logs. The other contexts walk their lists in tests of their own. */
const lists = paged.filter(({ path }) => /^\/api\/v1\/(?:api-keys|audit-log|platform\/tenants)/.test(path));
const operator = api.operatorToken;

afterAll(() => api.close());

interface Row {
  readonly id: string;
  readonly name?: string;
  readonly createdAt?: string;
  readonly seq?: number;
}
interface Listed extends ProblemBody {
  readonly data: readonly Row[];
  readonly page: {
    readonly nextCursor: string | null;
    readonly prevCursor: string | null;
    readonly hasMore: boolean;
    readonly total?: { readonly count: number; readonly capped: boolean };
  };
}

const issue = (store: Store, name: string) =>
  client.call<Row>('POST', '/api/v1/api-keys', { key: store.key, body: { name, scopes: ['key:read'] } });

/** A store with so many more keys, some of them of the same name, and as many other stores. */
async function filled(count: number): Promise<Store> {
  const store = await makeStore(api, 'Listed');
  await Promise.all(Array.from({ length: count }, (_, i) => issue(store, `key ${i % 7}`)));
  return store;
}

function get(route: ApiRoute, store: Store, query = ''): Promise<Answer<Listed>> {
  return client.call<Listed>('GET', `${pathOf(route, idIn(store))}${query}`, {
    key: isOperators(route) ? operator : store.key,
  });
}

/** All rows, page by page, and the pages' answers. */
async function walk(
  route: ApiRoute,
  store: Store,
  query: string,
  between: () => Promise<unknown> = async () => undefined,
) {
  const pages: Listed[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const answer: Answer<Listed> = await get(
      route,
      store,
      `?${query}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    expect([query, answer.status]).toEqual([query, 200]);
    pages.push(answer.body);
    cursor = answer.body.page.nextCursor;
    if (cursor !== null) await between();
  }
  return { pages, ids: pages.flatMap(({ data }) => data.map(({ id }) => id)) };
}

const store = await filled(40);
for (let i = 0; i < 10; i++) await api.makeTenant(`Store ${i % 3}`);

describe('a list', () => {
  it.each(lists)('of $name is the same in pages of any size, forwards and backwards', async (route) => {
    const whole = await get(route, store, '?limit=100&include=total');
    expect(whole.body.page).toMatchObject({ nextCursor: null, prevCursor: null, hasMore: false });
    const ids = whole.body.data.map(({ id }) => id);
    expect(whole.body.page.total).toEqual({ count: ids.length, capped: false });
    expect(ids.length).toBeGreaterThan(10);
    for (const limit of [1, 7, ids.length - 1, ids.length]) {
      const forwards = await walk(route, store, `limit=${limit}`);
      expect(forwards.ids).toEqual(ids);
      const pages = [forwards.pages.at(-1)?.data ?? []];
      let cursor = forwards.pages.at(-1)?.page.prevCursor ?? null;
      while (cursor !== null) {
        const { body } = await get(route, store, `?limit=${limit}&cursor=${encodeURIComponent(cursor)}`);
        pages.unshift(body.data);
        cursor = body.page.prevCursor;
        expect(body.page.hasMore).toBe(true);
      }
      expect(pages.flat().map(({ id }) => id)).toEqual(ids);
    }
  });

  it.each(lists)('of $name shows each old row once while new ones arrive', async (route) => {
    const before = (await get(route, store, '?limit=100')).body.data.map(({ id }) => id);
    const more = async () => {
      await Promise.all([issue(store, 'key 3'), issue(store, 'newer'), api.makeTenant('Store 1')]);
    };
    let added = 0;
    const { ids } = await walk(route, store, 'limit=9', () => (added++ < 3 ? more() : Promise.resolve()));
    expect(ids.filter((id) => before.includes(id))).toEqual(before);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(lists)('of $name links to its neighbours', async (route) => {
    const first = await get(route, store, '?limit=5');
    const next = `/${/<\/(.+?)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1]}`;
    expect(first.headers.get('link')).not.toContain('rel="prev"');
    const second = await client.call<Listed>('GET', next, { key: isOperators(route) ? operator : store.key });
    const direct = await get(route, store, `?limit=5&cursor=${encodeURIComponent(String(first.body.page.nextCursor))}`);
    expect(second.body.data).toEqual(direct.body.data);
    const back = `/${/<\/([^<]+?)>; rel="prev"/.exec(second.headers.get('link') ?? '')?.[1]}`;
    expect(
      (await client.call<Listed>('GET', back, { key: isOperators(route) ? operator : store.key })).body.data,
    ).toEqual(first.body.data);
  });

  const sorts = ['name', '-name', 'name,-createdAt', '-createdAt,name', 'createdAt', '-name,-createdAt'];
  const byName = lists
    .filter(({ path }) => !path.includes('audit-log'))
    .flatMap((route) => sorts.map((sort) => ({ name: route.name, route, sort })));

  it.each(byName)('of $name sorted by $sort is in that order over all its pages', async ({ route, sort }) => {
    const { ids, pages } = await walk(route, store, `limit=11&sort=${sort}`);
    const all = (await get(route, store, `?limit=100&sort=${sort}`)).body.data;
    expect(ids.slice(0, 100)).toEqual(all.map(({ id }) => id));
    const rows = pages.flatMap(({ data }) => data);
    const keys = sort
      .split(',')
      .map((key) => ({ name: key.replace('-', '') as 'name' | 'createdAt', down: key.startsWith('-') }));
    const wrong = rows.slice(1).filter((row, i) => {
      const order = keys
        .map(({ name, down }) => compare(rows[i]?.[name] ?? '', row[name] ?? '') * (down ? -1 : 1))
        .find((sign) => sign !== 0);
      return (order ?? 0) > 0;
    });
    expect(wrong).toEqual([]);
  });

  /** Names of these tests differ in their digits only, so that every collation agrees. */
  const compare = (a: string, b: string): number => (a === b ? 0 : a.localeCompare(b, 'en') < 0 ? -1 : 1);

  it('with a filter is counted and paged under the filter', async () => {
    const route = lists.find(({ name }) => name === 'GET /api/v1/audit-log');
    if (!route) throw new Error('there is no audit log');
    const { ids, pages } = await walk(
      route,
      store,
      `limit=4&filter[action]=api-key.issued&filter[actor]=${store.keyId}&include=total`,
    );
    expect(pages[0]?.page.total?.count).toBe(ids.length);
    const other = await get(route, store, '?filter[action]=tenant.created&include=total');
    expect(other.body.page.total).toEqual({ count: 1, capped: false });
    expect((await get(route, store, `?filter[actor]=${(await makeStore(api)).keyId}`)).body.data).toEqual([]);
  });
});

describe('a cursor', () => {
  const INVALID = { status: 400, body: { type: 'urn:recrate:problem:invalid-cursor', code: 'http.invalid_cursor' } };
  const cursorOf = async (route: ApiRoute, of: Store, query = ''): Promise<string> => {
    const { body } = await get(route, of, `?limit=2${query}`);
    return String(body.page.nextCursor);
  };
  const use = (route: ApiRoute, of: Store, cursor: string, query = '') =>
    get(route, of, `?limit=2${query}&cursor=${encodeURIComponent(cursor)}`);

  it.each(lists)('of $name is refused when any letter of it was changed', async (route) => {
    const cursor = await cursorOf(route, store);
    const places = [
      ...new Set([0, 1, 10, 21, 22, 30, Math.floor(cursor.length / 2), cursor.length - 2, cursor.length - 1]),
    ];
    const altered = places.map(
      (at) => cursor.slice(0, at) + (cursor.charAt(at) === 'A' ? 'B' : 'A') + cursor.slice(at + 1),
    );
    const broken = [
      'x',
      cursor.slice(1),
      cursor.slice(0, -4),
      `${cursor}AAAA`,
      `${cursor}=`,
      `${cursor} `,
      cursor.slice(0, 22),
      'A'.repeat(5_000),
      '\u0000',
      "'; --",
    ];
    const forged = Buffer.from('[1,9999999999999,"next","x","y"]').toString('base64url');
    for (const wrong of [...altered, ...broken, forged, 'AAAAAAAAAAAAAAAAAAAAAA' + forged]) {
      expect({ wrong, ...(await use(route, store, wrong)) }).toMatchObject({ wrong, ...INVALID });
    }
  });

  it.each(lists)('of $name belongs to its sort, its filter and its list', async (route) => {
    const cursor = await cursorOf(route, store);
    const [sort] = route.path.includes('audit-log') ? ['seq'] : ['name'];
    expect(await use(route, store, cursor, `&sort=${sort}`)).toMatchObject(INVALID);
    for (const parameter of route.query.filter((name) => /^filter\[(state|mode|action)\]$|^search$/.test(name))) {
      const value =
        { 'filter[mode]': 'test', 'filter[action]': 'api-key.issued', search: 'store' }[parameter] ?? 'active';
      expect(await use(route, store, cursor, `&${parameter}=${value}`)).toMatchObject(INVALID);
    }
    // The audit log of a store is one list, whoever reads it.
    for (const other of lists.filter(
      ({ path }) => path.endsWith('audit-log') !== route.path.endsWith('audit-log') || !path.endsWith('audit-log'),
    )) {
      if (other !== route) expect(await use(other, store, cursor)).toMatchObject(INVALID);
    }
  });

  it.each(lists.filter((route) => !isOperators(route) || route.ids.length > 0))(
    'of $name is of no use for another store',
    async (route) => {
      const other = await makeStore(api, 'Other');
      await Promise.all([issue(other, 'a'), issue(other, 'b'), issue(other, 'c')]);
      expect(await use(route, other, await cursorOf(route, store))).toMatchObject(INVALID);
      expect(await use(route, store, await cursorOf(route, other))).toMatchObject(INVALID);
    },
  );

  it('takes another page size', async () => {
    const [route] = lists;
    if (!route) throw new Error('there is no list');
    const { status, body } = await get(
      route,
      store,
      `?limit=3&cursor=${encodeURIComponent(await cursorOf(route, store))}`,
    );
    expect([status, body.data.length]).toEqual([200, 3]);
  });
});

describe('a version', () => {
  const mutable = routes.filter(
    (route) =>
      !writes(route) &&
      [
        '/api/v1/api-keys/:id',
        '/api/v1/catalog/categories/:id',
        '/api/v1/catalog/releases/:id',
        '/api/v1/cors-origins',
        '/api/v1/dead-letters/:id',
        '/api/v1/grade-vocabulary',
        '/api/v1/inventory/items/:id',
        '/api/v1/inventory/locations/:id',
        '/api/v1/inventory/reservations/:id',
        '/api/v1/jobs/:id',
        '/api/v1/platform/tenants/:id',
        '/api/v1/retry-policies',
      ].includes(route.path),
  );
  const read = (route: ApiRoute, of: Store, headers: Record<string, string> = {}) =>
    client.call('GET', pathOf(route, idIn(of)), { key: isOperators(route) ? operator : of.key, headers });

  it.each(routes.filter((route) => !writes(route)))('of $name has its ETag, or there is none', async (route) => {
    const { body, headers } = await read(route, store);
    // A release's holds the state of its stock as well.
    const etag = headers.get('etag')?.replace(/\.\d+"$/, '"') ?? null;
    expect(etag).toBe(typeof body['version'] === 'number' ? `"v${body['version']}"` : null);
    if (typeof body['version'] === 'number') expect(mutable).toContain(route);
  });

  it.each(mutable)('of $name that the caller has is not sent again', async (route) => {
    const etag = String((await read(route, store)).headers.get('etag'));
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, `${etag},"other"`, '*']) {
      const answer = await read(route, store, { 'if-none-match': known });
      expect([known, answer.status, answer.text, answer.headers.get('etag')]).toEqual([known, 304, '', etag]);
      expect(answer.headers.get('content-type')).toBeNull();
    }
    for (const other of ['"other"', '"v99"', etag.replaceAll('"', ''), '"', '']) {
      expect([other, (await read(route, store, { 'if-none-match': other })).status]).toEqual([other, 200]);
    }
  });

  /** Routes that change what has a version, with the id of what is changed. */
  const changing = routes.filter(
    (route) =>
      writes(route) &&
      (route.ids.length > 0 || mutable.some(({ path }) => path === route.path)) &&
      !route.path.endsWith('/api-keys') &&
      // A batch has no version: its state says whether it can be tried again.
      !route.path.includes('/batches/'),
  );

  it.each(changing)('that is old is refused by $name, and nothing changes', async (route) => {
    const before = await digestOf(api.database);
    const send = (ifMatch: string) =>
      client.call(route.method, pathOf(route, idIn(store)), {
        key: isOperators(route) ? operator : store.key,
        body: bodyFor(route),
        headers: { 'if-match': ifMatch },
      });
    for (const old of ['"v99"', '"other"', '"v1x"', 'W/"v1"', 'W/"v2"', '"v98", "v99"']) {
      expect({ old, ...(await send(old)) }).toMatchObject({
        old,
        status: 412,
        body: { code: 'http.precondition_failed' },
      });
    }
    for (const unreadable of ['v1', '"v1', '', ',', '"v1" x', '"a"b', '**']) {
      expect({ unreadable, ...(await send(unreadable)) }).toMatchObject({
        unreadable,
        status: 400,
        body: { code: 'http.invalid_parameter' },
      });
    }
    expect(await digestOf(api.database)).toEqual(before);
  });

  it('that is current lets one of two writers through', async () => {
    const own = await makeStore(api);
    const path = `/api/v1/platform/tenants/${own.tenantId}`;
    const etag = String((await client.call('GET', path, { key: operator })).headers.get('etag'));
    const rename = (name: string) =>
      client.call('PATCH', path, { key: operator, body: { name }, headers: { 'if-match': etag } });
    const answers = await Promise.all(['one', 'two', 'three', 'four'].map(rename));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
    const [winner] = answers.filter(({ status }) => status === 200);
    expect((await client.call('GET', path, { key: operator })).body).toEqual(winner?.body);
  });

  it('grows by one with every change, and not with none', async () => {
    const own = await makeStore(api);
    const path = `/api/v1/platform/tenants/${own.tenantId}`;
    const rename = (name: string) => client.call('PATCH', path, { key: operator, body: { name } });
    const first = await rename('Another');
    expect((await rename('Another')).body).toEqual(first.body);
    expect((await rename('A third')).body['version']).toBe(Number(first.body['version']) + 1);
    expect((await client.call('PATCH', path, { key: operator, body: {} })).body['name']).toBe('A third');
  });
});

describe('every answer of these tests', () => {
  it('was a result or a well-formed refusal, and told nothing of the machinery', () => {
    expect(client.count).toBeGreaterThan(500);
    expect(client.faults).toEqual([]);
  });
});
