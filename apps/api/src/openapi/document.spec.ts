import { describe, expect, it } from '@jest/globals';
import { CENSUS, CLASSES, raw, row, SCHEMAS } from '../../test/jobs-document.js';
import { documentFor } from './audiences.js';
import { publishedDocument } from './document.js';
import type { ApiDocument, Method, Operation } from './model.js';

const published = (changes?: Parameters<typeof raw>[0], census = CENSUS): ApiDocument =>
  publishedDocument(raw(changes), census, CLASSES);
const at = (document: ApiDocument, path: string, method: Method): Operation =>
  document.paths[`/api/v1${path}`]?.[method] as Operation;

describe('publishedDocument', () => {
  const document = published();

  it('tells what a route asks of its caller, and how it can be repeated', () => {
    expect(at(document, '/jobs', 'post')).toMatchObject({
      summary: 'Do it',
      description: 'With care.\n\nPermission: `job:write`.',
      'x-permission': 'job:write',
      'x-idempotent': 'key-required',
      'x-rate-policy': ['tenant', 'key'],
      security: [{ apiKey: ['job:write'] }],
      parameters: [{ $ref: '#/components/parameters/RequiredIdempotencyKey' }],
    });
    expect(at(document, '/jobs', 'get')).toMatchObject({
      'x-idempotent': 'safe',
      'x-permission': null,
      security: [{ apiKey: [] }, { operatorToken: [] }],
    });
    expect(at(document, '/platform/jobs', 'get')).toMatchObject({
      'x-rate-policy': [],
      security: [{ operatorToken: ['platform:*'] }],
    });
  });

  it('lists the refusals that apply to a route, and no others', () => {
    const statuses = (operation: Operation) =>
      Object.keys(operation.responses)
        .filter((status) => !status.startsWith('2'))
        .join(' ');
    expect(statuses(at(document, '/jobs', 'post'))).toBe('400 401 403 409 413 415 422 423 429 500 503 default');
    expect(statuses(at(document, '/jobs/{id}', 'get'))).toBe('304 400 401 403 404 423 429 500 503 default');
    expect(statuses(at(document, '/jobs/{id}', 'patch'))).toBe(
      '400 401 403 404 409 412 413 415 423 429 500 503 default',
    );
    expect(statuses(at(document, '/platform/jobs', 'get'))).toBe('400 401 403 429 500 503 default');
  });

  it('takes merge patches on PATCH, with If-Match', () => {
    const { requestBody, parameters } = at(document, '/jobs/{id}', 'patch');
    expect(Object.keys(requestBody?.content ?? {})).toEqual(['application/merge-patch+json']);
    expect(parameters).toContainEqual({ $ref: '#/components/parameters/IfMatch' });
  });

  it('tells of bodies of bytes, of headers and of answers without a body as the controller does', () => {
    const sent = at(document, '/jobs/{id}/file', 'put');
    const offset = { type: 'integer', format: 'int64', examples: [3] };
    expect(sent).toMatchObject({ 'x-idempotent': 'natural', requestBody: { content: { 'text/csv': {} } } });
    expect(sent.parameters).toContainEqual({ name: 'Offset', in: 'header', required: true, schema: offset });
    expect(sent.responses['204']).toMatchObject({ headers: { Offset: { schema: offset }, RateLimit: {} } });
    expect(sent.responses['204']).not.toHaveProperty('content');
    const refusals = ['408', '409', '410', '412', '413', '415', '422', '507'];
    expect(Object.keys(sent.responses)).toEqual(expect.arrayContaining(refusals));
    const asked = at(document, '/jobs/{id}/file', 'head');
    expect(asked).toMatchObject({ 'x-idempotent': 'safe', responses: { 200: { headers: { Offset: {}, ETag: {} } } } });
    expect(asked.responses['200']).not.toHaveProperty('content');
    expect(Object.keys(asked.responses).filter((status) => refusals.includes(status))).toEqual(['410']);
  });

  it('puts examples together from those of members', () => {
    const { requestBody, responses } = at(document, '/jobs', 'post');
    expect(requestBody?.content['application/json']?.examples).toEqual({
      full: { summary: 'Everything', value: { note: 'now', when: { at: 'night' } } },
      least: { summary: 'What is needed', value: { note: 'now' } },
    });
    const example = { id: 'job_01j2jw8f00e00800000000001a', note: 'now', done: false, version: 1 };
    expect(responses['201']).toMatchObject({ content: { 'application/json': { example } } });
  });

  it('leads from what was made to what can be done with it', () => {
    const { responses } = at(document, '/jobs', 'post');
    const parameters = { id: '$response.body#/id' };
    expect(responses['201']).toMatchObject({
      headers: { ETag: {}, Location: {}, 'Idempotency-Replayed': {} },
      links: { getJob: { operationId: 'getJob', parameters }, changeJob: { operationId: 'changeJob', parameters } },
    });
    expect(at(document, '/jobs', 'get').responses['200']).toMatchObject({
      headers: { Link: {} },
      links: { getJob: { parameters: { id: '$response.body#/data/0/id' } } },
    });
  });

  it('names schemas as on the wire, in the order of the source, with whole numbers, and closes what is taken', () => {
    const { Job, JobPage, StartJobInput, WhenInput } = document.components.schemas;
    expect(Job).toMatchObject({ description: 'A job.', required: ['id', 'note', 'done', 'version'] });
    expect(Object.keys(Job?.properties ?? {})).toEqual(['id', 'note', 'done', 'version']);
    expect(Job?.properties?.['version']).toEqual({ type: 'integer', format: 'int64', examples: [1] });
    expect(Job).not.toHaveProperty('additionalProperties');
    expect([StartJobInput?.additionalProperties, WhenInput?.additionalProperties]).toEqual([false, false]);
    expect(JobPage?.properties?.['data']).toEqual({ type: 'array', items: { $ref: '#/components/schemas/Job' } });
  });

  it('holds nothing that no operation leads to', () => {
    expect(Object.keys(document.components.parameters)).toEqual(['RequiredIdempotencyKey', 'IfMatch', 'IfNoneMatch']);
    expect(document.tags.map(({ name }) => name)).toEqual(['Jobs', 'Platform: jobs']);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'a comment of one sentence',
      () => published({ getJob: { summary: 'Read a job.' } }),
      /JobsController.getJob has too few sentences/,
    ],
    [
      'a method that does not say what it answers',
      () => published({ getJob: { responses: { 200: {} } } }),
      /does not say what it answers/,
    ],
    ['two methods of one name', () => published({ getJob: { operationId: 'listJobs' } }), /are called listJobs/],
    [
      'a route that is not documented',
      () => published({}, [...CENSUS, row('GET', 'secret', 'x')]),
      /some routes are not documented/,
    ],
    [
      'a documented route that is none',
      () => published({}, CENSUS.slice(1)),
      /post \/api\/v1\/jobs is documented but is no route/,
    ],
    ['a controller without a comment', () => publishedDocument(raw(), CENSUS, {}), /JobsController has no comment/],
    [
      'a member without an example',
      () =>
        publishedDocument(
          {
            ...raw(),
            components: {
              schemas: {
                ...SCHEMAS,
                StartJobInput: { type: 'object', required: ['x'], properties: { x: { type: 'string' } } },
              },
            },
          },
          CENSUS,
          CLASSES,
        ),
      /StartJobInput.x has no example/,
    ],
  ])('refuses %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('documentFor', () => {
  const all = published();

  it("gives stores everything but the operator's paths, and their credential only", () => {
    const document = documentFor(all, 'tenant');
    expect(Object.keys(document.paths)).toEqual(['/api/v1/jobs', '/api/v1/jobs/{id}', '/api/v1/jobs/{id}/file']);
    expect(Object.keys(document.components.securitySchemes)).toEqual(['apiKey']);
    expect(at(document, '/jobs', 'get').security).toEqual([{ apiKey: [] }]);
  });

  it('gives the operator theirs, without components that only stores use', () => {
    const document = documentFor(all, 'platform');
    expect(Object.keys(document.paths)).toEqual(['/api/v1/platform/jobs']);
    expect(Object.keys(document.components.schemas).sort()).toEqual(['Job', 'JobPage', 'PageInfo', 'Problem']);
    expect(document.info['title']).toBe("Recrate API, for the platform's operator");
  });
});
