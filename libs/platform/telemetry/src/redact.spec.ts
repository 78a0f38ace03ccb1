import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isPaymentNumber, redact, redactText } from './redact.js';

const KEY = 'rk_live_4fQ2k9_8HhJ2mW3nB5vC7xZ9aS1dF4gH6jK8lQ0wE2rT4yU6';
const TEST_KEY = 'rk_test_4fQ2k9_8HhJ2mW3nB5vC7xZ9aS1dF4gH6jK8lQ0wE2rT4yU6';
const OPERATOR = 'op_8HhJ2mW3nB5vC7xZ9aS1dF4gH6jK8lQ0';
const JWT = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c3JfMSJ9.c2lnbmF0dXJl';
const CARDS = ['4111111111111111', '5555555555554444', '378282246310005', '30569309025904', '6011111111111117'];

describe('given a text with a secret in it', () => {
  it.each([
    [`refused ${KEY}, checksum wrong`, KEY],
    [`x${TEST_KEY}`, TEST_KEY],
    [`sent as ${OPERATOR}.`, OPERATOR],
    [`Authorization: Bearer ${JWT}`, JWT],
    ['authorization: Basic dXNlcjpodW50ZXIy', 'dXNlcjpodW50ZXIy'],
    [`jwt ${JWT} expired`, JWT],
    ['Cookie: sid=abc123; theme=dark', 'abc123'],
    ['cannot connect to postgres://app_rt:hunter2@db:5432/recrate', 'hunter2'],
    ['postgres://app_rt:hunt@r2@db/recrate', 'hunt@r2'],
    ['redis://:hunter2@cache:6379', 'hunter2'],
    ['password=hunter2&next=/', 'hunter2'],
    ['{"password":"hunter2 two","a":1}', 'hunter2 two'],
    [String.raw`{"body":"{\"password\":\"hunter2\"}"}`, 'hunter2'],
    ["{ passphrase: 'correct horse' }", 'correct horse'],
    ['?access_token=abcdef&x=1', 'abcdef'],
    ['api_key: abcdef', 'abcdef'],
    ['apiKey="abcdef"', 'abcdef'],
    ['client_secret%3Dabcdef', 'abcdef'],
    ['signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----', 'MC4CAQAw'],
    ...CARDS.map((card): [string, string] => [`paid with ${card}`, card]),
    ['card:4111111111111111x', '4111111111111111'],
    ['4111 1111 1111 1111', '4111 1111 1111 1111'],
    ['4111-1111-1111-1111', '4111-1111-1111-1111'],
    ['3782 822463 10005', '3782 822463 10005'],
  ])('then %j is logged without it', (text, secret) => {
    expect(redactText(text)).not.toContain(secret);
    expect(JSON.stringify(redact({ deep: [{ text }], [text]: 1 }))).not.toContain(secret);
  });
});

describe('given a text without a secret', () => {
  it.each([
    'Mapped {/api/v1/api-keys, GET} route',
    'job 0190f3a2-1234-7123-8123-123456789012 took 1234567890123 ns',
    'release 5012394144777 (EAN) has no price',
    'constraint shop_items_tenant_id_fkey is violated',
    'https://example.com/a/b?c=d',
    'line one\n\tat two',
    'order 4111111111111112 has a wrong check digit',
  ])('then %j is logged as it is', (text) => {
    expect(redactText(text)).toBe(text);
  });
});

describe('given characters that some readers take for the end of a line or for commands', () => {
  it('then they are written as escapes', () => {
    expect(redactText('a\u2028b\u0085c\u009b31md\u202ee')).toBe('a\\u2028b\\u0085c\\u009b31md\\u202ee');
  });
});

describe('given members with secret names', () => {
  it.each(['password', 'Password', 'passwd', 'accessToken', 'token', 'apiKey', 'api_key', 'key', 'client_secret'])(
    'then the value under %s is hidden whatever it is',
    (name) => {
      const safe = redact({ [name]: { inner: 'x1' }, list: [{ [name]: 'x1' }], [name.toUpperCase()]: 12 });
      expect(JSON.stringify(safe)).not.toMatch(/x1|12/);
    },
  );

  it('then authorization, cookies, card members are hidden and harmless names stay', () => {
    const safe = redact({
      authorization: 'a',
      'set-cookie': ['b'],
      cvv: 123,
      cardNumber: 1,
      keyId: 'k',
      tenantId: 't',
    });
    expect(safe).toEqual({
      authorization: '[redacted]',
      'set-cookie': '[redacted]',
      cvv: '[redacted]',
      cardNumber: '[redacted]',
      keyId: 'k',
      tenantId: 't',
    });
  });
});

describe('given values of every kind', () => {
  it('then errors keep type, code, message, stack and cause, without secrets', () => {
    const error = Object.assign(new TypeError(`no ${KEY}`, { cause: new Error('password=hunter2') }), { code: 'E1' });
    const safe = redact(error);
    expect(safe).toMatchObject({ type: 'TypeError', code: 'E1', message: 'no [redacted]', cause: { type: 'Error' } });
    expect(JSON.stringify(safe)).not.toMatch(/rk_live|hunter2/);
    expect(JSON.stringify(safe)).toContain('redact.spec');
  });

  it('then numbers, dates, bytes, big integers, functions and symbols are made harmless', () => {
    const when = new Date(0);
    const values = {
      when,
      bytes: Buffer.from('secret'),
      big: 4111111111111111n,
      card: 4111111111111111,
      ms: 1763640000000,
    };
    expect(redact({ ...values, run: () => 1, sign: Symbol('x'), none: null, yes: true })).toEqual({
      when: '1970-01-01T00:00:00.000Z',
      bytes: '[6 bytes]',
      big: '[redacted]',
      card: '[redacted]',
      ms: 1763640000000,
      none: null,
      yes: true,
    });
  });

  it('then cycles, throwing getters and prototypes from JSON do no harm', () => {
    const cycle: Record<string, unknown> = { name: 'a' };
    cycle.self = cycle;
    expect(JSON.stringify(redact(cycle))).toContain('[deeper]');
    const throwing = Object.defineProperty({}, 'x', { enumerable: true, get: () => { throw new Error('no'); } }); // prettier-ignore
    expect(redact({ throwing })).toEqual({ throwing: '[unreadable]' });
    expect(redact(JSON.parse('{"__proto__":{"polluted":1}}'))).toEqual({});
    expect(Object.prototype).not.toHaveProperty('polluted');
  });

  it('then large values are cut', () => {
    expect(redactText('x'.repeat(100_000))).toHaveLength(8_197);
    expect(redact(Array.from({ length: 1_000 }, (_, i) => i))).toHaveLength(100);
  });

  it('then any JSON value comes out as JSON of the same outline', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        expect(() => JSON.parse(JSON.stringify(redact(value) ?? null))).not.toThrow();
      }),
    );
  });
});

describe('given texts made to keep a backtracking pattern busy', () => {
  it.each([
    'password'.repeat(1_000),
    `key${' '.repeat(8_000)}`,
    'key" '.repeat(1_600),
    `password="${'\\'.repeat(8_000)}`,
    `password=${'\\"'.repeat(4_000)}`,
    '://'.repeat(2_700),
    `://${'a'.repeat(8_000)}`,
    'eyJ'.repeat(2_700),
    'a-'.repeat(4_000) + 'token',
    'op_'.repeat(2_700),
    `-----BEGIN ${'A'.repeat(8_000)}`,
    '4111-'.repeat(1_600),
    `://${'a@'.repeat(4_000)}`,
    'eyJaaaa.'.repeat(1_000),
    '1234 '.repeat(1_600),
    '4'.repeat(8_000),
    '-----BEGIN PRIVATE KEY-----'.repeat(300),
    'cookie:'.repeat(1_100),
    'bearer '.repeat(1_100),
  ])('then %#. comes to an end, without growing much', (text) => {
    expect(redactText(text).length).toBeLessThan(2 * 8_192);
  });
});

describe('given digits', () => {
  it('then only lengths, first digits and check digits of payment cards count', () => {
    expect(CARDS.every(isPaymentNumber)).toBe(true);
    expect(['4111111111111112', '1763640000000', '5012394144777', '411111111111', 'x'].some(isPaymentNumber)).toBe(
      false,
    );
  });
});
