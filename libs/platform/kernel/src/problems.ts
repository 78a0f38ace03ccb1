/**
 * The one registry of problem types (RFC 9457). A type is never renamed; its title and help may be reworded. `type` on the
 * wire is `urn:recrate:problem:<name>`; docs/problems.md is generated from this list.
 */
export const PROBLEMS = {
  'malformed-json': {
    status: 400,
    title: 'The body is not valid JSON',
    help: 'Send strict JSON (RFC 8259) in UTF-8, without a byte order mark. The detail names line and column.',
  },
  'json-too-complex': {
    status: 400,
    title: 'The body is nested too deeply or has too many members',
    help: 'Keep JSON within 32 levels and 1,000 members per object; send large sets through the bulk routes or a job.',
  },
  'duplicate-member': { status: 400, title: 'A member appears twice in one object', help: 'Send each member once.' },
  'unknown-member': {
    status: 400,
    title: 'The body has members the operation does not know',
    help: 'Remove the members listed in errors; each operation lists what it takes in the API document.',
  },
  'validation-failed': {
    status: 400,
    title: 'Some values are not acceptable',
    help: 'Correct the values that errors points to and send the request again.',
  },
  'invalid-parameter': {
    status: 400,
    title: 'A query parameter or header is not acceptable',
    help: 'Check the name and value of the parameter that errors points to.',
  },
  'invalid-cursor': {
    status: 400,
    title: 'The cursor is not valid for this list',
    help: 'Start the list again without a cursor. A cursor lasts 24 hours and belongs to one tenant, filter and sort.',
  },
  'idempotency-key-invalid': {
    status: 400,
    title: 'The Idempotency-Key is not acceptable',
    help: 'Use 1 to 255 visible ASCII characters, for example a UUID.',
  },
  'idempotency-key-required': {
    status: 400,
    title: 'The operation needs an Idempotency-Key',
    help: 'Send a new key for each intended effect, and the same key when you repeat the request.',
  },
  'credential-in-url': {
    status: 400,
    title: 'A credential was sent in the URL',
    help: 'Send the key in the Authorization header and rotate it: URLs end up in logs.',
  },
  'bad-request': {
    status: 400,
    title: 'The request could not be read',
    help: 'Check the request against HTTP/1.1 and the API document.',
  },
  unauthenticated: {
    status: 401,
    title: 'No valid credential',
    help: 'Send `Authorization: Bearer <key>`. The key may be mistyped, expired, revoked or of another mode.',
  },
  forbidden: {
    status: 403,
    title: 'The credential does not allow this',
    help: 'Use a key with the permission that the detail names.',
  },
  'origin-not-allowed': {
    status: 403,
    title: 'The origin is not allowed',
    help: "Add the origin to the store's allowed origins.",
  },
  'not-found': {
    status: 404,
    title: 'There is no such thing',
    help: 'Check the id and its prefix. Things of another tenant are not found either.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'The method is not allowed here',
    help: 'Use one of the methods in the Allow header.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request took too long to arrive',
    help: 'Send the request again, faster; large bodies go through uploads.',
  },
  conflict: {
    status: 409,
    title: 'The state of the thing does not allow this',
    help: 'Read the thing again and decide anew.',
  },
  duplicate: {
    status: 409,
    title: 'A thing with this name or number exists',
    help: 'Use the existing one or choose another name.',
  },
  'invalid-transition': {
    status: 409,
    title: 'The thing is in a state that does not allow this',
    help: 'currentState and allowed say what is possible now.',
  },
  'idempotency-in-flight': {
    status: 409,
    title: 'A request with this Idempotency-Key is still running',
    help: 'Repeat it after a moment; the answer will be the same.',
  },
  gone: {
    status: 410,
    title: 'The thing is gone',
    help: 'It has expired or was used up, and will not come back: begin anew.',
  },
  'precondition-failed': {
    status: 412,
    title: 'The thing has changed since you read it',
    help: 'Read it again and repeat with its new ETag.',
  },
  'payload-too-large': {
    status: 413,
    title: 'The body is too large',
    help: 'Ordinary routes take 1 MiB, bulk routes 8 MiB; larger sets go through uploads and jobs.',
  },
  'uri-too-long': { status: 414, title: 'The URL is too long', help: 'Shorten the query.' },
  'unsupported-media-type': {
    status: 415,
    title: 'The media type or encoding of the body is not supported',
    help: 'Send application/json in UTF-8 (application/merge-patch+json on PATCH), without Content-Encoding.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The Idempotency-Key was used for another request',
    help: 'Use a new key for a new request.',
  },
  'reference-not-found': {
    status: 422,
    title: 'The request refers to something that is not there',
    help: 'Check the ids in the body.',
  },
  unprocessable: { status: 422, title: 'The request is understood but cannot be done', help: 'The detail says why.' },
  'tenant-locked': { status: 423, title: 'The store is suspended', help: "Talk to the platform's operator." },
  'precondition-required': {
    status: 428,
    title: 'The operation needs If-Match',
    help: 'Read the thing and send its ETag in If-Match.',
  },
  'quota-exceeded': {
    status: 429,
    title: 'Too many requests',
    help: 'Wait as long as Retry-After says; violatedPolicies names the limit.',
  },
  'too-many-concurrent-requests': {
    status: 429,
    title: 'Too many requests at the same time',
    help: 'Wait for running requests to end before sending more.',
  },
  'header-too-large': { status: 431, title: 'The headers are too large', help: 'Send fewer or smaller headers.' },
  internal: {
    status: 500,
    title: 'Something went wrong on our side',
    help: 'Repeat the request with the same Idempotency-Key; if it persists, give the traceId to the operator.',
  },
  'dependency-unavailable': {
    status: 503,
    title: 'A part of the service is not available',
    help: 'Repeat the request after Retry-After seconds.',
  },
  overloaded: { status: 503, title: 'The service is busy', help: 'Repeat the request after Retry-After seconds.' },
  'query-too-expensive': {
    status: 503,
    title: 'The query took too long',
    help: 'Narrow the filter or ask for fewer rows.',
  },
  draining: {
    status: 503,
    title: 'This process is shutting down',
    help: 'Repeat the request; another process will answer.',
  },
  'storage-full': {
    status: 507,
    title: 'The storage is full',
    help: 'The operator has been told; reading still works.',
  },
} as const satisfies Record<string, { status: number; title: string; help: string }>;

/** The name of a problem type. */
export type ProblemName = keyof typeof PROBLEMS;

/** The `type` member of a problem answer. */
export function problemUrn(name: ProblemName): string {
  return `urn:recrate:problem:${name}`;
}
