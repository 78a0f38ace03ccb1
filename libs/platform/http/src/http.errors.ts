import { declareErrors, type DomainError } from '#platform/kernel';

/** Refusals of the edge itself. Field errors below them carry codes of their own (`required`, `whole_number` ...). */
export const httpErrors = declareErrors('http', {
  bad_request: { problem: 'bad-request', when: 'the request is not valid HTTP/1.1' },
  malformed_json: { problem: 'malformed-json', when: 'the body is not strict JSON in UTF-8' },
  json_too_complex: {
    problem: 'json-too-complex',
    when: 'the body is nested too deeply or has too many members or values',
  },
  duplicate_member: { problem: 'duplicate-member', when: 'an object of the body names a member twice' },
  forbidden_member: {
    problem: 'unknown-member',
    when: 'a member is called `__proto__`, `constructor` or `prototype`: no operation has such a member',
  },
  unknown_member: { problem: 'unknown-member', when: 'the body has members that the operation does not take' },
  unsafe_number: {
    problem: 'validation-failed',
    when: 'a number is beyond ±9007199254740991, is -0, or is written so that reading it would change it into a whole one',
  },
  unsafe_text: {
    problem: 'validation-failed',
    when: 'a string holds an escaped control character or half a surrogate pair',
  },
  validation_failed: { problem: 'validation-failed', when: 'values of the body are not acceptable' },
  invalid_parameter: {
    problem: 'invalid-parameter',
    when: 'a query parameter or header is unknown, repeated or not acceptable',
  },
  invalid_cursor: { problem: 'invalid-cursor', when: 'a cursor is altered, older than 24 hours, or of another list' },
  unsupported_media_type: {
    problem: 'unsupported-media-type',
    when: 'the body is not UTF-8 JSON, or is compressed, or is a merge patch on another method than PATCH',
  },
  not_found: {
    problem: 'not-found',
    when: 'nothing the caller may see has this id, or the id is not one of this kind',
  },
  unauthenticated: { problem: 'unauthenticated', when: 'no credential was sent, or none that is valid' },
  credential_in_url: { problem: 'credential-in-url', when: 'the query holds something that looks like a credential' },
  forbidden: { problem: 'forbidden', when: 'the credential lacks the permission that the route asks for' },
  origin_not_allowed: {
    problem: 'origin-not-allowed',
    when: 'a browser calls from an origin that the store does not list',
  },
  method_not_allowed: { problem: 'method-not-allowed', when: 'the path exists, but not with this method' },
  quota_exceeded: { problem: 'quota-exceeded', when: 'the requests of the current window are used up' },
  too_many_concurrent: {
    problem: 'too-many-concurrent-requests',
    when: 'the store has as many requests under way as it may have at one time',
  },
  idempotency_key_invalid: {
    problem: 'idempotency-key-invalid',
    when: 'the Idempotency-Key is not 1 to 255 visible ASCII characters',
  },
  idempotency_key_required: {
    problem: 'idempotency-key-required',
    when: 'money or an order moves and no Idempotency-Key was sent',
  },
  idempotency_key_reused: { problem: 'idempotency-key-reused', when: 'the Idempotency-Key belongs to another request' },
  idempotency_in_flight: {
    problem: 'idempotency-in-flight',
    when: 'a request with the same Idempotency-Key is still running',
  },
  payload_too_large: { problem: 'payload-too-large', when: 'the body is larger than the operation takes' },
  request_timeout: { problem: 'request-timeout', when: 'the request did not arrive in time' },
  uri_too_long: { problem: 'uri-too-long', when: 'the path and query are longer than the server reads' },
  header_too_large: { problem: 'header-too-large', when: 'the headers are longer than the server reads' },
  internal: { problem: 'internal', when: 'the api failed; the log holds what happened under the traceId' },
  draining: { problem: 'draining', when: 'this process is shutting down' },
  precondition_failed: { problem: 'precondition-failed', when: 'If-Match names no current version of the thing' },
  precondition_required: { problem: 'precondition-required', when: 'the operation needs If-Match' },
});

/** The one answer for an unknown, foreign or misspelt id, so that none of the three can be told apart. */
export function notFound(): DomainError {
  return httpErrors.not_found('There is nothing with this id.');
}
