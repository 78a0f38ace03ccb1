import { EntityManager } from '@mikro-orm/postgresql';
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { startTestApi } from '../support/api.js';
import { Client, makeStore, pathOf, PATIENT } from '../support/client.js';
import { idIn } from '../support/examples.js';
import { Members, ruleOf } from '../support/members.js';
import { routesOf, writes } from '../support/routes.js';

const api = await startTestApi(PATIENT);
const client = new Client(api.url);
const store = await makeStore(api);

const routes = routesOf(api);
const writing = routes.filter(writes);
const reading = routes.filter((route) => !writes(route));
const finds = jest.spyOn(EntityManager.prototype, 'findOne');
const { keyFor, digest, send, withMember, membersOf, accepted } = new Members(api, client, store, writing);

afterAll(() => api.close());

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

describe('every answer of these tests', () => {
  it('was a result or a well-formed refusal, and told nothing of the machinery', () => {
    expect(client.count).toBeGreaterThan(2_000);
    expect(client.faults).toEqual([]);
  });
});
