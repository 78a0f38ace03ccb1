import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { httpErrors } from '../http.errors.js';
import { ALL_METHODS } from './client-errors.js';

/** Refuses, as problems, what Node lets pass or refuses without a body. Call it after the security headers are set. */
export function registerStrictHttp(fastify: FastifyInstance): void {
  const methods = new Set(fastify.supportedMethods);
  fastify.addHook('onRequest', (request, reply, done) => {
    if (!methods.has(request.method)) {
      reply.header('allow', ALL_METHODS);
      return done(httpErrors.method_not_allowed('No route takes this method.'));
    }
    if (hasHost(request.raw)) return done();
    done(httpErrors.bad_request('A request has one Host header.'));
  });
  // RFC 9110, 10.1.1: an expectation that is not known may be ignored. Node would answer 417 without a body.
  fastify.server.on('checkExpectation', (request, response) => fastify.server.emit('request', request, response));
}

/** RFC 9112, 3.2: none is for HTTP/1.0 only, and two could be read differently by a proxy in front. */
function hasHost({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === 'host') count += 1;
  return count === 1 || (count === 0 && httpVersion === '1.0');
}
