import type { Answer, Call, TestApi } from './api.js';
import { freshAddress, type ProblemBody } from './client.js';

/** What a list answers. */
export interface Listed {
  data: { id: string; [member: string]: unknown }[];
  page: { nextCursor: string | null; hasMore: boolean };
}

/** A key that was issued, with its secret. */
interface IssuedKey {
  id: string;
  key: string;
  version: number;
  [member: string]: unknown;
}

/** Calls of identity's routes; paths begin below /api/v1. */
export class IdentityCalls {
  constructor(private readonly api: TestApi) {}

  /** Calls from an address of its own each time: refused credentials are counted per address. */
  readonly call = <T = Record<string, unknown>>(
    method: string,
    path: string,
    options: Call = {},
  ): Promise<Answer<T>> => {
    const from = { 'x-forwarded-for': freshAddress() };
    return this.api.call<T>(method, `/api/v1${path}`, { ...options, headers: { ...from, ...options.headers } });
  };

  /** Calls a route of the operator's, with a path below that of tenants. */
  readonly asOperator = <T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> =>
    this.call<T>(method, `/platform/tenants${path}`, { key: this.api.operatorToken, body, headers });

  /** Issues a key of the store that another key belongs to. */
  readonly issue = (
    key: string,
    body: object = { name: 'k' },
    headers: Record<string, string> = {},
  ): Promise<Answer<IssuedKey>> => this.call<IssuedKey>('POST', '/api-keys', { key, body, headers });
}

/** What a refusal says, but for the ids of the request. */
export function problemOf({ status, body }: Answer<unknown>): object {
  const { traceId: _, instance: __, requestId: ___, ...rest } = body as ProblemBody;
  return { status, body: rest };
}
