import type { FastifyInstance, FastifyReply } from 'fastify';
import type { OriginPolicy } from '../access/authenticated.js';

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const REQUEST_HEADERS =
  'authorization, content-type, idempotency-key, if-match, if-none-match, prefer, consistency-token, x-request-id, traceparent, ' +
  'tus-resumable, upload-length, upload-offset, upload-metadata';
const ANSWER_HEADERS =
  'etag, location, link, retry-after, ratelimit, ratelimit-policy, idempotency-replayed, consistency-token, read-consistency, preference-applied, x-request-id, ' +
  'tus-resumable, upload-length, upload-offset, upload-expires';
/** Browsers cut it at two hours or less. */
const PREFLIGHT_SECONDS = 600;

/**
 * A preflight carries no credential, so it is answered if any tenant lists the origin; the real request is refused by the
 * access guard unless its own tenant does. An origin that nobody lists gets no CORS header at all.
 */
export function registerCors(fastify: FastifyInstance, policy: OriginPolicy): void {
  fastify.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (origin === undefined) return;
    reply.header('vary', 'Origin');
    if (!(await policy.anyTenantAllows(origin))) return;
    reply.header('access-control-allow-origin', origin).header('access-control-expose-headers', ANSWER_HEADERS);
    if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      return answerPreflight(reply);
    }
  });
}

function answerPreflight(reply: FastifyReply): FastifyReply {
  return reply
    .header('access-control-allow-methods', METHODS)
    .header('access-control-allow-headers', REQUEST_HEADERS)
    .header('access-control-max-age', String(PREFLIGHT_SECONDS))
    .code(204)
    .send();
}
