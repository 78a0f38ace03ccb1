import { afterAll, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import type { Media, Response } from '../../apps/api/src/openapi/model.js';
import { type Answer, startTestApi } from '../support/api.js';
import { operationsOf, type PlacedOperation, readDocument, resolved } from './support/documents.js';
import { OperationCaller } from './support/setting.js';
import { Validator } from './support/validator.js';

const document = readDocument();
const validator = new Validator(document);
const operations = operationsOf(document).map((placed) => ({ ...placed, name: placed.operation.operationId }));
const api = await startTestApi({ TRUSTED_PROXIES: '1' });
const caller = new OperationCaller(api);

afterAll(() => api.close());

/** What is documented of the answer when all goes well; no media where it has no body. */
function successOf({ operation }: PlacedOperation): { status: number; response: Response; media: Media | undefined } {
  const [status = ''] = Object.keys(operation.responses).filter((code) => code.startsWith('2'));
  const response = resolved<Response>(document, operation.responses[status] as Response);
  return { status: Number(status), response, media: Object.values(response.content ?? {})[0] };
}

/** Ids, instants and secrets as what they are: they are others in each answer. */
function alike(value: unknown): unknown {
  const words: [RegExp, string][] = [
    [/^\d{4}-\d\d-\d\dT[\d:.]+Z$/, '<instant>'],
    [/^[a-z]{3,4}_[0-9a-hjkmnp-tv-z]{26}$/, '<id>'],
    [/^rk_(test|live)_[0-9A-Za-z]{16}(_\w+)?$/, '<key>'],
  ];
  const replaced = JSON.stringify(value, (_, member: unknown) => {
    return typeof member === 'string' ? (words.find(([form]) => form.test(member))?.[1] ?? member) : member;
  });
  return JSON.parse(replaced) as unknown;
}

describe.each(operations)('$name, called with its examples,', (placed) => {
  const { operation, method } = placed;
  const [body] = Object.values(operation.requestBody?.content ?? {});
  const bodies = Object.entries(body?.examples ?? { none: { value: undefined } });
  const schemes = operation.security.flatMap((choice) => Object.keys(choice));
  const calls = bodies.flatMap(([example, { value }]) => schemes.map((scheme) => ({ example, value, scheme })));

  it.each(calls)('answers as documented: $example, with $scheme', async ({ example, value, scheme }) => {
    const setting = await caller.setting();
    await caller.prepare(placed, setting);
    const key = scheme === 'apiKey' ? setting.key : api.operatorToken;
    const answer = await caller.call(placed, setting, { key, body: value });
    const { status, media } = successOf(placed);
    expect([answer.status, answer.text]).toEqual([status, answer.text]);
    const isFile = !answer.headers.get('content-type')?.startsWith('application/json');
    if (media) expect(validator.faults(media.schema, isFile ? answer.text : answer.body)).toEqual([]);
    else expect(answer.text).toBe('');
    expect(headerFaults(placed, scheme, answer)).toEqual([]);
    if (media && method !== 'get' && example !== 'least') expect(alike(answer.body)).toEqual(alike(media.example));
  });

  it('has examples that fit its schemas', () => {
    const { media } = successOf(placed);
    const given = Object.values(body?.examples ?? {}).flatMap(({ value }) =>
      validator.faults(body?.schema ?? {}, value),
    );
    expect([...given, ...(media ? validator.faults(media.schema, media.example) : [])]).toEqual([]);
  });

  if (operation.responses['304']) {
    it('answers 304 for the version that is known', async () => {
      const setting = await caller.setting();
      const first = await caller.call(placed, setting);
      const etag = String(first.headers.get('etag'));
      const again = await caller.call(placed, setting, { headers: { 'if-none-match': etag } });
      expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag]);
    });
  }

  if (operation['x-idempotent'].startsWith('key')) {
    it('answers the same again for the same Idempotency-Key, and says so', async () => {
      const setting = await caller.setting();
      await caller.prepare(placed, setting);
      const headers = { 'idempotency-key': newUuid() };
      const first = await caller.call(placed, setting, { headers });
      const again = await caller.call(placed, setting, { headers });
      expect([again.status, again.text]).toEqual([first.status, first.text]);
      expect([first, again].map((answer) => answer.headers.get('idempotency-replayed'))).toEqual([null, 'true']);
    });
  }
});

/** Documented headers that lack, and others that the document should tell of. */
function headerFaults(placed: PlacedOperation, scheme: string, { headers }: Answer): string[] {
  const { response, media } = successOf(placed);
  const documented = Object.keys(response.headers ?? {});
  const expected = documented.filter((name) => {
    if (name.startsWith('RateLimit')) return scheme === 'apiKey';
    // Of resumable uploads, which the examples with a body are not.
    if (/^(?:Tus|Upload)-/.test(name)) return media === undefined;
    return !['Link', 'Idempotency-Replayed', 'Consistency-Token', 'Preference-Applied', 'Read-Consistency'].includes(
      name,
    );
  });
  const lacking = expected.filter((name) => !headers.has(name)).map((name) => `lacks ${name}`);
  const ofUploads = ['tus-resumable', 'upload-offset', 'upload-length', 'upload-expires'];
  const told = ['etag', 'location', 'ratelimit', 'ratelimit-policy', 'retry-after', 'link', ...ofUploads];
  const untold = told.filter((name) => headers.has(name) && !documented.some((known) => known.toLowerCase() === name));
  return [...lacking, ...untold.map((name) => `does not tell of ${name}`)];
}

it('the validator of these tests finds what is planted', () => {
  const store = { $ref: '#/components/schemas/OwnTenant' };
  const whole = { id: 'ten_01j2jw8f00e00800000000001a', name: 'x', mode: 'test' };
  const { mode: _, ...lacking } = whole;
  expect(validator.faults(store, whole)).toEqual([]);
  for (const wrong of [
    lacking,
    { ...whole, more: 1 },
    { ...whole, id: 'key_x' },
    { ...whole, mode: 'dead' },
    { ...whole, name: 1 },
  ]) {
    expect(validator.faults(store, wrong)).not.toEqual([]);
  }
});

it('no answer of all these was wrong in what is true of every answer', () => {
  expect(caller.client.faults).toEqual([]);
  expect(caller.client.count).toBeGreaterThan(50);
});
