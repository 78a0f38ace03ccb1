import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { enterContext, newTraceId, runInContext, type TelemetryContext, traceIdOf } from './context.js';
import type { AppLogger } from './logger.js';
import { gauge, tracedHistogram } from './metrics.js';
import { isPaymentNumber } from './redact.js';
import { formatTraceparent, parseTraceparent, type ServerSpan, startServerSpan } from './tracing.js';

type Tracked = Readonly<{ context: TelemetryContext; span: ServerSpan | undefined }>;
type TrackedRequest = IncomingMessage & { [TRACKED]?: Tracked };

const TRACKED = Symbol('telemetry of the request');
const REQUEST_ID = /^[A-Za-z0-9-]{8,64}$/;
const UNMATCHED = 'unmatched';
/** As nginx counts a client that went away before the answer was complete; never sent. */
const CLIENT_CLOSED_REQUEST = 499;
/** All bounded: Node knows 35 methods, routes are templates. */
const LABELS = ['method', 'route', 'status'] as const;

/**
 * Gives every request of a Fastify instance its context, `X-Request-Id`, span, one log line and its metrics; also those
 * that no route takes or that the router refuses. Call it before other hooks are added. `request.id` is the id, too.
 */
export function registerRequestTelemetry(fastify: FastifyInstance, { logger }: { readonly logger: AppLogger }): void {
  const track = requestTracker(logger);
  fastify.server.prependListener('request', (raw, res) => enterContext(track(raw, res).context));
  fastify.setGenReqId((raw: TrackedRequest) => raw[TRACKED]?.context.requestId ?? requestIdOf(raw));
  fastify.addHook('onRequest', (request, reply, done) => {
    // Requests by inject() and of second servers (localhost has two addresses) have not passed the listener above.
    const { context, span } = (request.raw as TrackedRequest)[TRACKED] ?? track(request.raw, reply.raw, request.id);
    context.route = request.routeOptions.url ?? UNMATCHED;
    runInContext(context, span === undefined ? done : () => span.run(done));
  });
}

function requestTracker(logger: AppLogger): (raw: TrackedRequest, res: ServerResponse, requestId?: string) => Tracked {
  const observe = tracedHistogram(
    'http_server_request_duration_seconds',
    'Time to the last byte of the answer.',
    LABELS,
  );
  let active = 0;
  gauge('http_server_active_requests', 'Requests that are being answered.', [], (all) => all.set(active));

  return (raw, res, requestId = requestIdOf(raw)) => {
    const tracked = begin(raw, requestId);
    const { context, span } = tracked;
    const { socket, method = '' } = raw;
    const startedAt = performance.now();
    const bytesBefore = socket.bytesWritten;
    raw[TRACKED] = tracked;
    active++;
    // Set on the raw answer, so that a request which reaches no hook (a malformed URL) is answered with it, too.
    res.setHeader('x-request-id', context.requestId);
    if (context.traceparent !== undefined) res.setHeader('traceparent', context.traceparent);
    res.on('close', () => {
      active--;
      const seconds = (performance.now() - startedAt) / 1000;
      const status = socket.destroyed && !res.writableFinished ? CLIENT_CLOSED_REQUEST : res.statusCode;
      const route = context.route ?? UNMATCHED;
      observe({ method, route, status }, seconds, span?.sampled ? span.traceId : undefined);
      // A socket of inject() counts no bytes.
      const bytes = socket.bytesWritten - bytesBefore || undefined;
      const durationMs = Math.round(seconds * 1e6) / 1000;
      logger.record(status >= 500 ? 'error' : 'info', 'request', { method, route, status, durationMs, bytes }, context);
      span?.end(`${method} ${route}`, status, {
        'http.request.method': method,
        'http.route': route,
        'http.response.status_code': status,
        'app.tenant_id': context.tenantId,
        'app.request_id': context.requestId,
      });
    });
    return tracked;
  };
}

function begin(raw: IncomingMessage, requestId: string): Tracked {
  const remote = parseTraceparent(raw.headers.traceparent);
  const span = startServerSpan(raw.method ?? '', remote);
  const traceparent = span?.traceparent ?? (remote === undefined ? undefined : formatTraceparent(remote));
  const traceId = span?.traceId ?? remote?.traceId ?? traceIdOf(requestId);
  const unknown = { tenantId: undefined, actor: undefined, route: undefined };
  return { span, context: { requestId, traceId, traceparent, ...unknown } };
}

/** The client's correlation id where it is harmless, else a new one. It is echoed and logged, so no payment number either. */
function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) && !isPaymentNumber(given) ? given : newTraceId();
}
