import type { ApiDocument } from '../../../apps/api/src/openapi/model.js';
import { breakingChanges } from './contract-diff.js';

/** JSON of any depth. */
export type Loose = Record<string, never> & { [key: string]: Loose };

/** A contract with one of everything that can break. */
function contract(): Loose {
  const things = {
    Thing: {
      type: 'object',
      required: ['id', 'state', 'note'],
      properties: {
        id: { type: 'string', pattern: '^thg_' },
        state: { type: 'string', enum: ['new', 'old'] },
        note: { type: ['string', 'null'] },
        count: { type: 'integer' },
        maker: { anyOf: [{ $ref: '#/components/schemas/Maker' }, { type: 'null' }] },
      },
    },
    Maker: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
    ThingInput: {
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string', minLength: 1, maxLength: 100 },
        grade: { type: 'string', enum: ['A', 'B'] },
        amount: { type: ['integer', 'null'], minimum: 0 },
        tags: { type: 'array', items: { type: 'string' }, maxItems: 10 },
      },
      additionalProperties: false,
    },
    Problem: { type: 'object', required: ['type'], properties: { type: { type: 'string', enum: ['urn:a', 'urn:b'] } } },
  };
  const answer = (name: string) => ({
    description: name,
    headers: { ETag: { $ref: '#/components/headers/ETag' } },
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
  });
  const about = { security: [{ apiKey: ['thing:read'] }], 'x-permission': 'thing:read' };
  const responses = { 200: answer('Thing'), 400: answer('Problem') };
  return {
    paths: {
      '/things/{id}': {
        get: {
          ...about,
          operationId: 'getThing',
          parameters: [
            { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
            { name: 'sort', in: 'query', required: false, schema: { type: 'string' } },
          ],
          responses,
        },
        put: {
          ...about,
          operationId: 'putThing',
          parameters: [{ $ref: '#/components/parameters/Key' }],
          requestBody: {
            required: true,
            content: { 'application/json': { schema: { $ref: '#/components/schemas/ThingInput' } } },
          },
          responses,
        },
      },
    },
    components: {
      schemas: things,
      parameters: { Key: { name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string' } } },
      headers: { ETag: { description: 'x', schema: { type: 'string' } } },
    },
  } as unknown as Loose;
}

/** Changes parts of the contract in place. */
export type Change = (parts: { get: Loose; put: Loose; schemas: Loose; document: Loose }) => void;

/** What is found when `change` is made to the contract. */
export function afterwards(change: Change): string[] {
  const document = contract();
  const { get, put } = document['paths']?.['/things/{id}'] as unknown as { get: Loose; put: Loose };
  const { schemas } = document['components'] as unknown as { schemas: Loose };
  change({ get, put, schemas, document });
  // Members set to undefined are gone.
  const changed = JSON.parse(JSON.stringify(document)) as ApiDocument;
  return breakingChanges(contract() as unknown as ApiDocument, changed);
}

/** The members of a schema. */
export const properties = (schemas: Loose, name: string): Record<string, Record<string, unknown>> =>
  schemas[name]?.['properties'] as unknown as Record<string, Record<string, unknown>>;
/** Sets members of something; undefined takes one away. */
export const set = (target: object | undefined, members: object): void => void Object.assign(target ?? {}, members);
