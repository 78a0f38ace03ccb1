import { formatId, newUuid, parseId, PROBLEMS, type ProblemName } from '#platform/kernel';
import { type Answer, type Call, EXAMPLE_ID, EXAMPLE_JOB, request, type TestApi } from './api.js';
import type { ApiRoute } from './routes.js';

/** A problem answer's members. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: string;
  readonly traceId: string;
  readonly errors?: readonly { readonly pointer: string; readonly code: string; readonly message: string }[];
  readonly [member: string]: unknown;
}

/** A store with limits that no test reaches. */
export interface BareStore {
  readonly tenantId: string;
  readonly key: string;
  readonly keyId: string;
}

/** A store with a thing of each kind. */
export interface Store extends BareStore {
  readonly releaseId: string;
  readonly categoryId: string;
  readonly locationId: string;
  readonly stockItemId: string;
  readonly reservationId: string;
  readonly uploadId: string;
  /** A job that has failed records, with a batch and a dead letter of it, and the complete upload it was made of. */
  readonly jobId: string;
  readonly batchId: string;
  readonly deadLetterId: string;
  readonly sourceId: string;
}

/** Settings of an api that is asked a lot at once on a machine that is busy with other tests; it stands behind one proxy. */
export const PATIENT = { TRUSTED_PROXIES: '1', ACQUIRE_TIMEOUT_MS: '20000', STATEMENT_TIMEOUT_MS: '20000' };

/** Texts that no answer may hold: stack traces, SQL, paths and parts of the machinery. */
const LEAK =
  /\n\s+at |\.(?:ts|js):\d+|node_modules|\bselect\b.+\bfrom\b|\binsert into\b|\bupdate \w+\.\w+ set\b|SQLSTATE|PostgreSQL|mikro|fastify|ECONN|\/work\//i;

let address = 0;

/** An address that no other call of this file comes from: refused credentials are counted by address. */
export function freshAddress(): string {
  address += 1;
  return `198.${18 + Math.floor(address / 62_500)}.${Math.floor(address / 250) % 250}.${address % 250}`;
}

/** Calls an api as a test does and holds every answer to what is true of all of them. */
export class Client {
  /** What was wrong with answers, whatever the test was about. */
  readonly faults: string[] = [];
  /** Answers so far. */
  count = 0;

  /** @param expected statuses of 500 and above that this file brings about on purpose */
  constructor(
    readonly url: string,
    private readonly expected: readonly number[] = [],
  ) {}

  /** One call, from an address of its own. */
  async call<T = ProblemBody>(method: string, path: string, { headers, ...call }: Call = {}): Promise<Answer<T>> {
    const from = { 'x-forwarded-for': freshAddress() };
    const answer = await request<T>(`${this.url}${path}`, method, { ...call, headers: { ...from, ...headers } });
    this.count += 1;
    this.faults.push(...this.faultsOf(answer).map((fault) => `${method} ${path}: ${fault}`));
    return answer;
  }

  /** Adds what was wrong with an answer that came another way. */
  faultsOf({ status, headers, text }: Pick<Answer<unknown>, 'status' | 'headers' | 'text'>): string[] {
    const faults = [];
    const isPage = /^(?:text|image)\//.test(headers.get('content-type') ?? '');
    if (status >= 500 && !this.expected.includes(status)) faults.push(`${status} ${text.slice(0, 300)}`);
    if (status >= 400 && text !== '') faults.push(...problemFaults(status, headers, text));
    if (!isPage && LEAK.test(text) && status >= 400) faults.push(`tells too much: ${text.slice(0, 300)}`);
    if (!/\bno-store\b/.test(headers.get('cache-control') ?? '') && !isPage) faults.push('may be cached');
    if (!headers.get('x-request-id')) faults.push('has no X-Request-Id');
    return faults;
  }
}

function problemFaults(status: number, headers: Headers, text: string): string[] {
  const faults = [];
  const type = headers.get('content-type');
  if (type !== 'application/problem+json; charset=utf-8')
    return [`${status} is ${type}, not a problem: ${text.slice(0, 100)}`];
  const body = JSON.parse(text) as ProblemBody;
  const name = body.type.replace('urn:recrate:problem:', '') as ProblemName;
  if (PROBLEMS[name]?.status !== status || body.status !== status) faults.push(`${body.type} with status ${status}`);
  if (!/^[0-9a-f]{32}$/.test(body.traceId)) faults.push(`traceId ${body.traceId}`);
  if (body.instance !== `urn:recrate:request:${headers.get('x-request-id')}`) faults.push(`instance ${body.instance}`);
  if (!body.title || !body.detail || !/^\w+\.\w+$/.test(body.code)) faults.push(`lacks members: ${text.slice(0, 200)}`);
  if ((body.errors?.length ?? 0) > 20) faults.push('lists more than 20 errors');
  if (status === 401 && !headers.get('www-authenticate')?.startsWith('Bearer'))
    faults.push('401 without WWW-Authenticate');
  if ((status === 503 || status === 429) && !Number(headers.get('retry-after')))
    faults.push(`${status} without Retry-After`);
  return faults;
}

/** What is alike in two refusals of the same kind: everything but the ids of the request. */
export function alike(answer: Answer<unknown>): object {
  const { traceId: _, instance: __, ...body } = answer.body as ProblemBody;
  const names = ['content-type', 'www-authenticate', 'etag', 'location', 'vary'];
  return { status: answer.status, headers: names.map((name) => answer.headers.get(name)), body };
}

/** The path of a route, with ids in their places. */
export function pathOf(route: ApiRoute, idOf: (kind: ApiRoute['ids'][number]['kind']) => string): string {
  return route.ids.reduce((path, { name, kind }) => path.replace(`:${name}`, idOf(kind)), route.path);
}

type MadeBy = Pick<TestApi, 'url' | 'operatorToken'>;
type MadeWithin = MadeBy & Pick<TestApi, 'database'>;

async function send<T>(url: string, method: string, path: string, body: object, key: string): Promise<T> {
  const answer = await request<T>(`${url}/api/v1/${path}`, method, { key, body });
  if (answer.status >= 300) throw new Error(`the store was not made: ${answer.text}`);
  return answer.body;
}

/** Makes a store whose limits no test reaches, and its first key, which has not been used yet. */
export async function makeBareStore(
  { url, operatorToken }: MadeBy,
  name = 'Test Records',
  mode: 'test' | 'live' = 'test',
): Promise<BareStore> {
  const operate = <T>(method: string, path: string, body: object): Promise<T> =>
    send(url, method, `platform/tenants${path}`, body, operatorToken);
  const limits = { requestsPerMinute: 1_000_000, keyRequestsPer10Seconds: 1_000_000, concurrentRequests: 10_000 };
  const { id: tenantId } = await operate<{ id: string }>('POST', '', { name, mode });
  await operate('PUT', `/${tenantId}/limits`, limits);
  const issued = await operate<{ id: string; key: string }>('POST', `/${tenantId}/api-keys`, { name: 'first key' });
  return { tenantId, key: issued.key, keyId: issued.id };
}

/** As `makeBareStore`, and with a thing of each kind. */
export async function makeStore(api: MadeWithin, name?: string, mode?: 'test' | 'live'): Promise<Store> {
  const bare = await makeBareStore(api, name, mode);
  const { key } = bare;
  const make = (path: string, body: object) => send<{ id: string }>(api.url, 'POST', path, body, key);
  const release = await make('catalog/releases', { title: 'Stockholm' });
  const category = await make('catalog/categories', { name: 'Electronic' });
  const headers = { 'tus-resumable': '1.0.0', 'upload-length': '3' };
  const upload = await request<{ id: string }>(`${api.url}/api/v1/uploads`, 'POST', { key, headers });
  const stock = (path: string, body: object) => make(`inventory/${path}`, body);
  const location = await stock('locations', { name: 'Cellar' });
  const price = { amount: 1_999, currency: 'EUR' };
  const item = await stock('items', { releaseId: release.id, kind: 'pool', quantity: 100, price });
  const reservation = await stock('reservations', { items: [{ itemId: item.id, quantity: 2 }], holdSeconds: 86_400 });
  return {
    ...bare,
    ...(await makeJob(api, bare)),
    releaseId: release.id,
    categoryId: category.id,
    locationId: location.id,
    stockItemId: item.id,
    reservationId: reservation.id,
    uploadId: upload.body.id,
  };
}

/** The example job with ids of its own, which no other store has. */
async function makeJob({ database }: MadeWithin, { tenantId }: BareStore) {
  const id = newUuid();
  await database.admin(EXAMPLE_JOB.replaceAll(EXAMPLE_ID, id), [parseId('tenant', tenantId)]);
  return {
    jobId: formatId('job', id),
    batchId: formatId('batch', id),
    deadLetterId: formatId('deadLetter', id),
    sourceId: formatId('upload', id),
  };
}

/** What is wrong with log lines: not one line of JSON each, or with a secret in them. */
export function logFaults(lines: readonly string[], secrets: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const faults = secrets.filter((secret) => line.includes(secret)).map(() => `holds a secret: ${line.slice(0, 200)}`);
    const isOneLine = line.endsWith('\n') && !/[\n\r]./.test(line) && isJson(line);
    return isOneLine ? faults : [...faults, `is not one line of JSON: ${line.slice(0, 200)}`];
  });
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}
