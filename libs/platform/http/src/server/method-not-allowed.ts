import type { FastifyInstance, HTTPMethods } from 'fastify';
import { httpErrors } from '../http.errors.js';

/** Notes every route that is registered from now on; the answer closes the gaps (call it once all routes are there). */
export function watchRoutes(fastify: FastifyInstance): () => void {
  const methodsOf = new Map<string, Set<string>>();
  let closing = false;
  fastify.addHook('onRoute', ({ url, method }) => {
    if (closing) return;
    const methods = methodsOf.get(url) ?? new Set();
    for (const name of [method].flat()) methods.add(name);
    methodsOf.set(url, methods);
  });
  return () => {
    closing = true;
    for (const [url, methods] of methodsOf) refuseOthers(fastify, url, methods);
  };
}

/** The refusal comes before any body is read. */
function refuseOthers(fastify: FastifyInstance, url: string, methods: ReadonlySet<string>): void {
  const others = fastify.supportedMethods.filter(
    (method) => !methods.has(method) && !(method === 'HEAD' && methods.has('GET')),
  );
  if (others.length === 0 || url === '*') return;
  const allow = [...methods].sort().join(', ');
  fastify.route({
    url,
    method: others as HTTPMethods[],
    onRequest: (_request, reply, done) => {
      reply.header('allow', allow);
      done(httpErrors.method_not_allowed(`Allowed here: ${allow}.`));
    },
    handler: () => undefined,
  });
}
