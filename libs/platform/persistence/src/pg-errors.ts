/** A row-lock or serialisation loser: nothing was done, the whole unit may be run again. */
const RETRY_STATES = new Set(['40001', '40P01']);
/** The server went away or refuses: admin shutdown, crash, cannot connect now, too many connections. */
const CONNECTION_STATES = new Set(['57P01', '57P02', '57P03', '53300', '08000', '08001', '08003', '08004', '08006']);
const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'EAI_AGAIN',
]);
/** pg reports a socket that ended under a query, or a dead client, by text only. */
const CONNECTION_TEXT =
  /Connection terminated|not queryable|Client has encountered a connection error|server closed the connection/i;

/** What pg says when the server has not answered within its `query_timeout`. */
const OVERDUE_TEXT = /^Query read timeout/;

/** The SQLSTATE of a driver error, or a system error code such as ECONNREFUSED; undefined for anything else. */
export function pgCode(error: unknown): string | undefined {
  return textOf(error, 'code');
}

/** Whether the unit lost against a concurrent one and may simply be run again. */
export function isSerialisationLoser(error: unknown): boolean {
  const code = pgCode(error);
  return code !== undefined && RETRY_STATES.has(code);
}

/** Whether the database could not be reached or the connection broke. */
export function isConnectionLost(error: unknown): boolean {
  const code = pgCode(error);
  if (code !== undefined && (CONNECTION_STATES.has(code) || CONNECTION_CODES.has(code))) return true;
  return CONNECTION_TEXT.test(textOf(error, 'message') ?? '') || isAnswerOverdue(error);
}

/** Whether the server was given up because it did not answer: the connection is lost, and another would fare no better. */
export function isAnswerOverdue(error: unknown): boolean {
  return OVERDUE_TEXT.test(textOf(error, 'message') ?? '');
}

/** Whether a unique index refused a row; with a name, whether that very index did. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (pgCode(error) !== '23505') return false;
  return constraint === undefined || textOf(error, 'constraint') === constraint;
}

/** A text member of anything thrown. Not by `instanceof`: an error may come from another realm, such as a VM context. */
function textOf(error: unknown, member: string): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, member);
  return typeof value === 'string' ? value : undefined;
}
