import { applyDecorators, SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify/decorators/route-config.decorator.js';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { httpErrors } from '../http.errors.js';
import { IDEMPOTENCY } from '../idempotency/idempotency-key.js';
import { keepPace } from '../server/body-deadlines.js';

/** Metadata key of routes whose bodies are not read by the edge. */
export const STREAMED = 'recrate:streamed';

interface StreamedConfig {
  readonly streamedBody?: boolean;
}

/**
 * The route reads its body itself, as bytes, from `request.raw`: of any size and type but the API's own JSON, for as long as it
 * comes at a pace (see `keepPace`). It looks after Idempotency-Key itself, since a body is not known before it is read. What it
 * takes besides is said by decorators of the API document (`ApiBody`, `ApiHeader`), which cannot be read from its signature.
 */
export function Streamed(): MethodDecorator {
  return applyDecorators(
    RouteConfig({ streamedBody: true } satisfies StreamedConfig),
    SetMetadata(STREAMED, true),
    SetMetadata(IDEMPOTENCY, 'own'),
  );
}

/** Whether the request's route reads the body itself. */
export function isStreamed(request: FastifyRequest): boolean {
  return ((request.routeOptions.config ?? {}) as StreamedConfig).streamedBody === true;
}

/** Passes bodies of streamed routes by, refuses all other types, and ends the connection where a body is left unread. */
export function registerStreamedBodies(fastify: FastifyInstance): void {
  fastify.addContentTypeParser('*', (request, _payload, done) => {
    if (isStreamed(request)) done(null, undefined);
    else done(httpErrors.unsupported_media_type('Send application/json.'));
  });
  fastify.addHook('onRoute', (route: RouteOptions) => {
    if (((route.config ?? {}) as StreamedConfig).streamedBody !== true) return;
    route.onRequest = [route.onRequest ?? []].flat().concat((request, _reply, done) => {
      keepPace(request.raw);
      const type = (request.headers['content-type'] ?? '').toLowerCase();
      // Fastify would read it into memory before the route is asked.
      const isOwnJson = /^application\/(?:merge-patch\+)?json\b/.test(type);
      done(
        isOwnJson
          ? httpErrors.unsupported_media_type('Send the file as application/octet-stream or text/csv.')
          : undefined,
      );
    });
  });
}
