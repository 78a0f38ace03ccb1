/** Why a record or a batch failed, in the order of the numbers that stand for them in the log. */
export const FAILURE_CLASSES = [
  'validation',
  'reference',
  'conflict',
  'permanent',
  'transient',
  'rate_limited',
  'budget',
  'poison_batch',
  'internal',
] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** Connection lost, serialisation losers, too many connections, shutdown: the database will take it later. */
const TRANSIENT_STATE = /^(?:08|40|53|55|57|58)/;
/** Data that the database refuses: it will refuse it again. */
const PERMANENT_STATE = /^(?:22|23|44)/;
/** What Node calls a lost connection or a file system under pressure. */
const TRANSIENT_SYSTEM = /^(?:ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN|EHOSTUNREACH|ENOTFOUND|EMFILE|EIO|EBUSY)/;
/** Problem types of our own that pass. */
const TRANSIENT_PROBLEMS = new Set(['dependency-unavailable', 'overloaded', 'query-too-expensive', 'storage-full']);

/** What is known of an error without knowing where it comes from. */
export interface ErrorSigns {
  /** SQLSTATE or system code. */
  readonly code?: string | undefined;
  /** Problem type, where the error is a refusal of our own. */
  readonly problem?: string | undefined;
}

/** The class of what was thrown while a batch ran. */
export function classOf({ code = '', problem }: ErrorSigns): FailureClass {
  if (problem === 'quota-exceeded') return 'rate_limited';
  if (problem !== undefined && TRANSIENT_PROBLEMS.has(problem)) return 'transient';
  if (TRANSIENT_STATE.test(code) || TRANSIENT_SYSTEM.test(code)) return 'transient';
  if (PERMANENT_STATE.test(code)) return 'permanent';
  return 'internal';
}

/** Whether rows can be tried in smaller parts to find the one the database refuses. */
export function isRefusedByDatabase(code: string | undefined): boolean {
  return code !== undefined && PERMANENT_STATE.test(code);
}
