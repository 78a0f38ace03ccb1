import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { answerClientError } from './client-errors.js';

/** Without a deadline a slow body stays open for ever. */
const BODY_MS = 28_000;
/** A streamed body is looked at so often, and must have brought so much since: 1 KiB/s, a poor mobile line. */
const PACE_MS = 10_000;
const PACE_BYTES = 10_240;

const deadlines = new WeakMap<IncomingMessage, NodeJS.Timeout>();

/**
 * Ends requests whose body does not come. Node's own `requestTimeout` is one for all routes; these are one per request, so that
 * a large upload may take as long as it needs, as long as it comes.
 */
export function registerBodyDeadlines(fastify: FastifyInstance): void {
  fastify.server.prependListener('request', (request: IncomingMessage) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    if (encoding === undefined && (length === undefined || length === '0')) return;
    watch(
      request,
      setTimeout(() => end(request), BODY_MS),
    );
  });
}

/** From now on the body may take any time, as long as enough of it comes. What waits for us to be read is not slow. */
export function keepPace(request: IncomingMessage): void {
  if (request.complete || !deadlines.has(request)) return;
  let before = request.socket.bytesRead;
  const timer = setInterval(() => {
    const now = request.socket.bytesRead;
    const waitsForUs = request.readableLength >= request.readableHighWaterMark;
    if (now - before < PACE_BYTES && !waitsForUs) end(request);
    before = now;
  }, PACE_MS);
  watch(request, timer);
}

function watch(request: IncomingMessage, timer: NodeJS.Timeout): void {
  clearTimeout(deadlines.get(request));
  const isFirst = !deadlines.has(request);
  deadlines.set(request, timer.unref());
  if (!isFirst) return;
  const stop = (): void => clearTimeout(deadlines.get(request));
  request.once('end', stop).once('close', stop);
}

function end(request: IncomingMessage): void {
  clearTimeout(deadlines.get(request));
  if (request.complete) return;
  const late = Object.assign(new Error('the body did not arrive in time'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
  answerClientError(late, request.socket);
}
