import { declaredErrors, type ProblemName, PROBLEMS, problemUrn } from '#platform/kernel';
import { type Ref, ref, type Response, type Schema } from './model.js';
import { readsOnly, type Route } from './routes.js';

const PROBLEM_TYPE = 'application/problem+json';
const NAMES = Object.keys(PROBLEMS) as ProblemName[];

/** The statuses that an operation may refuse with, the component that describes each, and where it applies. */
const REFUSALS: readonly {
  readonly status: number;
  readonly component: string;
  readonly applies: (route: Route) => boolean;
}[] = [
  { status: 400, component: 'BadRequest', applies: () => true },
  { status: 401, component: 'Unauthenticated', applies: ({ isPublic }) => !isPublic },
  { status: 403, component: 'Forbidden', applies: ({ isPublic }) => !isPublic },
  { status: 404, component: 'NotFound', applies: ({ path }) => path.includes('{') },
  { status: 408, component: 'RequestTimeout', applies: takesFile },
  { status: 409, component: 'Conflict', applies: ({ method }) => !readsOnly(method) },
  { status: 410, component: 'Gone', applies: ({ streams, path }) => streams && path.includes('{') },
  { status: 412, component: 'PreconditionFailed', applies: (route) => route.takesIfMatch || takesFile(route) },
  { status: 413, component: 'PayloadTooLarge', applies: takesBody },
  { status: 415, component: 'UnsupportedMediaType', applies: takesBody },
  { status: 422, component: 'Unprocessable', applies: (route) => route.takesKey || takesFile(route) },
  { status: 423, component: 'Locked', applies: ({ isForTenants }) => isForTenants },
  { status: 429, component: 'TooManyRequests', applies: ({ isPublic }) => !isPublic },
  { status: 500, component: 'InternalError', applies: () => true },
  { status: 503, component: 'Unavailable', applies: () => true },
  { status: 507, component: 'StorageFull', applies: takesFile },
];

/** A body that comes as bytes, of any size. */
function takesFile({ streams, raw }: Route): boolean {
  return streams && raw.requestBody !== undefined;
}

function takesBody(route: Route): boolean {
  return route.input !== undefined || takesFile(route);
}

/** Statuses that other operations may meet as well, without saying so: of slow bodies, of what is over, of a full disk. */
const RARE = new Set([408, 410, 507]);

/** Headers of single statuses, besides the request's id. */
const HEADERS: Readonly<Record<number, readonly string[]>> = {
  401: ['WWW-Authenticate'],
  409: ['Retry-After'],
  429: ['Retry-After', 'RateLimit', 'RateLimit-Policy'],
  503: ['Retry-After'],
};

/** The refusals of an operation; `default` stands for those of the transport, such as an unknown method or long headers. */
export function refusalsOf(route: Route): Record<string, Ref> {
  const own = REFUSALS.filter(({ applies }) => applies(route));
  const listed = own.map(({ status, component }): [string, Ref] => [String(status), ref('responses', component)]);
  return { ...Object.fromEntries(listed), default: ref('responses', 'Refusal') };
}

/** The answers that refusals share. */
export function refusalComponents(): Record<string, Response> {
  const known = REFUSALS.map(({ status, component }): [string, Response] => [
    component,
    refusal([status], HEADERS[status] ?? []),
  ]);
  const statuses = new Set<number>(REFUSALS.map(({ status }) => status).filter((status) => !RARE.has(status)));
  const others = NAMES.map((name): number => PROBLEMS[name].status).filter((status) => !statuses.has(status));
  return { ...Object.fromEntries(known), Refusal: refusal([...new Set(others)].sort(), []) };
}

/** What every refusal looks like. */
export function problemSchema(): Schema {
  return {
    type: 'object',
    description:
      'A refusal or a failure (RFC 9457). `type` and `code` are stable, the words are not. Some problems have more members, ' +
      'such as `currentState` and `allowed`, `permission`, `missing` or `violatedPolicies`.',
    required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'traceId'],
    properties: {
      type: {
        type: 'string',
        description: 'What kind of problem it is. The list of problems explains each.',
        enum: NAMES.map(problemUrn),
      },
      title: { type: 'string', description: 'The kind of problem in words.' },
      status: { type: 'integer', description: 'The HTTP status.', minimum: 400, maximum: 599 },
      detail: { type: 'string', description: 'What is wrong with this request and what to do.' },
      instance: { type: 'string', description: 'Names this request: `urn:recrate:request:` and its X-Request-Id.' },
      code: {
        type: 'string',
        description: 'What exactly was refused: `<context>.<name>`.',
        pattern: '^[a-z_]+\\.[a-z_]+$',
      },
      traceId: { type: 'string', description: 'Id to give to the operator.' },
      errors: {
        type: 'array',
        description: 'What is wrong, value by value; 20 at most.',
        maxItems: 20,
        items: {
          type: 'object',
          required: ['pointer', 'code', 'message'],
          properties: {
            pointer: { type: 'string', description: 'JSON pointer into the body, or the name of a parameter.' },
            code: { type: 'string', description: 'Stable, such as `required` or `whole_number`.' },
            message: { type: 'string' },
          },
        },
      },
      errorsTruncated: { type: 'boolean', description: 'There are more errors than are listed.' },
    },
    additionalProperties: true,
  };
}

function refusal(statuses: readonly number[], headers: readonly string[]): Response {
  const names = NAMES.filter((name) => statuses.includes(PROBLEMS[name].status));
  const titles = names.map((name) => `- \`${name}\`: ${PROBLEMS[name].title}.`);
  const examples = names.map((name): [string, { summary: string; value: unknown }] => [
    name,
    { summary: PROBLEMS[name].title, value: problemExample(name) },
  ]);
  return {
    description: titles.join('\n'),
    headers: Object.fromEntries(['X-Request-Id', ...headers].map((name) => [name, ref('headers', name)])),
    content: { [PROBLEM_TYPE]: { schema: ref('schemas', 'Problem'), examples: Object.fromEntries(examples) } },
  };
}

function problemExample(name: ProblemName): Record<string, unknown> {
  const { status, title, help } = PROBLEMS[name];
  return {
    type: problemUrn(name),
    title,
    status,
    detail: help,
    instance: 'urn:recrate:request:6795a7df8abe42d890b2e292b116f306',
    code: exampleCode(name),
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  };
}

/** The code that is called like the type, else the first of those that use it. */
function exampleCode(name: ProblemName): string {
  const alike = `http.${name.replaceAll('-', '_')}`;
  const codes = [...declaredErrors()].filter(([, { problem }]) => problem === name).map(([code]) => code);
  return codes.includes(alike) ? alike : (codes.sort()[0] ?? alike);
}
