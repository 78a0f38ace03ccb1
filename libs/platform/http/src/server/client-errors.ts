import type { Socket } from 'node:net';
import type { IncomingMessage, Server } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError, newUuid, type ProblemName } from '#platform/kernel';
import { toProblem } from '../problem/problem.js';
import { PROBLEM_TYPE, ProblemFilter } from '../problem/problem.filter.js';
import { SECURITY_HEADERS } from './security-hooks.js';

/** Methods that some route of the api may take. */
export const ALL_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

const REFUSALS: Readonly<Record<string, readonly [ProblemName, string]>> = {
  HPE_INVALID_METHOD: ['method-not-allowed', 'http.method_not_allowed'],
  HPE_HEADER_OVERFLOW: ['header-too-large', 'http.header_too_large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', 'http.request_timeout'],
};

/** Answers what Node's HTTP parser refuses, before there is a request, and closes the connection. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [problem, code] = REFUSALS[error.code ?? ''] ?? ['bad-request', 'http.bad_request'];
  socket.end(rawAnswer(problem, code), () => socket.destroy());
}

/** Answers what Fastify's router refuses before any hook has run: a path that cannot be decoded, an endless id. */
export function answerRouterError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  new ProblemFilter().answer(error, request, reply.headers(SECURITY_HEADERS));
}

/** CONNECT asks for a tunnel; there is none. Node gives it an event of its own and no answer. */
export function refuseTunnels(server: Server): void {
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    socket.end(rawAnswer('method-not-allowed', 'http.method_not_allowed'), () => socket.destroy());
  });
}

function rawAnswer(name: ProblemName, code: string): string {
  const id = newUuid();
  const error = new DomainError(name, code, 'The request could not be read as HTTP/1.1 with a known method.');
  const problem = toProblem(error, { requestId: id, traceId: id.replaceAll('-', '') });
  const body = JSON.stringify(problem.body);
  const allow = problem.status === 405 ? `allow: ${ALL_METHODS}\r\n` : '';
  const head = `HTTP/1.1 ${problem.status} ${String(problem.body['title'])}\r\ncontent-type: ${PROBLEM_TYPE}\r\n${allow}`;
  return `${head}content-length: ${Buffer.byteLength(body)}\r\ncache-control: private, no-store\r\nconnection: close\r\n\r\n${body}`;
}
