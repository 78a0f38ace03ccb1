import { afterAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../support/api.js';
import { Client, makeStore, pathOf, PATIENT } from '../support/client.js';
import { idIn } from '../support/examples.js';
import { type ApiRoute, isOperators, routesOf, writes } from '../support/routes.js';

const api = await startTestApi(PATIENT);
await api.database.admin('create extension pg_stat_statements');
const client = new Client(api.url);
const store = await makeStore(api);
const reading = routesOf(api).filter((route) => !writes(route));

afterAll(() => api.close());

const keyFor = (route: ApiRoute): string => (isOperators(route) ? api.operatorToken : store.key);

const SQL = [
  `'`,
  `"`,
  `\\`,
  `' or '1'='1`,
  `'; drop table identity.tenant; --`,
  '1) or (1=1',
  '$1',
  '%',
  '_',
  `\\'`,
  '(select 1)',
  'price;drop',
];
/** Parameters that take any text and compare it with what is stored. */
const FREE_TEXT = /^(?:search|q|filter\[(?:text|genre|style|format|label|country|reason|code|sku)\])$/;
const encoded = (text: string): string => encodeURIComponent(text).replaceAll("'", '%27');

describe('SQL in a query', () => {
  /** Texts of all statements that the app's roles have run, but for those that count requests every few seconds. */
  async function shapes(): Promise<Set<string>> {
    const rows = await api.database.admin<{ query: string }>(
      `select query from pg_stat_statements s join pg_roles r on r.oid = s.userid
        where r.rolname like 'app\\_%' and dbid = (select oid from pg_database where datname = current_database())
          and query !~* '^(begin|commit|rollback|set) '
          and query !~ 'insert into identity.usage_daily|set last_used_at'`,
    );
    return new Set(rows.map(({ query }) => query));
  }

  it.each(reading)('makes no new statement of $name', async (route) => {
    const path = pathOf(route, idIn(store));
    const get = (query: string) =>
      client.call<{ data?: { name: string }[] }>('GET', `${path}?${query}`, { key: keyFor(route) });
    const names = [...route.query, 'sort', 'filter[x]', 'filter', 'languageCode', 'currency', 'fields', 'include', 'q'];
    for (const name of route.query) await get(`${name}=x`);
    // A text of several words, and one of none.
    for (const text of ['blue train', '!!']) await get(`q=${encoded(text)}`);
    const before = await shapes();
    for (const name of new Set(names)) {
      for (const sql of SQL) {
        for (const value of name === 'sort' ? [sql, `name${sql}`, `-createdAt,${sql}`] : [sql]) {
          const { status, body } = await get(`${encoded(name)}=${encoded(value)}`);
          const isShort = name === 'q' && value.length < 2 && route.path.endsWith('/suggestions');
          const isKnown = route.query.includes(name) || (name === 'q' && route.path.endsWith('/suggestions'));
          const takesText = isKnown && FREE_TEXT.test(name) && !isShort;
          expect([name, value, status]).toEqual([name, value, takesText ? 200 : 400]);
          // A search of names takes any text, and finds what holds it letter by letter.
          if (name === 'search') expect((body.data ?? []).filter((found) => !found.name.includes(value))).toEqual([]);
        }
      }
    }
    expect([...(await shapes())].filter((query) => !before.has(query))).toEqual([]);
  });

  it('is harmless in the name of a parameter and in every header', async () => {
    const headers = [
      'accept',
      'accept-language',
      'accept-encoding',
      'if-none-match',
      'origin',
      'user-agent',
      'referer',
      'traceparent',
      'prefer',
      'x-request-id',
      'cookie',
    ];
    for (const route of reading) {
      for (const sql of SQL) {
        const path = pathOf(route, idIn(store));
        expect((await client.call('GET', `${path}?${encoded(sql)}=1`, { key: keyFor(route) })).status).toBe(400);
        const { status } = await client.call('GET', path, {
          key: keyFor(route),
          headers: Object.fromEntries(headers.map((name) => [name, sql])),
        });
        // An Origin that no store lists is refused.
        expect([route.name, sql, status]).toEqual([route.name, sql, 403]);
        const others = headers.filter((name) => name !== 'origin').map((name) => [name, sql]);
        expect(
          (await client.call('GET', path, { key: keyFor(route), headers: Object.fromEntries(others) })).status,
        ).toBe(200);
      }
    }
  });
});

describe('a parameter that no list has', () => {
  const odd = [
    '__proto__=x',
    'constructor=x',
    'toString=x',
    'prototype[x]=1',
    'limit[]=1',
    'sort=__proto__',
    'sort=constructor',
    'sort=',
    'sort=name,name',
    'sort=a,b,c,d',
    'filter[__proto__]=x',
    'filter[state]=',
    'include=everything',
    '=x',
    '%00=x',
    'cursor=x&cursor=y',
  ];

  it.each(reading)('is refused by $name', async (route) => {
    for (const query of odd) {
      const { status, body } = await client.call('GET', `${pathOf(route, idIn(store))}?${query}`, {
        key: keyFor(route),
      });
      expect([query, status, body.code]).toEqual([query, 400, 'http.invalid_parameter']);
    }
  });
});

describe('every answer of these tests', () => {
  it('was a result or a well-formed refusal, and told nothing of the machinery', () => {
    expect(client.count).toBeGreaterThan(2_000);
    expect(client.faults).toEqual([]);
  });
});
