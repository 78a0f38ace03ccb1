import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Module, Param, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { currentContext, setContext } from './context.js';
import { createLogger } from './logger.js';
import { renderMetrics, resetMetrics } from './metrics.js';
import { registerRequestTelemetry } from './request-log.js';
import { currentTraceId, injectTraceContext } from './tracing.js';

type Line = Record<string, unknown>;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

let lines: Line[];
let fastify: FastifyInstance;
let base: string;
const logger = createLogger({
  service: 'api',
  destination: { write: (line) => void lines.push(JSON.parse(line) as Line) },
});

/** Requests are told when their answer is closed, which the client can be ahead of. */
async function told(count: number): Promise<Line[]> {
  for (let i = 0; i < 200 && lines.length < count; i++) await sleep(5);
  return lines;
}

function raw(...parts: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(base).port), '127.0.0.1', async () => {
      for (const part of parts) {
        socket.write(part);
        await sleep(20);
      }
      setTimeout(() => socket.end(), 50);
    });
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

const post = (body: string, length = body.length): string =>
  `POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`;

beforeEach(async () => {
  lines = [];
  resetMetrics();
  const frameworkErrors = (_error: unknown, _request: unknown, reply: FastifyReply): void =>
    void reply.code(400).send({ trace: currentTraceId() });
  fastify = Fastify({ frameworkErrors });
  registerRequestTelemetry(fastify, { logger });
  fastify.setErrorHandler((error: { statusCode?: number }, _request, reply) =>
    reply.code(error.statusCode ?? 500).send({ trace: currentTraceId() }),
  );
  fastify.get('/things/:id', async (request) => {
    await sleep(1);
    setContext({ tenantId: 't-1', actor: 'key:1' });
    return { id: request.id, trace: currentTraceId(), inject: injectTraceContext() };
  });
  fastify.post('/things', async () => ({ ...currentContext() }));
  fastify.get('/broken', () => Promise.reject(new Error('broken')));
  fastify.get('/slow', () => sleep(2_000, undefined, { ref: false }));
  await fastify.listen({ port: 0, host: '127.0.0.1' });
  base = `http://127.0.0.1:${(fastify.server.address() as { port: number }).port}`;
});

afterEach(() => fastify.close());

describe('given a request that a route answers', () => {
  it('then one line tells method, route template, status, duration, bytes, tenant and actor', async () => {
    await (await fetch(`${base}/things/rel_1?token=xyz`)).text();
    expect(await told(1)).toEqual([
      expect.objectContaining({
        level: 'info', msg: 'request', service: 'api', method: 'GET', route: '/things/:id', status: 200,
        tenantId: 't-1', actor: 'key:1', durationMs: expect.any(Number), bytes: expect.any(Number),
      }), // prettier-ignore
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/rel_1|xyz/);
    expect(lines[0]?.durationMs).toBeGreaterThan(0.9);
    expect(lines[0]?.bytes).toBeGreaterThan(100);
  });

  it('then the metrics count it without its tenant', async () => {
    await (await fetch(`${base}/things/1`)).text();
    await told(1);
    const { body } = await renderMetrics();
    expect(body).toMatch(
      /http_server_request_duration_seconds_count\{method="GET",route="\/things\/:id",status="200"\} 1/,
    );
    expect(body).toContain('http_server_active_requests 0');
    expect(body).not.toContain('t-1');
  });

  it('then a new id is made, sent, logged and usable as a trace id', async () => {
    const answer = await fetch(`${base}/things/1`);
    const id = answer.headers.get('x-request-id');
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(await answer.json()).toEqual({ id, trace: id, inject: `00-${id}-${id?.slice(16)}-00` });
    expect(answer.headers.has('traceparent')).toBe(false);
    expect(await told(1)).toMatchObject([{ requestId: id, traceId: id }]);
  });
});

describe('given an X-Request-Id', () => {
  it('then a harmless one is echoed and logged', async () => {
    const answer = await fetch(`${base}/things/1`, { headers: { 'x-request-id': 'order-17-abc' } });
    expect(answer.headers.get('x-request-id')).toBe('order-17-abc');
    expect(await answer.json()).toMatchObject({ id: 'order-17-abc', trace: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(await told(1)).toMatchObject([{ requestId: 'order-17-abc' }]);
  });

  it.each([
    'short',
    'x'.repeat(65),
    'x'.repeat(10_000),
    'has a space in it',
    '${jndi:ldap://evil}',
    'a"b":"c12345',
    '4111111111111111',
  ])('then %# is ignored and a new one is made', async (given) => {
    const answer = await fetch(`${base}/things/1`, { headers: { 'x-request-id': given } });
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify(await told(1))).not.toContain(given);
  });

  it('then two of them are ignored', async () => {
    const answer = await raw(
      'GET /things/1 HTTP/1.1\r\nHost: a\r\nX-Request-Id: aaaaaaaa\r\nX-Request-Id: bbbbbbbb\r\n\r\n',
    );
    expect(answer).toMatch(/x-request-id: [0-9a-f]{32}\r\n/);
  });
});

describe('given a traceparent while this process does not trace', () => {
  it('then its trace goes on: in the answer, on the line, in what is handed on', async () => {
    const answer = await fetch(`${base}/things/1`, { headers: { traceparent: TRACEPARENT } });
    expect(answer.headers.get('traceparent')).toBe(TRACEPARENT);
    expect(await answer.json()).toMatchObject({ trace: TRACE, inject: TRACEPARENT });
    expect(await told(1)).toMatchObject([{ traceId: TRACE }]);
  });

  it.each([
    '',
    'x',
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `${TRACEPARENT}\t;x`.slice(2),
  ])('then a malformed one (%#) is left out', async (traceparent) => {
    const answer = await fetch(`${base}/things/1`, { headers: { traceparent } });
    expect(answer.headers.has('traceparent')).toBe(false);
  });
});

describe('given a body that arrives late and in pieces', () => {
  it('then the handler still has the context of its own request', async () => {
    const first = post('', 7);
    const answer = await raw(first, '{"a"', ':1}', post('{"a":1}') + post('{"b', 7), '":1}');
    const ids = [...answer.matchAll(/x-request-id: ([0-9a-f]{32})/g)].map((match) => match[1]);
    const seen = [...answer.matchAll(/"requestId":"([0-9a-f]{32})"/g)].map((match) => match[1]);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(3);
    expect(seen).toEqual(ids);
  });

  it('then the error handler has it, too', async () => {
    const answer = await raw(post('', 7), '{"a"', ':11');
    const id = /x-request-id: ([0-9a-f]{32})/.exec(answer)?.[1];
    expect(answer).toContain('400 Bad Request');
    expect(answer).toContain(`{"trace":"${id}"}`);
  });
});

describe('given requests that no handler answers', () => {
  it('then an unknown path, an unknown method and a malformed URL are told as unmatched, with an id', async () => {
    const answers = [
      await fetch(`${base}/nothing/rk_live_x`),
      await fetch(`${base}/things/1`, { method: 'DELETE' }),
      await fetch(`${base}/%zz`),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([404, 404, 400]);
    expect(await told(3)).toMatchObject([{ status: 404 }, { status: 404 }, { status: 400 }]);
    expect(lines.map((line) => line.route)).toEqual(['unmatched', 'unmatched', 'unmatched']);
    expect(lines.map((line) => line.requestId)).toEqual(answers.map((answer) => answer.headers.get('x-request-id')));
    expect(await answers[2]?.json()).toEqual({ trace: lines[2]?.traceId });
    expect(JSON.stringify(lines)).not.toContain('rk_live');
  });

  it('then a failure is an error line', async () => {
    expect((await fetch(`${base}/broken`)).status).toBe(500);
    expect(await told(1)).toMatchObject([{ level: 'error', status: 500, route: '/broken' }]);
  });

  it('then a client that goes away is counted as 499 and no longer active', async () => {
    await expect(fetch(`${base}/slow`, { signal: AbortSignal.timeout(50) })).rejects.toThrow();
    expect(await told(1)).toMatchObject([{ status: 499, route: '/slow' }]);
    expect((await renderMetrics()).body).toContain('http_server_active_requests 0');
  });

  it('then inject() is told, too', async () => {
    const answer = await fastify.inject('/things/1');
    const id = answer.headers['x-request-id'];
    expect(answer.json()).toMatchObject({ id, trace: id });
    expect(await told(1)).toMatchObject([{ route: '/things/:id', status: 200 }]);
  });
});

describe('given many requests at once', () => {
  it('then each line has the id its client was told', async () => {
    const ids = await Promise.all(
      Array.from({ length: 200 }, async () => (await fetch(`${base}/things/1`)).headers.get('x-request-id')),
    );
    await told(200);
    expect(new Set(ids).size).toBe(200);
    expect(lines.map((line) => line.requestId).sort()).toEqual(ids.sort());
  });
});

@Controller('releases')
class ReleasesController {
  @Get(':id')
  get(@Param('id') id: string, @Req() request: FastifyRequest): object {
    setContext({ tenantId: `tenant of ${id}` });
    return { id: request.id, trace: currentTraceId() };
  }
}

@Module({ controllers: [ReleasesController] })
class AppModule {}

describe('given a Nest application', () => {
  it('then routes are told by their template with the prefix', async () => {
    const adapter = new FastifyAdapter();
    registerRequestTelemetry(adapter.getInstance(), { logger });
    const app = await NestFactory.create<NestFastifyApplication>(AppModule, adapter, { logger });
    app.setGlobalPrefix('api/v1');
    await app.listen(0, '127.0.0.1');
    lines = [];
    const answer = await fetch(`${await app.getUrl()}/api/v1/releases/7`);
    expect(await answer.json()).toEqual({
      id: answer.headers.get('x-request-id'),
      trace: answer.headers.get('x-request-id'),
    });
    await (await fetch(`${await app.getUrl()}/api/v1/nothing`)).text();
    expect(await told(2)).toMatchObject([
      { route: '/api/v1/releases/:id', tenantId: 'tenant of 7', status: 200 },
      { route: 'unmatched', status: 404 },
    ]);
    await app.close();
  });
});
