import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { type Answer, startTestApi } from '../support/api.js';
import { Client, makeStore, pathOf, PATIENT, type ProblemBody } from '../support/client.js';
import { digestOf } from '../support/digest.js';
import { bodyFor, idIn } from '../support/examples.js';
import { sendRaw } from '../support/raw-http.js';
import { type ApiRoute, isOperators, routesOf, writes } from '../support/routes.js';

const MIB = 1_048_576;

const api = await startTestApi(PATIENT);
const client = new Client(api.url);
const store = await makeStore(api);
const takeBodies = routesOf(api).filter((route) => writes(route) && route.body !== undefined);

afterAll(() => api.close());

const keyFor = (route: ApiRoute): string => (isOperators(route) ? api.operatorToken : store.key);

function send(
  route: ApiRoute,
  raw: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Answer<ProblemBody>> {
  return client.call(route.method, pathOf(route, idIn(store)), { key: keyFor(route), raw, headers });
}

/** A JSON text of so many bytes. */
const textOf = (bytes: number): string => `"${'x'.repeat(bytes - 2)}"`;

/** Sends a body to every route that takes one, or to some of them, and holds that nothing changed. */
async function sendToAll(
  raw: string | Uint8Array,
  headers?: Record<string, string>,
  among = takeBodies,
): Promise<Answer<ProblemBody>[]> {
  const before = await digestOf(api.database);
  const answers = await Promise.all(among.map((route) => send(route, raw, headers)));
  expect(await digestOf(api.database)).toEqual(before);
  return answers;
}

const outcomes = (answers: readonly Answer<ProblemBody>[]): string[] => [
  ...new Set(answers.map(({ status, body }) => `${status} ${body.type}`)),
];
const utf16 = (text: string, isBig: boolean): Buffer => {
  const bytes = Buffer.from(text, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
};
const MALFORMED = '400 urn:recrate:problem:malformed-json';
const INVALID = '400 urn:recrate:problem:validation-failed';
const COMPLEX = '400 urn:recrate:problem:json-too-complex';
const UNSUPPORTED = '415 urn:recrate:problem:unsupported-media-type';
const TOO_LARGE = '413 urn:recrate:problem:payload-too-large';

describe('a body that is not what a route takes', () => {
  const cases: [name: string, raw: string | Uint8Array, expected: string][] = [
    ['null', 'null', INVALID],
    ['a list', '[]', INVALID],
    ['a text', '"x"', INVALID],
    ['a number', '1', INVALID],
    ['a word', 'true', INVALID],
    ['nothing', '', MALFORMED],
    ['blanks', ' \n', MALFORMED],
    ['a byte order mark and JSON', '\uFEFF{"name":"x"}', MALFORMED],
    ['JSON in UTF-16, little-endian', utf16('{"name":"x"}', false), UNSUPPORTED],
    ['JSON in UTF-16, big-endian', utf16('{"name":"x"}', true), UNSUPPORTED],
    ['UTF-16 with a byte order mark', utf16('\uFEFF{"name":"x"}', false), UNSUPPORTED],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), MALFORMED],
    ['two values', '{}{}', MALFORMED],
    ['a comment', '{"name":"x"/**/}', MALFORMED],
    ['single quotes', "{'name':'x'}", MALFORMED],
    ['NaN', '{"name":NaN}', MALFORMED],
    ['the same member twice', '{"name":"a","name":"b"}', '400 urn:recrate:problem:duplicate-member'],
    [
      'the same member twice, once escaped',
      '{"name":"a","n\\u0061me":"b"}',
      '400 urn:recrate:problem:duplicate-member',
    ],
    ['quantities that disagree', '{"quantity":1,"quantity":99}', '400 urn:recrate:problem:duplicate-member'],
    ['a member __proto__', '{"__proto__":{"isAdmin":true}}', '400 urn:recrate:problem:unknown-member'],
    [
      'a member constructor',
      '{"constructor":{"prototype":{"isAdmin":true}}}',
      '400 urn:recrate:problem:unknown-member',
    ],
    ['20,000 lists in each other', '['.repeat(20_000) + ']'.repeat(20_000), COMPLEX],
    ['20,000 objects in each other', '{"a":'.repeat(20_000) + '1' + '}'.repeat(20_000), COMPLEX],
    ['33 levels', `${'['.repeat(33)}1${']'.repeat(33)}`, COMPLEX],
    ['70,000 members', `{${Array.from({ length: 70_000 }, (_, i) => `"k${i}":1`).join(',')}}`, COMPLEX],
    ['1,001 members', `{${Array.from({ length: 1_001 }, (_, i) => `"k${i}":1`).join(',')}}`, COMPLEX],
    ['100,001 values', `[${'0,'.repeat(100_000)}0]`, COMPLEX],
  ];

  it.each(cases)('but %s is refused, and nothing changes', async (_, raw, expected) => {
    expect(outcomes(await sendToAll(raw))).toEqual([expected]);
  });

  it('but 1 MiB to the byte is read', async () => {
    expect(outcomes(await sendToAll(textOf(MIB)))).toEqual([INVALID]);
  });

  it.each([
    ['1 MiB, on an ordinary route', undefined, MIB],
    ['8 MiB, on a bulk route', 8 * MIB, 8 * MIB],
  ])('but one byte more than %s, is refused, and nothing changes', async (_, bodyLimitBytes, limit) => {
    const among = takeBodies.filter((route) => route.bodyLimitBytes === bodyLimitBytes);
    expect(outcomes(await sendToAll(textOf(limit + 1), {}, among))).toEqual([TOO_LARGE]);
    const [first] = among;
    expect(outcomes(await sendToAll(textOf(limit), {}, first && [first]))).toEqual([INVALID]);
  });

  it('has one of the two limits, whatever the route', () => {
    expect(takeBodies.filter(({ bodyLimitBytes = MIB }) => ![MIB, 8 * MIB].includes(bodyLimitBytes))).toEqual([]);
  });

  it('is refused with line and column, without an echo', async () => {
    for (const { text, body } of await sendToAll('{\n  "canary4711": 1,\n  oops canary4711}')) {
      expect(body.detail).toMatch(/line 3, column 3/);
      expect(text).not.toContain('canary4711');
    }
  });
});

describe('a deep or wide body', () => {
  const wide = `{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":1`).join(',')}}`.slice(0, MIB);
  const hostile: [name: string, raw: string, refusal: string | RegExp][] = [
    ['20,000 levels', '['.repeat(20_000), 'more than 32 levels at line 1, column 33.'],
    ['100,000 members', wide, `more than 1000 members in one object at line 1, column ${wide.indexOf('"k1000"') + 1}.`],
    [
      '1 MiB of escapes',
      `{"name":"${'\\u0041'.repeat(170_000)}"}`,
      /Some values are not acceptable|members that are not known/,
    ],
    [
      '1 MiB of digits',
      `{"name":${'9'.repeat(MIB - 20)}}`,
      'a number that cannot be kept exactly at line 1, column 9.',
    ],
    ['1 MiB of blanks', ' '.repeat(MIB), `an unexpected end at line 1, column ${MIB + 1}.`],
    ['1 MiB of quotes', '"'.repeat(MIB), 'an unexpected character at line 1, column 3.'],
  ];

  it.each(hostile)(
    'of %s is refused at the place where the reading ended, and an ordinary request succeeds right after',
    async (_, raw, refusal) => {
      for (const { status, body } of await sendToAll(raw)) {
        expect(status).toBe(400);
        expect(body.detail).toMatch(refusal);
      }
      expect((await client.call('GET', '/api/v1/me', { key: store.key })).status).toBe(200);
    },
  );
});

describe('a media type or encoding that is not taken', () => {
  const types = [
    'text/plain',
    'text/json',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/vnd.api+json',
    'application/jsonp',
    'application/json, text/plain',
    'application/json; charset=utf-16',
    'application/json; charset=iso-8859-1',
    'application/octet-stream',
    'json',
    '*/*',
    ';',
  ];

  it.each(types)('%s answers 415', async (type) => {
    expect(outcomes(await sendToAll('{}', { 'content-type': type }))).toEqual([UNSUPPORTED]);
  });

  it('none at all answers 415', async () => {
    for (const route of takeBodies) {
      const head = `${route.method} ${pathOf(route, idIn(store))} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${keyFor(route)}`;
      const { status } = await sendRaw(api.url, `${head}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`);
      expect([route.name, status]).toEqual([route.name, 415]);
    }
  });

  it('a merge patch answers 415 except on PATCH', async () => {
    for (const route of takeBodies.filter(({ method }) => method !== 'PATCH')) {
      expect((await send(route, '{}', { 'content-type': 'application/merge-patch+json' })).status).toBe(415);
    }
  });

  const bomb = gzipSync(Buffer.alloc(50 * MIB, 0x20));
  const encodings = ['gzip', 'x-gzip', 'gzip, gzip', 'br', 'deflate', 'zstd', 'zzz', 'identity, gzip'];

  it.each(encodings)(
    'Content-Encoding %s answers 415 for a bomb of 50 MiB, and unread for what it cannot inflate',
    async (encoding) => {
      for (const raw of [bomb, '{"name":"plain"}']) {
        expect(outcomes(await sendToAll(raw, { 'content-encoding': encoding }))).toEqual([UNSUPPORTED]);
      }
    },
  );
});

describe('a body with a thousand faults', () => {
  it('is answered with 20 of them and the word that there are more, in less than 8 KB', async () => {
    const many = Object.fromEntries(Array.from({ length: 950 }, (_, i) => [`${'member'.repeat(10)}${i}`, [[i]]]));
    for (const { text, body } of await sendToAll(JSON.stringify(many))) {
      expect(body.errors).toHaveLength(20);
      expect(body['errorsTruncated']).toBe(true);
      expect(text.length).toBeLessThan(8_192);
    }
  });

  it('in a list that is too long costs one error, not thousands', async () => {
    const lists = takeBodies.flatMap((route) =>
      (route.body ?? []).flatMap(([member, { options }]) =>
        options.list ? [{ route, member, count: Math.max(7_000, options.list.max + 1) }] : [],
      ),
    );
    expect(lists.length).toBeGreaterThan(0);
    for (const { route, member, count } of lists) {
      const { status, text, body } = await send(
        route,
        JSON.stringify({ ...bodyFor(route), [member]: Array(count).fill({ x: 1 }) }),
      );
      expect([route.name, status, body.errors?.map(({ code }) => code)]).toEqual([route.name, 400, ['list_size']]);
      expect(text.length).toBeLessThan(8_192);
    }
  });
});

describe('every answer of these tests', () => {
  it('was a result or a well-formed refusal, and told nothing of the machinery', () => {
    expect(client.count).toBeGreaterThan(300);
    expect(client.faults).toEqual([]);
  });
});
