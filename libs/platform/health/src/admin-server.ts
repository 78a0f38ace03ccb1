import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { renderMetrics } from '#platform/telemetry';
import type { HealthReport } from './health.options.js';
import type { HealthService } from './health.service.js';

/** Where the admin port listens, and whose health it tells. */
export interface AdminServerOptions {
  readonly port: number;
  readonly host?: string;
  readonly health: Pick<HealthService, 'live' | 'ready' | 'startup'>;
}

/** The listener for probes and metrics. */
export interface AdminServer {
  /** The port it got: of interest when 0 was asked for. */
  readonly port: number;
  /** Stops listening. The last step of a shutdown, so that probes are answered until then. */
  close(): Promise<void>;
}

type Answer = Readonly<{ status: number; contentType: string; body: string }>;
type Answers = ReadonlyMap<string | undefined, () => Promise<Answer>>;

const LIMITS = { headersTimeout: 5_000, requestTimeout: 5_000, keepAliveTimeout: 30_000, maxHeaderSize: 8_192 };
/** Probes and scrapers are few; a flood of connections is cut here. */
const MAX_CONNECTIONS = 256;
const CLOSE_MS = 1_000;

/** Starts the admin port: three probes and the metrics, nothing else. Rejects when the port is taken. */
export async function startAdminServer({ port, host, health }: AdminServerOptions): Promise<AdminServer> {
  const logger = new Logger('Admin');
  const answers: Answers = new Map([
    ['/health/live', async () => answerOf(health.live())],
    ['/health/ready', async () => answerOf(await health.ready())],
    ['/health/startup', async () => answerOf(await health.startup())],
    ['/metrics', singleFlight(async () => ({ status: 200, ...(await renderMetrics()) }))],
  ]);
  const server = createServer({ ...LIMITS, connectionsCheckingInterval: 1_000 }, (request, response) => {
    answer(request, answers).then(
      (given) => send(response, given),
      (error: unknown) => {
        logger.error({ msg: 'the admin port could not answer', error });
        send(response, plain(500, 'internal error'));
      },
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(port, host);
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

async function answer(request: IncomingMessage, answers: Answers): Promise<Answer> {
  request.resume();
  const make = answers.get(request.url?.split('?', 1)[0]);
  if (make === undefined) return plain(404, 'not found');
  return request.method === 'GET' || request.method === 'HEAD' ? make() : plain(405, 'method not allowed');
}

function answerOf(report: HealthReport): Answer {
  const status = report.status === 'down' ? 503 : 200;
  return { status, contentType: 'application/json; charset=utf-8', body: JSON.stringify(report) };
}

function plain(status: number, body: string): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

function send(response: ServerResponse, { status, contentType, body }: Answer): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 405 && { allow: 'GET, HEAD' }),
  });
  response.end(body);
}

function singleFlight<T>(make: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => (running ??= make().finally(() => (running = undefined)));
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  await closed;
  clearTimeout(timer);
}
