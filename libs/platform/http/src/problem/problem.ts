import { HttpException } from '@nestjs/common';
import {
  DomainError,
  type FieldError,
  PROBLEMS,
  type ProblemMembers,
  type ProblemName,
  problemUrn,
} from '#platform/kernel';
import { pgCode } from '#platform/persistence';

/** Errors listed at most: a body of 7,000 bad lines must not be answered with a megabyte. */
const MOST_ERRORS = 20;

/** A refusal, ready to be written. */
export interface Problem {
  readonly name: ProblemName;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  /** Ours to explain: logged with its stack. */
  readonly fault: boolean;
}

interface Refusal {
  readonly problem: ProblemName;
  readonly code: string;
  readonly detail?: string;
  readonly members?: ProblemMembers;
  readonly fault?: boolean;
}

/** Fastify's and Node's own refusals, by code. */
const FRAMEWORK: Readonly<Record<string, Refusal>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { problem: 'payload-too-large', code: 'http.payload_too_large' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { problem: 'unsupported-media-type', code: 'http.unsupported_media_type' },
  FST_ERR_CTP_EMPTY_TYPE: { problem: 'unsupported-media-type', code: 'http.unsupported_media_type' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { problem: 'bad-request', code: 'http.bad_request' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { problem: 'malformed-json', code: 'http.malformed_json' },
  FST_ERR_CTP_INVALID_JSON_BODY: { problem: 'malformed-json', code: 'http.malformed_json' },
  FST_ERR_MAX_PARAM_LENGTH: { problem: 'not-found', code: 'http.not_found' },
  FST_ERR_BAD_URL: { problem: 'not-found', code: 'http.not_found' },
  FST_ERR_NOT_FOUND: { problem: 'not-found', code: 'http.not_found' },
  ECONNRESET: { problem: 'bad-request', code: 'http.bad_request' },
};

/** PostgreSQL's refusals that reach the edge: class 22 and 23 are validators that missed something. */
function ofDatabase(sqlState: string): Refusal | undefined {
  if (sqlState === '57014') return { problem: 'query-too-expensive', code: 'database.query_too_expensive' };
  if (sqlState === '55P03') return { problem: 'overloaded', code: 'database.lock_timeout' };
  if (sqlState === '23503')
    return { problem: 'reference-not-found', code: 'database.reference_not_found', fault: true };
  if (sqlState === '23505') return { problem: 'duplicate', code: 'database.duplicate', fault: true };
  if (sqlState === '53100') return { problem: 'storage-full', code: 'database.storage_full', fault: true };
  if (/^(?:40|RC)/.test(sqlState)) return { problem: 'conflict', code: 'database.conflict' };
  if (/^2[23]/.test(sqlState)) return { problem: 'validation-failed', code: 'database.refused_value', fault: true };
  if (/^(?:08|53|57)/.test(sqlState)) return { problem: 'dependency-unavailable', code: 'database.unavailable' };
  return undefined;
}

const BY_STATUS: Readonly<Record<number, ProblemName>> = {
  400: 'bad-request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  408: 'request-timeout',
  413: 'payload-too-large',
  414: 'uri-too-long',
  415: 'unsupported-media-type',
  429: 'quota-exceeded',
  431: 'header-too-large',
  503: 'draining',
};

function refusalOf(error: unknown): Refusal {
  if (error instanceof DomainError)
    return { problem: error.problem, code: error.code, detail: error.message, members: error.members };
  const code = pgCode(error);
  const known =
    code === undefined ? undefined : (FRAMEWORK[code] ?? (/^[0-9A-Z]{5}$/.test(code) ? ofDatabase(code) : undefined));
  if (known) return known;
  const status = statusOf(error);
  const problem = status === undefined ? undefined : BY_STATUS[status];
  if (problem) return { problem, code: `http.${problem.replaceAll('-', '_')}` };
  return { problem: 'internal', code: 'http.internal', fault: true };
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') return error.statusCode;
  return undefined;
}

/**
 * Turns anything thrown into a problem answer (RFC 9457). Texts of foreign errors never reach the caller: they may echo input,
 * SQL or a secret.
 */
export function toProblem(error: unknown, ids: { readonly requestId: string; readonly traceId: string }): Problem {
  const { problem, code, detail, members = {}, fault = false } = refusalOf(error);
  const { status, title, help } = PROBLEMS[problem];
  const { errors, retryAfterSeconds, ...rest } = members;
  const retryAfter = retryAfterSeconds ?? (status === 503 ? 2 : undefined);
  return {
    name: problem,
    status,
    fault,
    headers: {
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      ...(status === 401 ? { 'www-authenticate': 'Bearer realm="recrate"' } : {}),
    },
    body: {
      type: problemUrn(problem),
      title,
      status,
      detail: detail ?? help,
      instance: `urn:recrate:request:${ids.requestId}`,
      code,
      traceId: ids.traceId,
      ...rest,
      ...listed(errors),
    },
  };
}

function listed(errors: readonly FieldError[] | undefined): Record<string, unknown> {
  if (!errors) return {};
  if (errors.length <= MOST_ERRORS) return { errors };
  return { errors: errors.slice(0, MOST_ERRORS), errorsTruncated: true };
}
