import { Logger } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { counter } from '#platform/telemetry';
import { isNotModified } from '../conditional/etag.js';
import { httpErrors } from '../http.errors.js';

/** Sent with every answer: nothing here is a page, nothing may be kept by a shared cache. */
export const SECURITY_HEADERS = {
  'cache-control': 'private, no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-site',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=63072000; includeSubDomains',
  'x-content-type-options': 'nosniff',
} as const;

/** The documentation's pages run their own script and style, from their own origin only. */
const DOCS_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
const DOCS_PATH = '/api/docs';

/** Looks like one of our credentials, in any spelling of a query. */
const CREDENTIAL = /(?:rk|pk)_(?:test|live)_[0-9A-Za-z]|\bop_[0-9A-Za-z_-]{16}/;

/** Security headers on everything, 304 where the caller has the version already, and no credential in a URL. */
export function registerSecurityHooks(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS);
    if (request.url.startsWith(DOCS_PATH)) reply.header('content-security-policy', DOCS_POLICY);
    const query = request.url.indexOf('?');
    const text = query === -1 ? '' : decoded(request.url.slice(query));
    if (CREDENTIAL.test(text)) {
      flag(text);
      return done(
        httpErrors.credential_in_url(
          'A credential stood in the URL, where logs keep it. Rotate it and send it in the Authorization header.',
        ),
      );
    }
    done();
  });
  fastify.addHook('onSend', (request, reply, payload, done) => {
    const etag = reply.getHeader('etag');
    const isRead = request.method === 'GET' && reply.statusCode === 200;
    if (!isRead || typeof etag !== 'string' || !isNotModified(request.headers['if-none-match'], etag)) {
      return done(null, payload);
    }
    reply.code(304).removeHeader('content-type').removeHeader('content-length');
    done(null, null);
  });
}

const logger = new Logger('Http');
const exposed = counter('app_credentials_in_url_total', 'Requests refused because a credential stood in their URL.');

/** Whoever looks after the keys must hear of it: the line names the key by its public id, never its secret. */
function flag(query: string): void {
  exposed.inc();
  const [, publicId] = /(?:rk|pk)_(?:test|live)_([0-9A-Za-z]{16})(?:_|$)/.exec(query) ?? [];
  logger.warn({ msg: 'a credential stood in a URL: have it rotated', publicId });
}

function decoded(query: string): string {
  try {
    return decodeURIComponent(query);
  } catch {
    return query;
  }
}
