import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type AppLogger, registerRequestTelemetry } from '#platform/telemetry';
import { OriginPolicy, type ApiRequest, UsageSink } from '../access/authenticated.js';
import { registerBodyParsers } from '../body/body-parser.js';
import { registerBodyDeadlines } from './body-deadlines.js';
import { answerClientError, answerRouterError, refuseTunnels } from './client-errors.js';
import { registerConnectionEndings } from './connection-endings.js';
import { registerCors } from './cors-hook.js';
import { watchRoutes } from './method-not-allowed.js';
import { registerSecurityHooks } from './security-hooks.js';
import { registerStrictHttp } from './strict-http.js';

/** First path segments of everything public. */
export const API_PREFIX = 'api/v1';
/** 1 MiB: what an ordinary route takes; bulk routes raise it to 8 MiB. */
const BODY_LIMIT = 1_048_576;
/** Answers smaller than this gain nothing from compression. */
const COMPRESS_FROM_BYTES = 1_024;

/** How the public listener behaves. */
export interface ServerOptions {
  readonly logger: AppLogger;
  /** Proxies in front that may name the client in X-Forwarded-For. */
  readonly trustedProxies: number;
  /** Adds routes of the app's own, such as its documentation, before the gaps are closed. */
  readonly extend?: (app: NestFastifyApplication) => void;
}

/** Builds the api's application with every guard of the edge in place; `listen` is the caller's. */
export async function createServer(root: DynamicModule, options: ServerOptions): Promise<NestFastifyApplication> {
  // Loaded here, since a worker takes other parts of this library and serves nothing.
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  const { default: compress } = await import('@fastify/compress');
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    trustProxy: (_address: string, hop: number) => hop < options.trustedProxies,
    skipMiddie: true,
    multipart: false,
    // Bodies have deadlines of their own (registerBodyDeadlines): an upload may take longer than another request.
    requestTimeout: 0,
    // A reader that takes nothing of its answer is left after a minute: Node looks twice before it gives up.
    connectionTimeout: 30_000,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200 },
    // Node by itself waits a minute for headers and looks every half minute. So a slow one is closed after 10 s.
    http: {
      headersTimeout: 8_000,
      connectionsCheckingInterval: 2_000,
      maxHeaderSize: 16_384,
      // Node would answer without a body; registerStrictHttp refuses it as a problem.
      requireHostHeader: false,
    },
    clientErrorHandler: answerClientError,
    frameworkErrors: answerRouterError,
  });
  const fastify = adapter.getInstance();
  const closeGaps = watchRoutes(fastify);
  registerRequestTelemetry(fastify, { logger: options.logger });
  registerSecurityHooks(fastify);
  registerStrictHttp(fastify);
  registerBodyDeadlines(fastify);
  registerConnectionEndings(fastify);
  const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
    bodyParser: false,
    logger: options.logger,
    abortOnError: false,
    forceCloseConnections: false,
  });
  registerBodyParsers(fastify);
  registerCors(fastify, app.get(OriginPolicy));
  registerUsage(app);
  await fastify.register(compress, {
    threshold: COMPRESS_FROM_BYTES,
    encodings: ['gzip', 'br'],
    globalDecompression: false,
  });
  app.setGlobalPrefix(API_PREFIX);
  options.extend?.(app);
  await app.init();
  closeGaps();
  refuseTunnels(fastify.server);
  return app;
}

function registerUsage(app: NestFastifyApplication): void {
  const usage = app.get(UsageSink);
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onResponse', (request, reply, done) => {
      const { user } = request as ApiRequest;
      if (user) usage.record(user.actor, reply.statusCode);
      done();
    });
}
