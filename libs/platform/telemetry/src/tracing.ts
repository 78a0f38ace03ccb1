import { Logger } from '@nestjs/common';
import { DomainError, PROBLEMS } from '#platform/kernel';
import type * as OpenTelemetry from '@opentelemetry/api';
import { currentContext, newTraceId, runInContext } from './context.js';

/** What an app hands to `startTracing`. */
export interface TracingOptions {
  readonly serviceName: string;
  /** Base URL of an OTLP/HTTP collector, such as `http://localhost:4318`. Without it nothing is traced or even loaded. */
  readonly otlpEndpoint?: string;
  /** Sent to the collector, such as its credential. */
  readonly otlpHeaders?: Readonly<Record<string, string>>;
  /** Share of traces that are kept, 0 to 1, decided by trace id so that all processes decide alike. */
  readonly sampleRatio?: number;
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A span as it is known in another process. */
export type RemoteSpan = OpenTelemetry.SpanContext;

/** The span of one request. */
export interface ServerSpan {
  readonly traceId: string;
  readonly traceparent: string;
  readonly sampled: boolean;
  run<T>(fn: () => T): T;
  end(name: string, status: number, attributes: SpanAttributes): void;
}

type Tracing = Readonly<{ api: typeof OpenTelemetry; tracer: OpenTelemetry.Tracer }>;

/** How long a collector may take for a batch; one that hangs holds up the end of the process by no more. */
const EXPORT_MS = 3_000;
const COMPLAIN_EVERY_MS = 60_000;
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;

let tracing: Tracing | undefined;

/** Starts OpenTelemetry when an endpoint is given; answers the function that sends what is left and stops it. */
export async function startTracing(options: TracingOptions): Promise<() => Promise<void>> {
  if (options.otlpEndpoint === undefined) return () => Promise.resolve();
  const api = await import('@opentelemetry/api');
  const sdk = await import('@opentelemetry/sdk-trace');
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
  const url = `${options.otlpEndpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, headers: { ...options.otlpHeaders }, timeoutMillis: EXPORT_MS });
  const processor = new sdk.BatchSpanProcessor({
    exporter,
    scheduledDelayMillis: 2_000,
    exportTimeoutMillis: EXPORT_MS,
  });
  const ratio = new sdk.TraceIdRatioBasedSampler(options.sampleRatio ?? 1);
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': options.serviceName, 'service.instance.id': newTraceId() }),
    // A client's sampled flag is not trusted: the ratio decides for remote parents as well.
    sampler: new sdk.ParentBasedSampler({ root: ratio, remoteParentSampled: ratio }),
    spanProcessors: [processor],
  });
  api.diag.setLogger(complaints(), { logLevel: api.DiagLogLevel.WARN, suppressOverrideMessage: true });
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  api.trace.setGlobalTracerProvider(provider);
  tracing = { api, tracer: provider.getTracer('recrate') };
  return async () => {
    tracing = undefined;
    api.trace.disable();
    api.context.disable();
    await provider.shutdown().catch(() => undefined);
  };
}

/** Runs `fn` (which may answer a promise) in a span of its own; without tracing it only calls `fn`. */
export function withSpan<T>(name: string, attributes: SpanAttributes, fn: () => T): T {
  return tracing === undefined ? fn() : runInSpan(tracing, name, attributes, fn);
}

/** The W3C `traceparent` of what runs now, to be carried by a queue message or a stored row. */
export function injectTraceContext(): string | undefined {
  const span = activeSpan();
  if (span !== undefined) return formatTraceparent(span);
  const context = currentContext();
  if (context === undefined) return undefined;
  const { traceparent, traceId } = context;
  return traceparent ?? formatTraceparent({ traceId, spanId: traceId.slice(16), traceFlags: 0 });
}

/** Runs `fn` as a part of the trace that `injectTraceContext` carried here; a missing or malformed one is left out. */
export function withExtractedContext<T>(traceparent: string | undefined, fn: () => T): T {
  const remote = parseTraceparent(traceparent);
  const outer = currentContext();
  const traceId = remote?.traceId ?? outer?.traceId ?? newTraceId();
  const requestId = outer?.requestId ?? traceId;
  const carried = remote === undefined ? outer?.traceparent : formatTraceparent(remote);
  return runInContext({ ...outer, requestId, traceId, traceparent: carried }, () => {
    if (tracing === undefined || remote === undefined) return fn();
    const { context, trace } = tracing.api;
    return context.with(trace.setSpanContext(context.active(), remote), fn);
  });
}

/** The trace id of a problem answer or an audit row: the active span's, else that of the correlation id, else a new one. */
export function currentTraceId(): string {
  return activeTraceId() ?? currentContext()?.traceId ?? newTraceId();
}

/** The trace id of the active span, if any. */
export function activeTraceId(): string | undefined {
  return activeSpan()?.traceId;
}

/** Reads a `traceparent` header; undefined when it is missing or malformed. */
export function parseTraceparent(text: unknown): RemoteSpan | undefined {
  const match = typeof text === 'string' ? TRACEPARENT.exec(text) : null;
  if (match === null) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = match;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

/** The `traceparent` of a span. */
export function formatTraceparent({ traceId, spanId, traceFlags }: RemoteSpan): string {
  return `00-${traceId}-${spanId}-${traceFlags % 2 === 1 ? '01' : '00'}`;
}

/** Starts the span of a request; undefined without tracing. */
export function startServerSpan(method: string, remote: RemoteSpan | undefined): ServerSpan | undefined {
  if (tracing === undefined) return undefined;
  const { api, tracer } = tracing;
  const root = api.ROOT_CONTEXT;
  const parent = remote === undefined ? root : api.trace.setSpanContext(root, remote);
  const span = tracer.startSpan(method, { kind: api.SpanKind.SERVER }, parent);
  const spanContext = span.spanContext();
  return {
    traceId: spanContext.traceId,
    traceparent: formatTraceparent(spanContext),
    sampled: span.isRecording(),
    run: (fn) => api.context.with(api.trace.setSpan(parent, span), fn),
    end: (name, status, attributes) => {
      if (status >= 500) span.setStatus({ code: api.SpanStatusCode.ERROR });
      span.updateName(name).setAttributes(attributes).end();
    },
  };
}

function runInSpan<T>({ api, tracer }: Tracing, name: string, attributes: SpanAttributes, fn: () => T): T {
  const tenant = { 'app.tenant_id': currentContext()?.tenantId, ...attributes };
  const span = tracer.startSpan(name, { kind: kindOf(attributes), attributes: tenant });
  const fail = (error: unknown): never => {
    const { type, refused } = errorType(error);
    span.setAttribute('error.type', type);
    if (!refused) span.setStatus({ code: api.SpanStatusCode.ERROR });
    span.end();
    throw error;
  };
  return api.context.with(api.trace.setSpan(api.context.active(), span), () => {
    try {
      const result = fn();
      if (isPromise(result)) return result.then((value) => (span.end(), value), fail) as T;
      span.end();
      return result;
    } catch (error) {
      return fail(error);
    }
  });
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Semantic conventions tie the kind (an OpenTelemetry.SpanKind) to the attributes, so callers need not name both. */
function kindOf(attributes: SpanAttributes): number {
  const messaging: Partial<Record<string, number>> = { send: 3, process: 4 };
  return messaging[String(attributes['messaging.operation.type'])] ?? (attributes['db.system.name'] ? 2 : 0);
}

/** Error texts may hold data of people, so a span tells only the code. A refusal is no failure of the system. */
function errorType(error: unknown): { type: string; refused: boolean } {
  if (error instanceof DomainError) return { type: error.code, refused: PROBLEMS[error.problem].status < 500 };
  return { type: error instanceof Error ? error.name : typeof error, refused: false };
}

function activeSpan(): OpenTelemetry.SpanContext | undefined {
  return tracing?.api.trace.getActiveSpan()?.spanContext();
}

/** A collector that is down is said once a minute, not once a batch. */
function complaints(): OpenTelemetry.DiagLogger {
  const logger = new Logger('Tracing');
  let saidAt = -COMPLAIN_EVERY_MS;
  const say = (problem: string): void => {
    if (performance.now() - saidAt < COMPLAIN_EVERY_MS) return;
    saidAt = performance.now();
    logger.warn({ msg: 'traces are not delivered as they should be', problem });
  };
  const ignore = (): void => undefined;
  return { error: say, warn: say, info: ignore, debug: ignore, verbose: ignore };
}
