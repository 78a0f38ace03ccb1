import { describe, expect, it } from '@jest/globals';
import { afterwards, type Change, properties, set } from './support/small-contract.js';

describe('a change that breaks callers', () => {
  it.each<[string, Change, string]>([
    [
      'an operation is gone',
      ({ document }) => set(document['paths']?.['/things/{id}'], { get: undefined }),
      'getThing removed (GET /things/{id})',
    ],
    ['a path is gone', ({ document }) => set(document, { paths: {} }), 'putThing removed (PUT /things/{id})'],
    [
      'an operation has another name',
      ({ get }) => set(get, { operationId: 'readThing' }),
      'getThing renamed to readThing',
    ],
    [
      'another permission is needed',
      ({ get }) => set(get, { 'x-permission': 'thing:admin' }),
      'getThing asks for the permission thing:admin in place of thing:read',
    ],
    [
      'a credential is not taken any more',
      ({ get }) => set(get, { security: [{ operatorToken: [] }] }),
      'getThing no longer takes the credential apiKey',
    ],
    ['a parameter is gone', ({ get }) => set(get, { parameters: [] }), 'getThing parameter query sort removed'],
    [
      'a new parameter is required',
      ({ get }) => (get['parameters'] as unknown as object[]).push({ name: 'x', in: 'query', required: true }),
      'getThing parameter query x became required',
    ],
    [
      'a parameter becomes required',
      ({ document }) => set(document['components']?.['parameters']?.['Key'], { required: true }),
      'putThing parameter header Idempotency-Key became required',
    ],
    [
      'a parameter has another type',
      ({ get }) => set((get['parameters'] as unknown as object[])[1], { schema: { type: 'integer' } }),
      'getThing parameter query sort type changed from string to integer',
    ],
    [
      'a body becomes necessary',
      ({ get, put }) => set(get, { requestBody: put['requestBody'] }),
      'getThing body became required',
    ],
    ['a body is not taken any more', ({ put }) => set(put, { requestBody: undefined }), 'putThing body removed'],
    [
      'a media type is not taken any more',
      ({ put }) => set(put['requestBody'], { content: {} }),
      'putThing body application/json removed',
    ],
    [
      'a member of a request is gone',
      ({ schemas }) => set(properties(schemas, 'ThingInput'), { grade: undefined }),
      'request ThingInput.grade removed',
    ],
    [
      'a new member of a request is required',
      ({ schemas }) => set(schemas['ThingInput'], { required: ['name', 'grade'] }),
      'request ThingInput.grade became required',
    ],
    [
      'a value of a request is gone',
      ({ schemas }) => set(properties(schemas, 'ThingInput')['grade'], { enum: ['A'] }),
      'request ThingInput.grade value B removed',
    ],
    [
      'a request is limited to words',
      ({ schemas }) => set(properties(schemas, 'ThingInput')['name'], { enum: ['x'] }),
      'request ThingInput.name values limited to a list',
    ],
    [
      'null is not taken any more',
      ({ schemas }) => set(properties(schemas, 'ThingInput')['amount'], { type: 'integer' }),
      'request ThingInput.amount type changed from integer|null to integer',
    ],
    [
      'a lower bound rises',
      ({ schemas }) => set(properties(schemas, 'ThingInput')['amount'], { minimum: 1 }),
      'request ThingInput.amount minimum changed from 0 to 1',
    ],
    [
      'an upper bound sinks',
      ({ schemas }) => set(properties(schemas, 'ThingInput')['name'], { maxLength: 50 }),
      'request ThingInput.name maxLength changed from 100 to 50',
    ],
    [
      'an upper bound is new',
      ({ schemas }) => set(properties(schemas, 'ThingInput')['amount'], { maximum: 9 }),
      'request ThingInput.amount maximum changed from none to 9',
    ],
    [
      'a pattern is new',
      ({ schemas }) => set(properties(schemas, 'ThingInput')['name'], { pattern: '^a' }),
      'request ThingInput.name pattern changed to ^a',
    ],
    [
      'a format is new',
      ({ schemas }) => set(properties(schemas, 'ThingInput')['name'], { format: 'date' }),
      'request ThingInput.name format changed from none to date',
    ],
    [
      'elements of a request have another type',
      ({ schemas }) => set(properties(schemas, 'ThingInput')['tags'], { items: { type: 'integer' } }),
      'request ThingInput.tags[] type changed from string to integer',
    ],
    ['an answer is gone', ({ get }) => set(get, { responses: { 204: {} } }), 'getThing 200 removed'],
    [
      'a member of an answer is gone',
      ({ schemas }) => set(properties(schemas, 'Thing'), { count: undefined }),
      'answer Thing.count removed',
    ],
    [
      'a member of an answer may be missing',
      ({ schemas }) => set(schemas['Thing'], { required: ['id', 'state'] }),
      'answer Thing.note may be missing now',
    ],
    [
      'a member of an answer may be null',
      ({ schemas }) => set(properties(schemas, 'Thing')['id'], { type: ['string', 'null'] }),
      'answer Thing.id type changed from string to null|string',
    ],
    [
      'a value is not answered any more',
      ({ schemas }) => set(properties(schemas, 'Thing')['state'], { enum: ['new'] }),
      'answer Thing.state value old removed',
    ],
    [
      'an answer is not limited to words any more',
      ({ schemas }) => set(properties(schemas, 'Thing')['state'], { enum: undefined }),
      'answer Thing.state values no longer limited to a list',
    ],
    [
      'an answer has one more shape',
      ({ schemas }) => (properties(schemas, 'Thing')['maker']?.['anyOf'] as unknown[]).push({ type: 'string' }),
      'answer Thing.maker alternative string added',
    ],
    [
      'an inner member of an answer is gone',
      ({ schemas }) => set(properties(schemas, 'Maker'), { name: undefined }),
      'answer Maker.name removed',
    ],
    [
      'a header of an answer is gone',
      ({ get }) => set(get['responses']?.['200'], { headers: {} }),
      'getThing 200 header ETag removed',
    ],
    [
      'a problem type is gone',
      ({ schemas }) => set(properties(schemas, 'Problem')['type'], { enum: ['urn:a'] }),
      'answer Problem.type value urn:b removed',
    ],
  ])('is found when %s', (_, change, expected) => {
    expect(afterwards(change)).toContain(expected);
  });

  it('is said once where a shared schema breaks several operations', () => {
    expect(afterwards(({ schemas }) => delete properties(schemas, 'Thing')['count'])).toEqual([
      'answer Thing.count removed',
    ]);
  });
});

describe('a change that breaks nobody', () => {
  it.each<[string, Change]>([
    ['nothing', () => undefined],
    [
      'a new path',
      ({ document, get }) => set(document['paths'], { '/others': { get: { ...get, operationId: 'getOthers' } } }),
    ],
    [
      'a new optional parameter',
      ({ get }) => (get['parameters'] as unknown as object[]).push({ name: 'x', in: 'query', required: false }),
    ],
    [
      'a parameter that is not needed any more',
      ({ get }) => set((get['parameters'] as unknown as object[])[0], { required: false }),
    ],
    ['no permission needed any more', ({ get }) => set(get, { 'x-permission': null })],
    ['one more credential', ({ get }) => set(get, { security: [{ apiKey: [] }, { operatorToken: [] }] })],
    [
      'a new optional member of a request',
      ({ schemas }) => set(properties(schemas, 'ThingInput'), { more: { type: 'string' } }),
    ],
    [
      'a member of a request that is not needed any more',
      ({ schemas }) => set(schemas['ThingInput'], { required: [] }),
    ],
    [
      'a new value of a request',
      ({ schemas }) => set(properties(schemas, 'ThingInput')['grade'], { enum: ['A', 'B', 'C'] }),
    ],
    ['wider bounds', ({ schemas }) => set(properties(schemas, 'ThingInput')['name'], { minLength: 0, maxLength: 200 })],
    [
      'null taken as well',
      ({ schemas }) => set(properties(schemas, 'ThingInput')['name'], { type: ['string', 'null'] }),
    ],
    ['a new member of an answer', ({ schemas }) => set(properties(schemas, 'Thing'), { more: { type: 'string' } })],
    [
      'a new value of an answer',
      ({ schemas }) => set(properties(schemas, 'Thing')['state'], { enum: ['new', 'old', 'lost'] }),
    ],
    [
      'an answer that is never null any more',
      ({ schemas }) => set(properties(schemas, 'Thing')['note'], { type: 'string' }),
    ],
    ['longer ids', ({ schemas }) => set(properties(schemas, 'Thing')['id'], { pattern: '^thing_' })],
    ['a refusal that is not answered any more', ({ get }) => set(get['responses'], { 400: undefined })],
    [
      'a new problem type',
      ({ schemas }) => set(properties(schemas, 'Problem')['type'], { enum: ['urn:a', 'urn:b', 'urn:c'] }),
    ],
    ['other words', ({ get }) => set(get, { summary: 'x', description: 'y' })],
  ])('is %s', (_, change) => {
    expect(afterwards(change)).toEqual([]);
  });
});
