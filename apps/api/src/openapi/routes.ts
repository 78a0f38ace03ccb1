import { API_PREFIX, type CensusRow } from '#platform/http';
import { PLATFORM_PERMISSION } from '#platform/kernel';
import {
  type Header,
  type Media,
  type Method,
  METHODS,
  nameOf,
  type Parameter,
  type Ref,
  type Schema,
} from './model.js';

/** An operation as @nestjs/swagger reads it from a controller. */
export interface RawOperation {
  readonly operationId: string;
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, RawResponse>>;
}

/** What it says of an answer. */
export interface RawResponse {
  readonly description?: string;
  readonly headers?: Readonly<Record<string, Header>>;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
}

/** The document as @nestjs/swagger writes it. */
export interface RawDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** A route: what the census of the app and the raw document know of it. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly handler: string;
  readonly raw: RawOperation;
  /** Null: any valid credential. */
  readonly permission: string | null;
  readonly isPublic: boolean;
  readonly isForOperator: boolean;
  readonly isForTenants: boolean;
  readonly takesIfMatch: boolean;
  /** It reads what a projection shows, and can wait for it. */
  readonly readsProjection: boolean;
  /** It waits where it is asked to. */
  readonly takesPrefer: boolean;
  /** It may append events, and tells how far. */
  readonly mayAppend: boolean;
  readonly takesKey: boolean;
  readonly needsKey: boolean;
  /** It reads its body itself, as bytes, or speaks a protocol of its own. */
  readonly streams: boolean;
  /** Schema of a JSON body. */
  readonly input: Schema | undefined;
}

/** All routes by path and method. @throws Error when the census and the document do not know the same routes */
export function routesOf(raw: RawDocument, census: readonly CensusRow[]): Route[] {
  const documented = Object.entries(raw.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => (item[method] ? [{ path, method, raw: item[method] }] : [])),
  );
  const rows = new Map(census.map((row) => [`${row.method.toLowerCase()} ${documentPath(row.path)}`, row]));
  const routes = documented.map(({ path, method, raw: operation }) => {
    const row = rows.get(`${method} ${path}`);
    if (!row) throw new Error(`${method} ${path} is documented but is no route`);
    return route(path, method, operation, row);
  });
  if (routes.length !== rows.size) throw new Error('some routes are not documented');
  return routes.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** A path of the census as the document writes it: `/api/v1/api-keys/{id}`. */
export function documentPath(path: string): string {
  return `/${API_PREFIX}${path.startsWith('/') ? '' : '/'}${path.replace(/:(\w+)/g, '{$1}').replace(/\/$/, '')}`;
}

function route(path: string, method: Method, raw: RawOperation, row: CensusRow): Route {
  const { access } = row;
  const isPublic = access?.kind === 'public';
  const permission = access?.kind === 'permission' ? access.permission : null;
  const isForPlatform = permission === PLATFORM_PERMISSION;
  const [body] = Object.values(raw.requestBody?.content ?? {});
  return {
    method,
    path,
    raw,
    permission,
    isPublic,
    handler: row.handler,
    isForOperator: isForPlatform || access?.kind === 'any',
    isForTenants: !isPublic && !isForPlatform,
    takesIfMatch: raw.parameters.some((parameter) => parameter.name === 'If-Match'),
    readsProjection: raw.parameters.some((parameter) => parameter.name === 'Consistency-Token'),
    takesPrefer: raw.parameters.some(({ name }) => ['Consistency-Token', 'Prefer'].includes(name)),
    mayAppend: !readsOnly(method) && !row.streamed && !isPublic && !isForPlatform,
    takesKey: method === 'post' && !isPublic,
    needsKey: row.movesMoney,
    streams: row.streamed,
    input: row.streamed ? undefined : body?.schema,
  };
}

/** Whether calls of a method change nothing. */
export function readsOnly(method: Method): boolean {
  return ['get', 'head', 'options'].includes(method);
}

/** The parameter of a path, where it has exactly one and it is a typed id. */
export function idOf({ raw }: Pick<Route, 'raw'>): { readonly name: string; readonly pattern: string } | undefined {
  const [parameter, ...others] = raw.parameters.filter((candidate) => candidate.in === 'path');
  const pattern = parameter?.schema?.['pattern'];
  return parameter && others.length === 0 && typeof pattern === 'string'
    ? { name: parameter.name, pattern }
    : undefined;
}

/** The name of the schema that a list's rows have, where the answer is a page of a list. */
export function rowSchemaOf(schema: Schema | undefined): string | undefined {
  const { data, page } = schema?.properties ?? {};
  return data?.items?.$ref !== undefined && page?.$ref !== undefined ? nameOf(data.items as Ref) : undefined;
}
