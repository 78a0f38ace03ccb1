import { isUtf8 } from 'node:buffer';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import { RouteConfig } from '@nestjs/platform-fastify/decorators/route-config.decorator.js';
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { httpErrors } from '../http.errors.js';
import { registerStreamedBodies } from './streamed-body.js';
import { DEFAULT_JSON_LIMITS, type JsonLimits, parseStrictJson } from './json-scanner.js';

/** Ordinary and bulk bodies, in bytes. */
export const BODY_LIMIT_BYTES = 1_048_576;
export const BULK_BODY_LIMIT_BYTES = 8 * BODY_LIMIT_BYTES;

const JSON_TYPE = 'application/json';
const MERGE_PATCH_TYPE = 'application/merge-patch+json';

/** What the body parsers can be told. */
export interface BodyParserOptions {
  /** Default 1 MiB. */
  readonly limitBytes?: number;
  readonly json?: JsonLimits;
}

/**
 * Makes strict JSON the only body Fastify reads: UTF-8 `application/json`, on PATCH also `application/merge-patch+json`. All
 * other types answer 415 (but on routes that read their bodies themselves), bodies over the route's limit 413 without being read further. A request without body and without
 * Content-Type keeps `body` undefined. Call it on the adapter's instance before the app is initialised, with Nest's own
 * parsers off (`NestFactory.create(module, adapter, { bodyParser: false })`): they would claim the same types and throw.
 */
export function registerBodyParsers(fastify: FastifyInstance, options: BodyParserOptions = {}): void {
  const { limitBytes = BODY_LIMIT_BYTES, json = DEFAULT_JSON_LIMITS } = options;
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<Buffer>(
    [JSON_TYPE, MERGE_PATCH_TYPE],
    { parseAs: 'buffer', bodyLimit: limitBytes },
    (request, body, done) => {
      try {
        done(null, readJsonBody(request, body, json));
      } catch (error) {
        done(error as Error);
      }
    },
  );
  registerStreamedBodies(fastify);
  fastify.addHook('onRoute', applyRouteLimit);
}

/** Lets a route take bodies of up to `limitBytes` (8 MiB by default). Stands above `@RouteConfig`, whose values it keeps. */
export function BulkBody(limitBytes: number = BULK_BODY_LIMIT_BYTES): MethodDecorator {
  return (target, key, descriptor) => {
    const config: unknown = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, descriptor.value as object);
    RouteConfig({ ...(config as object | undefined), bodyLimitBytes: limitBytes })(target, key, descriptor);
  };
}

/** Nest passes a route's config to Fastify but not its `bodyLimit` option; this carries it over when the route is added. */
function applyRouteLimit(route: RouteOptions): void {
  const { bodyLimitBytes } = (route.config ?? {}) as { bodyLimitBytes?: number };
  if (bodyLimitBytes !== undefined) route.bodyLimit = bodyLimitBytes;
}

type RequestHead = Pick<FastifyRequest, 'method' | 'headers'>;

/**
 * The value of a JSON request body. @throws http.unsupported_media_type, http.malformed_json and the refusals of `scanJson`
 */
export function readJsonBody({ method, headers }: RequestHead, body: Buffer, limits?: JsonLimits): unknown {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    throw httpErrors.unsupported_media_type('Send the body without Content-Encoding.');
  }
  checkMediaType(method, headers['content-type'] ?? '');
  if (looksLikeUtf16(body)) throw httpErrors.unsupported_media_type('Send the body in UTF-8.');
  if (body.length === 0) throw httpErrors.malformed_json('The body is empty: line 1, column 1.');
  if (!isUtf8(body)) throw httpErrors.malformed_json('The body is not valid UTF-8.');
  const text = body.toString('utf8');
  if (text.startsWith('\uFEFF'))
    throw httpErrors.malformed_json('The body starts with a byte order mark: line 1, column 1.');
  return parseStrictJson(text, limits);
}

function checkMediaType(method: string, contentType: string): void {
  const [type = '', ...parameters] = contentType
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (type === MERGE_PATCH_TYPE && method !== 'PATCH') {
    throw httpErrors.unsupported_media_type(`Send ${JSON_TYPE}; ${MERGE_PATCH_TYPE} is for PATCH.`);
  }
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (charset !== undefined && !/^"?utf-?8"?$/.test(charset)) {
    throw httpErrors.unsupported_media_type('Send the body in UTF-8.');
  }
}

/** JSON begins with ASCII, so a zero byte beside the first character, in an even number of bytes, is UTF-16. */
function looksLikeUtf16(body: Buffer): boolean {
  const [first, second] = body;
  if (first === undefined || second === undefined) return false;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  return body.length % 2 === 0 && (first === 0) !== (second === 0);
}
