import { formatId, ID_PREFIXES, type IdKind } from '#platform/kernel';
import { type Answer, answerOf, successOf } from './answer.js';
import type { Examples } from './examples.js';
import { type Media, type Operation, type Parameter, type Ref, ref, type Schema } from './model.js';
import { refusalsOf } from './refusals.js';
import { PARAMETERS } from './info.js';
import { readsOnly, type Route } from './routes.js';
import { publishedSchema } from './schemas.js';

const EXAMPLE_UUID = '0190a5c4-3c00-7000-8000-00000000002a';

/** One operation of the document. @throws Error when its comment or its answer says too little */
export function operationOf(route: Route, routes: readonly Route[], examples: Examples): Operation {
  const { raw, permission, isForTenants, isForOperator, input, streams } = route;
  const answer = answerOf(route, examples);
  const scopes = permission === null ? [] : [permission];
  return {
    operationId: raw.operationId,
    ...wordsOf(route),
    tags: raw.tags ?? [],
    'x-permission': permission,
    'x-idempotent': idempotenceOf(route),
    'x-rate-policy': isForTenants ? ['tenant', 'key'] : [],
    security: [...(isForTenants ? [{ apiKey: scopes }] : []), ...(isForOperator ? [{ operatorToken: scopes }] : [])],
    parameters: parametersOf(route, answer),
    ...(input && { requestBody: { required: true, content: { [mediaTypeOf(route)]: bodyOf(input, examples) } } }),
    ...(streams && raw.requestBody && { requestBody: { required: false, ...raw.requestBody } }),
    responses: { ...successOf(route, answer, { routes, examples }), ...refusalsOf(route) },
  };
}

/** The comment's first sentence is the summary, the rest and the needed permission the description. */
function wordsOf({ handler, raw, permission, isPublic }: Route): { summary: string; description: string } {
  const text = raw.summary?.replaceAll(/\s+/g, ' ').trim() ?? '';
  const [, summary, rest] = /^(.+?)\.(?: (.+))?$/.exec(text) ?? [];
  if (summary === undefined || rest === undefined) throw new Error(`the comment of ${handler} has too few sentences`);
  if (isPublic) return { summary, description: rest };
  const need = permission === null ? 'Any valid credential will do.' : `Permission: \`${permission}\`.`;
  return { summary, description: `${rest}\n\n${need}` };
}

function idempotenceOf({ method, takesKey, needsKey }: Route): Operation['x-idempotent'] {
  if (readsOnly(method)) return 'safe';
  if (!takesKey) return 'natural';
  return needsKey ? 'key-required' : 'key';
}

function parametersOf(route: Route, answer: Answer | undefined): (Parameter | Ref)[] {
  const shared = new Set<string>(Object.values(PARAMETERS).map(({ name }) => name));
  const own = route.raw.parameters.filter(({ name }) => !shared.has(name)).map(parameterOf);
  const ofPath = own.filter((parameter) => parameter.in === 'path');
  const ofQuery = own.filter((parameter) => parameter.in === 'query');
  const ofHeader = own.filter((parameter) => parameter.in === 'header');
  const key = route.needsKey ? 'RequiredIdempotencyKey' : 'IdempotencyKey';
  return [
    ...ofPath,
    ...ofQuery,
    ...ofHeader,
    ...(route.takesKey ? [ref('parameters', key)] : []),
    ...(route.readsProjection ? [ref('parameters', 'ConsistencyToken')] : []),
    ...(route.takesPrefer ? [ref('parameters', 'Prefer')] : []),
    ...(route.takesIfMatch ? [ref('parameters', 'IfMatch')] : []),
    ...(route.method === 'get' && answer?.isVersioned ? [ref('parameters', 'IfNoneMatch')] : []),
  ];
}

function parameterOf({ name, in: place, required, description, schema = {}, ...rest }: Parameter): Parameter {
  const kind = (Object.keys(ID_PREFIXES) as IdKind[]).find((candidate) => schema['pattern'] === patternOf(candidate));
  const example = kind && formatId(kind, EXAMPLE_UUID);
  const words = description ?? (kind && `An id that starts with \`${ID_PREFIXES[kind]}_\`.`);
  return {
    name,
    in: place,
    required: required ?? false,
    ...(words !== undefined && { description: words }),
    schema: publishedSchema({ ...schema, ...(example !== undefined && { example }) }),
    ...rest,
  };
}

const patternOf = (kind: IdKind): string => `^${ID_PREFIXES[kind]}_[0-7][0-9a-hjkmnp-tv-z]{25}$`;

function mediaTypeOf({ method }: Route): string {
  return method === 'patch' ? 'application/merge-patch+json' : 'application/json';
}

function bodyOf(input: Schema, examples: Examples): Media {
  const schema = publishedSchema(input);
  return { schema, examples: examples.ofRequest(schema) };
}
