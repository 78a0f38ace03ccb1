import type { Header, Parameter } from './model.js';

const ETAG = { type: 'string', examples: ['"v3"'] };

/** What stands at the head of every document. */
export const INFO = {
  title: 'Recrate API',
  version: '1.0.0',
  summary: 'The backend for stores that buy and sell used goods.',
  license: { name: 'MIT', identifier: 'MIT' },
  description: `
# Calling

Send a key as \`Authorization: Bearer <key>\`, never in a URL. Bodies are strict JSON in UTF-8; members that an operation does
not know are refused. Times are RFC 3339 in UTC with \`Z\`, money is whole minor units with its currency, percentages are basis
points. Ids start with what they name (\`key_\`, \`ten_\`); those of another store are answered exactly as unknown ones. Bear
members of answers, and words in them, that you do not know: new ones may be added at any time.

# Refusals

Every refusal is \`application/problem+json\` (RFC 9457). Rely on \`type\` and \`code\`, show \`title\` and \`detail\`, give
\`traceId\` to the operator. A request may carry an \`X-Request-Id\` of 8 to 64 letters, digits and hyphens; every answer has one.

# Repeating

Every POST takes an \`Idempotency-Key\`: send a new one for each intended effect and the same one when you repeat a request
whose answer you have not seen. The answer of the first is sent again, with \`Idempotency-Replayed: true\`, for at least 24
hours. Repeat after 429 and 503 no sooner than \`Retry-After\` says.

# Changing

What can change has a \`version\` and an \`ETag\`. Send it as \`If-Match\` to change only what you have read (412 where somebody
was faster) and as \`If-None-Match\` to read only what is new (304).

# Reading what was just written

Some reads show what a command has written a moment later. The answer to a command that wrote events has a \`Consistency-Token\`:
send it with \`Prefer: wait=N\` to a read that takes it, and the read waits up to N seconds, at most 30, until it shows them.
\`Read-Consistency\` of its answer is \`reached\` or, where the time was not enough, \`behind\`.

# Lists

Lists answer \`data\` and \`page\`. Follow \`page.nextCursor\` with the same filters and sort; \`Link\` headers hold the same.

# For programs that read this document

\`x-permission\` is the permission an operation asks for (null: any valid credential). \`x-idempotent\` says how it can be repeated:
\`safe\` reads only, \`natural\` has the same effect twice as once, \`key\` takes an Idempotency-Key and \`key-required\` needs one.
\`x-rate-policy\` names the limits a call counts against.
`.trim(),
} as const;

/** Headers of answers. */
export const HEADERS: Readonly<Record<string, Header>> = {
  'Consistency-Token': {
    description: 'Where the operation wrote events: send it to reads that should show them.',
    schema: { type: 'string', examples: ['MS4yczk'] },
  },
  ETag: { description: 'The version that was answered.', schema: ETAG },
  'Idempotency-Replayed': {
    description: '`true` where the answer is that of an earlier request with the same Idempotency-Key.',
    schema: { type: 'string', enum: ['true'] },
  },
  Link: {
    description: 'The pages after and before this one (RFC 8288).',
    schema: { type: 'string', examples: ['</api/v1/api-keys?cursor=Ab12>; rel="next"'] },
  },
  Location: {
    description: 'Where the new thing can be read.',
    schema: { type: 'string', examples: ['/api/v1/api-keys/key_01j2jw8f00e00800000000001a'] },
  },
  'Preference-Applied': {
    description: 'The wait that was asked for, where it was granted.',
    schema: { type: 'string', examples: ['wait=5'] },
  },
  'Read-Consistency': {
    description: 'Whether the answer shows what the Consistency-Token stands for; only where one was sent.',
    schema: { type: 'string', enum: ['reached', 'behind'] },
  },
  RateLimit: {
    description: 'What is left of the limit that is closest: requests and seconds until it starts anew.',
    schema: { type: 'string', examples: ['"key";r=150;t=8'] },
  },
  'RateLimit-Policy': {
    description: 'The limits: requests and the seconds they are counted over.',
    schema: { type: 'string', examples: ['"tenant";q=1000;w=60, "key";q=200;w=10'] },
  },
  'Retry-After': {
    description: 'Seconds to wait before the request is worth repeating.',
    schema: { type: 'integer', minimum: 1, examples: [2] },
  },
  'WWW-Authenticate': {
    description: 'How to send a credential.',
    schema: { type: 'string', examples: ['Bearer realm="recrate"'] },
  },
  'X-Request-Id': {
    description: 'The id of the request: the one that was sent, or a new one.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9-]{8,64}$' },
  },
};

/** Headers of requests. */
export const PARAMETERS = {
  IdempotencyKey: keyParameter(false),
  RequiredIdempotencyKey: keyParameter(true),
  ConsistencyToken: {
    name: 'Consistency-Token',
    in: 'header',
    description: 'That of the answer to a command: the read is to show what the command wrote.',
    schema: { type: 'string', examples: ['MS4yczk'] },
  },
  Prefer: {
    name: 'Prefer',
    in: 'header',
    description: 'wait=N: how many seconds to wait for what is to be answered, at most 30 (RFC 7240).',
    schema: { type: 'string', examples: ['wait=5'] },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    description: 'ETag of the version that may be changed; another version answers 412.',
    schema: ETAG,
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'ETag of a version that is known already; the same version answers 304.',
    schema: ETAG,
  },
} as const satisfies Readonly<Record<string, Parameter>>;

function keyParameter(required: boolean): Parameter {
  return {
    name: 'Idempotency-Key',
    in: 'header',
    required,
    description: 'Names one intended effect: a request with a key that was used is answered as the first one was.',
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$', examples: ['9f3c1d7e-5b1a-4a53-9f0e-2f6f3c0b8d11'] },
  };
}

/** How callers say who they are. */
export const SECURITY_SCHEMES = {
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'rk_live_… or rk_test_…',
    description: "A store's API key. It may do what its scopes say.",
  },
  operatorToken: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'op_…',
    description: "The platform operator's credential. It opens nothing of a store's own.",
  },
} as const;
