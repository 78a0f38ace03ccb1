import { ANSWER_EXAMPLES } from './answer-examples.js';
import type { Examples } from './examples.js';
import { type Header, type Link, nameOf, ref, type Response, type Schema } from './model.js';
import { idOf, type Route, rowSchemaOf } from './routes.js';
import { publishedSchema, wireName } from './schemas.js';

/** What an operation answers when all goes well. */
export interface Answer {
  readonly status: string;
  readonly schema: Schema;
  /** `application/json`, or that of a file. */
  readonly mediaType: string;
  readonly isPage: boolean;
  /** It has a `version`, and with it an ETag. */
  readonly isVersioned: boolean;
}

/**
 * What is answered with a body; undefined where nothing is.
 * @throws Error when the controller's method does not say what it answers
 */
export function answerOf(route: Route, examples: Examples): Answer | undefined {
  const { raw, handler } = route;
  const empty = emptyStatuses(route);
  const [status, ...others] = Object.keys(raw.responses).filter(
    (code) => code.startsWith('2') && !empty.includes(code),
  );
  if (status === undefined && empty.length > 0) return undefined;
  const [[mediaType = '', media] = []] = Object.entries(raw.responses[status ?? '']?.content ?? {});
  if (status === undefined || others.length > 0 || !media) throw new Error(`${handler} does not say what it answers`);
  const row = rowSchemaOf(media.schema);
  const schema = row === undefined ? publishedSchema(media.schema) : ref('schemas', pageName(row));
  return { status, schema, mediaType, isPage: row !== undefined, isVersioned: isVersioned(schema, examples) };
}

/** Statuses that are answered without a body when all goes well. */
function emptyStatuses({ method, raw }: Route): string[] {
  return Object.keys(raw.responses).filter((code) => code === '204' || (method === 'head' && code.startsWith('2')));
}

/** Name of the schema of a page of a list: `ApiKeyPage` for rows of the class ApiKeyView. */
export function pageName(rowClass: string): string {
  return `${wireName(rowClass)}Page`;
}

/** The answers of an operation when all goes well. */
export function successOf(
  route: Route,
  answer: Answer | undefined,
  known: { readonly routes: readonly Route[]; readonly examples: Examples },
): Record<string, Response> {
  return { ...(answer && withBody(route, answer, known)), ...withoutBody(route, known.examples) };
}

function withoutBody(route: Route, examples: Examples): Record<string, Response> {
  return Object.fromEntries(
    emptyStatuses(route).map((status): [string, Response] => {
      const { description = '', content = {} } = route.raw.responses[status] ?? {};
      const etag = Object.values(content).some(({ schema }) => isVersioned(publishedSchema(schema), examples));
      const names = [...(etag ? ['ETag'] : []), ...usualHeaders(route)];
      return [status, { description, headers: { ...ownHeaders(route, status), ...headerRefs(names) } }];
    }),
  );
}

function isVersioned(schema: Schema, examples: Examples): boolean {
  return examples.target(schema).properties?.['version'] !== undefined;
}

function usualHeaders({ isForTenants }: Route): string[] {
  return [...(isForTenants ? ['RateLimit', 'RateLimit-Policy'] : []), 'X-Request-Id'];
}

/** Headers that the controller's method tells of. */
function ownHeaders({ raw }: Route, status: string): Record<string, Header> {
  const headers = Object.entries(raw.responses[status]?.headers ?? {});
  return Object.fromEntries(
    headers.map(([name, header]) => [name, { ...header, schema: publishedSchema(header.schema) }]),
  );
}

function withBody(
  route: Route,
  { status, schema, mediaType, isPage, isVersioned }: Answer,
  { routes, examples }: { readonly routes: readonly Route[]; readonly examples: Examples },
): Record<string, Response> {
  const idPattern = idPatternOf(schema, isPage, examples);
  // 202: something has begun that can be read, as one that was made can.
  const makesOne = status === '201' || status === '202';
  const next = makesOne || isPage ? routes.filter((other) => other !== route && leadsTo(route, other, idPattern)) : [];
  const reads = next.filter(({ method, path }) => method === 'get' && path.endsWith('}'));
  const links = linksTo(isPage ? reads : next, isPage ? '$response.body#/data/0/id' : '$response.body#/id');
  const headers = [
    ...(isVersioned ? ['ETag'] : []),
    ...(makesOne && reads.length > 0 ? ['Location'] : []),
    ...(isPage ? ['Link'] : []),
    ...(route.mayAppend ? ['Consistency-Token'] : []),
    ...(route.takesPrefer ? ['Preference-Applied'] : []),
    ...(route.readsProjection ? ['Read-Consistency'] : []),
    ...(route.takesKey ? ['Idempotency-Replayed'] : []),
    ...usualHeaders(route),
  ];
  const isFile = mediaType !== 'application/json';
  const example = isFile
    ? examples.of(schema, route.raw.operationId)
    : examples.ofAnswer(schema, route.input, ANSWER_EXAMPLES[route.raw.operationId]);
  const success: Response = {
    description: examples.target(schema).description ?? (isFile ? 'The file.' : nameOf(schema)),
    headers: { ...ownHeaders(route, status), ...headerRefs(headers) },
    content: { [mediaType]: { schema, example } },
    ...(next.length > 0 && { links }),
  };
  const unchanged: Response = {
    description: 'The version that If-None-Match names is the current one.',
    headers: headerRefs(['ETag', 'X-Request-Id']),
  };
  return { [status]: success, ...(route.method === 'get' && isVersioned && { 304: unchanged }) };
}

/** Form of the id of what is answered: of the rows, where it is a list. */
function idPatternOf(schema: Schema, isPage: boolean, examples: Examples): unknown {
  const answered = examples.target(schema);
  const thing = isPage ? examples.target(answered.properties?.['data']?.items ?? {}) : answered;
  return thing.properties?.['id']?.['pattern'];
}

/** Whether the id that one operation answers is what another one takes, from the same callers. */
function leadsTo(from: Route, to: Route, idPattern: unknown): boolean {
  return idPattern !== undefined && from.isForTenants === to.isForTenants && idOf(to)?.pattern === idPattern;
}

function linksTo(targets: readonly Route[], id: string): Record<string, Link> {
  return Object.fromEntries(
    targets.map((target): [string, Link] => {
      const { operationId } = target.raw;
      return [operationId, { operationId, parameters: { [idOf(target)?.name ?? 'id']: id } }];
    }),
  );
}

function headerRefs(names: readonly string[]): NonNullable<Response['headers']> {
  return Object.fromEntries(names.map((name) => [name, ref('headers', name)]));
}
