import { AsyncLocalStorage } from 'node:async_hooks';
import { hash, randomUUID } from 'node:crypto';

/** What is known of the request or the piece of work that runs now; it stands on every log line. */
export interface TelemetryContext {
  /** The correlation id; clients see it as `X-Request-Id`. */
  readonly requestId: string;
  /** 32 hex digits, never all zero. */
  readonly traceId: string;
  /** W3C trace context to hand on: the request's span, or what came in when this process does not trace. */
  traceparent?: string;
  tenantId?: string;
  /** `actorRef` of the kernel, such as `key:<uuid>`. */
  actor?: string;
  /** The route's template or the job's name, never a path with values in it. */
  route?: string;
}

/** What is learnt while the work runs. */
export type TelemetryFacts = Pick<TelemetryContext, 'tenantId' | 'actor' | 'route'>;

const storage = new AsyncLocalStorage<TelemetryContext>();
const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;

/** Runs `fn`, and all it starts, in the given context. */
export function runInContext<T>(context: TelemetryContext, fn: () => T): T {
  return storage.run(context, fn);
}

/** The context of the running work; undefined outside of any. */
export function currentContext(): TelemetryContext | undefined {
  return storage.getStore();
}

/** Adds facts to the running work's context: the authentication guard calls it with tenant and actor. */
export function setContext(facts: TelemetryFacts): void {
  const context = storage.getStore();
  if (context !== undefined) Object.assign(context, facts);
}

/** Makes the context that of the current synchronous run and what it starts. For entry points that cannot wrap a callback. */
export function enterContext(context: TelemetryContext): void {
  storage.enterWith(context);
}

/** A new correlation id, also fit as a trace id: 32 hex digits. */
export function newTraceId(): string {
  return randomUUID().replaceAll('-', '');
}

/** The trace id that goes with a correlation id: the id itself where it is a UUID or 32 hex digits, else its hash. */
export function traceIdOf(requestId: string): string {
  const digits = requestId.replaceAll('-', '').toLowerCase();
  return TRACE_ID.test(digits) ? digits : hash('sha256', requestId, 'hex').slice(0, 32);
}
