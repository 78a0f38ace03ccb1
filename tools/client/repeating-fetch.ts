/** How a call is sent and sent again. */
export interface Repeating {
  /** Sent as `Authorization: Bearer`. */
  readonly credential: string;
  /** Attempts of one call, the first one included. Default 4. */
  readonly mostAttempts?: number;
  /** Longest wait before another attempt; where the server asks for more, its refusal is the answer. Default 30 s. */
  readonly longestWaitMs?: number;
  /** Time for one attempt to be answered. Default 30 s. */
  readonly attemptTimeoutMs?: number;
  /** In place of the platform's own. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

const FIRST_WAIT_MS = 250;
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** 409 says when to come back only where an earlier attempt with the same key is still running. */
const WORTH_REPEATING = new Set([409, 429, 503]);

/**
 * A fetch that says who calls, gives every POST an Idempotency-Key unless it has one, and repeats what can be repeated
 * without doing it twice: safe calls and keyed ones, with the same key, after 429, 503 and failures of the network.
 */
export function repeatingFetch(options: Repeating): (request: Request) => Promise<Response> {
  const { credential, mostAttempts = 4, longestWaitMs = 30_000, attemptTimeoutMs = 30_000 } = options;
  const send = options.fetch ?? ((request: Request) => fetch(request));
  return async (request) => {
    const headers = headersOf(request, credential);
    const body = request.body === null ? undefined : await request.arrayBuffer();
    const isRepeatable = SAFE.has(request.method) || headers.has('idempotency-key');
    for (let attempt = 1; ; attempt += 1) {
      const over = new AbortController();
      const again = new Request(request, { headers, signal: over.signal, ...(body && { body }) });
      const answer = limited(() => send(again), over, request.signal, attemptTimeoutMs);
      const outcome = await answer.catch((error: unknown) => new Failure(error));
      const isLast = attempt >= mostAttempts || !isRepeatable || request.signal.aborted;
      const waitMs = isLast ? undefined : waitBefore(outcome, attempt);
      if (waitMs === undefined || waitMs > longestWaitMs) return answerOf(outcome);
      if (outcome instanceof Response) await outcome.body?.cancel();
      await pause(waitMs, request.signal);
    }
  };
}

/**
 * Ends an attempt with its time or with its caller. Not by AbortSignal.any and AbortSignal.timeout: nothing holds on to
 * those, and what was collected in the meantime ends no attempt.
 */
function limited(
  send: () => Promise<Response>,
  over: AbortController,
  caller: AbortSignal,
  timeoutMs: number,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const end = (reason: unknown): void => {
      over.abort(reason);
      reject(reason as Error);
    };
    if (caller.aborted) return end(caller.reason);
    const timer = setTimeout(() => end(new DOMException('The attempt took too long.', 'TimeoutError')), timeoutMs);
    caller.addEventListener('abort', () => end(caller.reason), { once: true });
    send()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

/** The network's, not the server's. */
class Failure {
  readonly reason: unknown;

  constructor(reason: unknown) {
    this.reason = reason;
  }
}

function answerOf(outcome: Response | Failure): Response {
  if (outcome instanceof Response) return outcome;
  throw outcome.reason;
}

function headersOf(request: Request, credential: string): Headers {
  const headers = new Headers(request.headers);
  headers.set('authorization', `Bearer ${credential}`);
  if (request.method === 'POST' && !headers.has('idempotency-key')) headers.set('idempotency-key', crypto.randomUUID());
  const isJson = headers.get('content-type') === 'application/json';
  if (request.method === 'PATCH' && isJson) headers.set('content-type', 'application/merge-patch+json');
  return headers;
}

/** Milliseconds until another attempt is worth it; undefined when none is. */
function waitBefore(outcome: Response | Failure, attempt: number): number | undefined {
  const backoffMs = FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
  if (outcome instanceof Failure) return backoffMs;
  if (!WORTH_REPEATING.has(outcome.status)) return undefined;
  const retryAfter = outcome.headers.get('retry-after');
  if (retryAfter === null) return outcome.status === 409 ? undefined : backoffMs;
  const askedMs = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - Date.now();
  return Number.isNaN(askedMs) ? backoffMs : Math.max(0, askedMs);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
