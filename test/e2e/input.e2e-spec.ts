import { EntityManager } from '@mikro-orm/postgresql';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { startTestApi } from '../support/api.js';
import { Client, makeStore, pathOf, PATIENT, type Store } from '../support/client.js';
import { digestOf } from '../support/digest.js';
import { bodyFor, idIn } from '../support/examples.js';
import type { FieldRule } from '../../libs/platform/http/src/validation/field-rule.js';
import { type ApiRoute, isOperators, routesOf, writes } from '../support/routes.js';

const api = await startTestApi(PATIENT);
await api.database.admin('create extension pg_stat_statements');
const client = new Client(api.url);
const store = await makeStore(api);
const routes = routesOf(api);
const writing = routes.filter(writes);
const reading = routes.filter((route) => !writes(route));
const finds = jest.spyOn(EntityManager.prototype, 'findOne');

afterAll(() => api.close());

const keyFor = (route: ApiRoute, of: Store = store): string => (isOperators(route) ? api.operatorToken : of.key);
const digest = () => digestOf(api.database);

function send(route: ApiRoute, raw: string, of: Store = store) {
  return client.call(route.method, pathOf(route, idIn(of)), { key: keyFor(route, of), raw });
}

/** A body of the route with one member's JSON put in by hand. */
function withMember(route: ApiRoute, member: string, json: string, of: Store = store): string {
  const others = Object.entries(bodyFor(route, of) ?? {}).filter(([name]) => name !== member);
  return `{${[...others.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`), `${JSON.stringify(member)}:${json}`].join(',')}}`;
}

/** Members of all routes whose rule has this name. */
function membersOf(...rules: string[]): { label: string; route: ApiRoute; member: string; rule: string }[] {
  return writing.flatMap((route) =>
    (route.body ?? [])
      .filter(([, { value }]) => rules.includes(value.name))
      .map(([member, { value }]) => ({ label: `${member} of ${route.name}`, route, member, rule: value.name })),
  );
}

function ruleOf(route: ApiRoute, member: string): FieldRule {
  const rule = (route.body ?? []).find(([name]) => name === member)?.[1];
  if (!rule) throw new Error(`${route.name} has no member ${member}`);
  return rule;
}

interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly additionalProperties?: unknown;
}

/** Whether a spelling is a value that the API document allows for the member (for a list: for one of its elements). */
function isAllowed({ options, value }: FieldRule, json: string): boolean {
  const { minimum, maximum, minLength, maxLength, additionalProperties } = value.schema as Bounds;
  if (json === 'null') return options.nullable === true && !options.list;
  if (value.name === 'whole_number') {
    const isPlain = /^-?[1-9]\d*$/.test(json) && Number.isSafeInteger(Number(json));
    return isPlain && Number(json) >= Number(minimum) && Number(json) <= Number(maximum);
  }
  if (['""', '" "', '"\\u00a0"'].includes(json)) return minLength === 0;
  // A word for grades that stands for none.
  if (value.name === 'object' && json === '{"$ne":null}') return true;
  if (json.length > 10_000) return Number(maxLength) >= json.length - 2;
  return additionalProperties !== undefined && ['{"toString":"x"}', '{"$gt":""}'].includes(json);
}

/** Refused as a whole, or, where a call answers an outcome for each of its items, in each of them. */
function isRefused({ status, body }: { readonly status: number; readonly body: object }): boolean {
  if (status === 400 || status === 428) return true;
  // A document with rules of its own.
  if (status === 422) return Reflect.get(body, 'code') === 'freight.mapping_invalid';
  const outcomes = Object.values(body).flat() as { readonly outcome?: unknown }[];
  return status === 200 && outcomes.length > 0 && outcomes.every((item) => item?.outcome === 'failed');
}

/** Sends one member, or the one element of a list, in several spellings and answers those that were not refused. */
async function accepted(route: ApiRoute, member: string, spellings: readonly string[]): Promise<string[]> {
  const before = await digest();
  const rule = ruleOf(route, member);
  const wrong = spellings.filter((json) => !isAllowed(rule, json));
  const answers = await Promise.all(
    wrong.map(async (json) => {
      const raw = withMember(route, member, rule.options.list ? `[${json}]` : json);
      return { json, ...(await send(route, raw)) };
    }),
  );
  expect(await digest()).toEqual(before);
  return answers.filter((answer) => !isRefused(answer)).map(({ json, status }) => `${json.slice(0, 60)}: ${status}`);
}

describe('a whole number', () => {
  const wrong = [
    '9007199254740993',
    '9007199254740992',
    '-9007199254740993',
    '1e400',
    '-1e400',
    '1e22',
    '-0',
    '0.5',
    '1.5',
    '1e-400',
  ];
  const odd = [
    '"5"',
    '""',
    'true',
    'false',
    '[5]',
    '{"value":5}',
    '-1',
    '2147483648',
    '9007199254740991',
    '1.0e0001000',
    'null',
  ];

  it.each(membersOf('whole_number'))(
    '$label takes no other spelling of a number, and rounds none',
    async ({ route, member }) => {
      expect(await accepted(route, member, [...wrong, ...odd])).toEqual([]);
    },
  );

  it('in a query takes digits only', async () => {
    const limits = [
      '1.5',
      '1e1',
      '0x10',
      '-0',
      '',
      '%205',
      '5%20',
      '+5',
      '05',
      '0',
      '101',
      '9007199254740993',
      '٥',
      '5,5',
      'NaN',
      'true',
    ];
    for (const route of reading.filter(({ query }) => query.includes('limit'))) {
      for (const limit of limits) {
        const { status } = await client.call('GET', `${pathOf(route, idIn(store))}?limit=${limit}`, {
          key: keyFor(route),
        });
        expect([route.name, limit, status]).toEqual([route.name, limit, 400]);
      }
    }
  });
});

describe('a text', () => {
  const controls = [
    '"a\\u0000b"',
    '"\\u0000"',
    '"a\\u0007b"',
    '"a\\u001bb"',
    '"a\\u007fb"',
    '"a\\u0085b"',
    '"\\b"',
    '"\\f"',
  ];
  const surrogates = ['"\\ud800"', '"\\udc00"', '"\\ud800\\ud800"', '"\\udc00\\ud800"', '"a\\ud83d"'];
  const bidi = ['"a\\u202eb"', '"a\\u2066b"', '"a\\u200fb"', '"\u202eb"', '"a\\u2028b"'];
  const long = [`"a${'\u0301'.repeat(10_000)}"`, `"${'x'.repeat(10_000)}"`];
  const other = ['""', '" "', '"\\u00a0"', 'null', '5', 'true', '{}', '[]', '["x"]', '{"$ne":null}'];

  it.each(membersOf('text', 'note'))(
    '$label refuses controls, half characters, blanks and endless texts',
    async ({ route, member }) => {
      expect(await accepted(route, member, [...controls, ...surrogates, ...long, ...other])).toEqual([]);
    },
  );

  it.each(membersOf('text'))(
    '$label refuses characters that turn the direction or break the line',
    async ({ route, member }) => {
      expect(await accepted(route, member, bidi)).toEqual([]);
    },
  );

  let turn = 0;
  let shownTexts = 0;

  /** Nobody has a parked command to discard; what is promised to a buyer can neither be set aside nor written off; nothing failed with odd codes. */
  const NOT_READY = /parked-commands|items\/:id\/(?:quarantine|write-off)$|jobs\/:id\/retry$/;

  it.each(membersOf('text', 'note').filter(({ route }) => !NOT_READY.test(route.path)))(
    '$label is kept as it was sent, whatever form of Unicode it has',
    async ({ route, member, rule }) => {
      const kept = [
        'Cafe\u0301',
        'Caf\u00e9',
        '\uFEFFx',
        ' x ',
        'x\u200by',
        '\u{1F469}\u200D\u{1F680}',
        '<b>&amp;</b>',
        "'; drop--",
        '\\u0041',
      ];
      const lines = rule === 'note' ? ['a\u202eb', 'two\r\nlines\tand tab'] : [];
      const list = ruleOf(route, member).options.list !== undefined;
      // Every route of keys and stores takes all of them; of the others each member takes two, by turns.
      const own = /platform|api-keys|cors-origins/.test(route.path);
      for (const text of [...kept, ...lines].filter((_, index) => own || (index + turn) % 5 === 0)) {
        const of = await makeStore(api);
        const json = JSON.stringify(text);
        const answer = await send(route, withMember(route, member, list ? `[${json}]` : json, of), of);
        expect([text, answer.status < 300]).toEqual([text, true]);
        const shown: unknown = Reflect.get(answer.body, member);
        // A reason that a thing goes by is not that of the command: then the answer shows none.
        const isShown = shown !== undefined && shown !== null;
        if (isShown) expect(list ? JSON.stringify(shown) : shown).toBe(list ? JSON.stringify([text]) : text);
        shownTexts += isShown ? 1 : 0;
      }
      turn++;
    },
  );

  it('was mostly shown in the answer, too', () => {
    expect(shownTexts).toBeGreaterThan(60);
  });

  it('is stored in the very bytes that were sent', async () => {
    const name = 'Cafe\u0301 \u{1F3B6} \uFEFF';
    await client.call('POST', '/api/v1/platform/tenants', { key: api.operatorToken, body: { name, mode: 'test' } });
    const stored = await api.database.admin<{ name: string }>('select name from identity.tenant where name = $1', [
      name,
    ]);
    expect(stored).toEqual([{ name }]);
  });
});

/** Columns of every table, as members of a body would be called. */
async function columnMembers(): Promise<string[]> {
  const columns = await api.database.admin<{ name: string }>(
    `select distinct column_name as name from information_schema.columns where table_schema in (
       select nspname from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'public'))`,
  );
  return columns.map(({ name }) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()));
}

describe('a member that the operation does not take', () => {
  const others = [
    'role',
    'price',
    'total',
    'paidAt',
    'isAdmin',
    'admin',
    'permissions',
    'owner',
    'key',
    'secret',
    '$set',
    'x.y',
    '',
  ];

  /** Every sixth column, by turns, and all the others: one reader refuses them for all routes. */
  it.each(writing)('is refused by $name for columns that there are, and nothing changes', async (route) => {
    const columns = await columnMembers();
    expect(columns).toEqual(
      expect.arrayContaining(['tenantId', 'id', 'createdAt', 'version', 'state', 'secretHash', 'scopes']),
    );
    const taken = new Set((route.body ?? []).map(([member]) => member));
    const turn = writing.indexOf(route) % 6;
    const some = columns.filter((_, index) => index % 6 === turn);
    const foreign = [...new Set([...some, ...others])].filter((member) => !taken.has(member));
    const before = await digest();
    const answers = await Promise.all(
      foreign.map(async (member) => {
        const { status, body } = await send(route, withMember(route, member, '"1"'));
        return [member, status, body.type];
      }),
    );
    expect(answers).toEqual(foreign.map((member) => [member, 400, 'urn:recrate:problem:unknown-member']));
    expect(await digest()).toEqual(before);
  });
});

describe('an object where a value is expected', () => {
  const objects = [
    '{"$ne":null}',
    '{"$gt":""}',
    '{"$or":[]}',
    '{"__raw":true,"sql":"1=1"}',
    '{"toString":"x"}',
    '[[]]',
    '[{"$ne":null}]',
  ];
  const members = writing.flatMap((route) =>
    (route.body ?? []).map(([member]) => ({ label: `${member} of ${route.name}`, route, member })),
  );

  it.each(members)('is refused for $label', async ({ route, member }) => {
    expect(await accepted(route, member, objects)).toEqual([]);
  });

  it.each(writing)('is refused as the body of $name', async (route) => {
    const before = await digest();
    for (const raw of ['{"$or":[]}', '{"__raw":true,"sql":"1=1"}', '{"$where":"1"}'])
      expect((await send(route, raw)).status).toBe(400);
    expect(await digest()).toEqual(before);
  });

  it.each(reading)('is refused in the query of $name', async (route) => {
    const names = [...route.query, 'email', 'id', 'tenantId'];
    for (const query of names.flatMap((name) => [
      `${name}[$ne]=`,
      `${name}[$gt]=`,
      `${name}[]=x`,
      `${name}[0]=x`,
      `${name}=1&${name}=2`,
    ])) {
      const { status } = await client.call('GET', `${pathOf(route, idIn(store))}?${query}`, { key: keyFor(route) });
      expect([query, status]).toEqual([query, 400]);
    }
  });

  it('never came to the ORM', () => {
    const conditions = finds.mock.calls.map(([, where]) => where as object);
    expect(conditions.length).toBeGreaterThan(0);
    expect(conditions.flatMap((where) => Object.values(where)).filter((value) => typeof value !== 'string')).toEqual(
      [],
    );
  });
});

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
