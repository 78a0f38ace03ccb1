import type { CensusRow } from '#platform/http';
import type { Schema } from '../src/openapi/model.js';
import type { RawDocument, RawOperation } from '../src/openapi/routes.js';

const ID = {
  name: 'id',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: '^job_[0-7][0-9a-hjkmnp-tv-z]{25}$' },
} as const;
const OFFSET = { description: 'Bytes that are there.', schema: { type: 'number', example: 3 } };
const json = (name: string) => ({
  content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
});
const page = {
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: {
          data: { type: 'array', items: { $ref: '#/components/schemas/JobView' } },
          page: { $ref: '#/components/schemas/PageInfo' },
        },
      },
    },
  },
};

/** Schemas of a small api of jobs, as @nestjs/swagger writes them. */
export const SCHEMAS: Record<string, Schema> = {
  JobView: {
    type: 'object',
    required: ['version', 'note', 'id', 'done'],
    properties: {
      version: { type: 'number', example: 1 },
      note: { type: ['string', 'null'] },
      id: { type: 'string', pattern: ID.schema.pattern, example: 'job_01j2jw8f00e00800000000001a' },
      done: { type: 'boolean' },
    },
  },
  PageInfo: { type: 'object', required: ['hasMore'], properties: { hasMore: { type: 'boolean' } } },
  StartJobInput: {
    type: 'object',
    required: ['note'],
    properties: { note: { type: 'string', example: 'now' }, when: { $ref: '#/components/schemas/WhenInput' } },
  },
  WhenInput: { type: 'object', required: ['at'], properties: { at: { type: 'string', enum: ['night', 'day'] } } },
};

/** What the compiler says of its classes. */
export const CLASSES = {
  JobsController: { comment: 'Jobs of a store.', members: [] },
  OperatorController: { comment: 'All jobs.', members: [] },
  JobView: { comment: 'A job.', members: ['id', 'note', 'done', 'version'] },
};

const operation = (operationId: string, rest: Partial<RawOperation>): RawOperation => ({
  operationId,
  summary: 'Do it. With care.',
  tags: ['Jobs'],
  parameters: [],
  responses: {},
  ...rest,
});

/** Its document, with changes to single operations. */
export function raw(changes: Partial<Record<string, Partial<RawOperation>>> = {}): RawDocument {
  const input = { content: { 'application/json': { schema: { $ref: '#/components/schemas/StartJobInput' } } } };
  const make = (name: string, rest: Partial<RawOperation>): RawOperation =>
    operation(name, { ...rest, ...changes[name] });
  return {
    paths: {
      '/api/v1/jobs': {
        post: make('startJob', { requestBody: input, responses: { 201: json('JobView') } }),
        get: make('listJobs', { responses: { 200: page } }),
      },
      '/api/v1/jobs/{id}': {
        get: make('getJob', { parameters: [ID], responses: { 200: json('JobView') } }),
        patch: make('changeJob', {
          parameters: [ID, { name: 'If-Match', in: 'header' }],
          requestBody: input,
          responses: { 200: json('JobView') },
        }),
      },
      '/api/v1/jobs/{id}/file': {
        put: make('sendFile', {
          parameters: [ID, { name: 'Offset', in: 'header', required: true, schema: { type: 'number', example: 3 } }],
          requestBody: { required: true, content: { 'text/csv': { schema: { type: 'string', format: 'binary' } } } },
          responses: { 204: { description: 'It is there.', headers: { Offset: OFFSET } } },
        }),
        head: make('askFile', {
          parameters: [ID],
          responses: { 200: { description: 'How far it is.', headers: { Offset: OFFSET }, ...json('JobView') } },
        }),
      },
      '/api/v1/platform/jobs': { get: make('listAllJobs', { tags: ['Platform: jobs'], responses: { 200: page } }) },
    },
    components: { schemas: SCHEMAS },
  };
}

/** A route of its census. */
export const row = (method: string, path: string, handler: string, rest: Partial<CensusRow> = {}): CensusRow => ({
  method,
  path,
  handler: `JobsController.${handler}`,
  access: { kind: 'permission', permission: 'job:read' },
  movesMoney: false,
  streamed: false,
  ...rest,
});

/** Its census. */
export const CENSUS: CensusRow[] = [
  row('POST', 'jobs', 'startJob', { access: { kind: 'permission', permission: 'job:write' }, movesMoney: true }),
  row('GET', 'jobs/', 'listJobs', { access: { kind: 'any' } }),
  row('GET', 'jobs/:id', 'getJob'),
  row('PATCH', 'jobs/:id', 'changeJob'),
  row('PUT', 'jobs/:id/file', 'sendFile', { streamed: true }),
  row('HEAD', 'jobs/:id/file', 'askFile', { streamed: true }),
  row('GET', 'platform/jobs', 'x', {
    handler: 'OperatorController.x',
    access: { kind: 'permission', permission: 'platform:*' },
  }),
];
