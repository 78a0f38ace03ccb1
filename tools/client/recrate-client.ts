import createClient, { type Client } from 'openapi-fetch';
import { repeatingFetch, type Repeating } from './repeating-fetch.js';
import type { components, paths } from './schema.js';

export type { components, paths };

/** A refusal or failure as the API answers it. */
export type Problem = components['schemas']['Problem'];

/** Where the API is and how to call it. */
export interface RecrateOptions extends Repeating {
  /** Such as `https://api.example`, without a path. */
  readonly baseUrl: string;
}

/** The API, typed by path: `recrate.POST('/api/v1/api-keys', { body: { name: 'ERP' } })`. */
export type RecrateClient = Client<paths>;

/** A call that was refused or failed; thrown by `dataOf`. */
export class RecrateProblem extends Error {
  override readonly name = 'RecrateProblem';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`);
    this.problem = problem;
  }
}

/**
 * Makes a client. Each of its calls answers `{ data, error, response }`; `dataOf` turns an error into an exception. A call that
 * sends a file says what it is: `recrate.POST('/api/v1/uploads', { body: file, headers: { 'Content-Type': 'text/csv' } })`.
 */
export function createRecrateClient({ baseUrl, ...repeating }: RecrateOptions): RecrateClient {
  return createClient<paths>({
    baseUrl,
    fetch: repeatingFetch(repeating),
    bodySerializer: (body: unknown) => (isBytes(body) ? body : JSON.stringify(body)),
    querySerializer: { array: { style: 'form', explode: false } },
  });
}

/**
 * What a call answered: `const me = await dataOf(recrate.GET('/api/v1/me'))`.
 * @throws RecrateProblem
 */
export async function dataOf<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<Exclude<T, undefined>> {
  const { data, error, response } = await call;
  if (response.ok) return data as Exclude<T, undefined>;
  throw new RecrateProblem(isProblem(error) ? error : foreignProblem(response));
}

/** A file goes as it is, all else as JSON. */
function isBytes(body: unknown): boolean {
  return typeof body === 'string' || body instanceof Blob || body instanceof ArrayBuffer || ArrayBuffer.isView(body);
}

function isProblem(error: unknown): error is Problem {
  return typeof error === 'object' && error !== null && 'type' in error && 'code' in error;
}

/** Something between here and the API answered in its own words, such as a proxy. */
function foreignProblem({ status, statusText, headers }: Response): Problem {
  return {
    type: status === 503 ? 'urn:recrate:problem:dependency-unavailable' : 'urn:recrate:problem:internal',
    title: statusText,
    status,
    detail: 'The answer did not come from the API itself.',
    instance: `urn:recrate:request:${headers.get('x-request-id') ?? 'unknown'}`,
    code: 'client.foreign_answer',
    traceId: '',
  };
}
