import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import Fastify from 'fastify';
import { declareErrors } from '#platform/kernel';
import { runInContext, setContext } from './context.js';
import { createLogger } from './logger.js';
import { renderMetrics } from './metrics.js';
import { registerRequestTelemetry } from './request-log.js';
import { currentTraceId, injectTraceContext, startTracing, withExtractedContext, withSpan } from './tracing.js';

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  status: { code?: number };
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
}

const REMOTE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const errors = declareErrors('tracing_spec', { refused: { problem: 'conflict', when: 'Never.' } });

let collector: Server;
let spans: Span[];
let seen: { url?: string; headers: IncomingHttpHeaders; service?: string }[];
let stop: () => Promise<void> = () => Promise.resolve();

beforeEach(async () => {
  spans = [];
  seen = [];
  collector = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(body) as {
        resourceSpans: { resource: { attributes: Span['attributes'] }; scopeSpans: { spans: Span[] }[] }[];
      };
      for (const { resource, scopeSpans } of resourceSpans) {
        const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue;
        seen.push({ url: request.url, headers: request.headers, service });
        spans.push(...scopeSpans.flatMap((scope) => scope.spans));
      }
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  await stop();
  collector.closeAllConnections();
  collector.close();
});

async function trace(options: { sampleRatio?: number } = {}): Promise<void> {
  const otlpEndpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/`;
  stop = await startTracing({ serviceName: 'api', otlpEndpoint, otlpHeaders: { 'x-collector-key': 'k' }, ...options });
}

const named = (name: string): Span | undefined => spans.find((span) => span.name === name);
const attribute = (span: Span | undefined, key: string): unknown =>
  Object.values(span?.attributes.find((each) => each.key === key)?.value ?? {})[0];

describe('given no endpoint', () => {
  it('then spans only call their function', async () => {
    stop = await startTracing({ serviceName: 'api' });
    expect(withSpan('a', {}, () => 1)).toBe(1);
    expect(injectTraceContext()).toBeUndefined();
    expect(currentTraceId()).toMatch(/^[0-9a-f]{32}$/);
  });

  it('then a trace is still handed on, so that lines of both processes can be joined', () => {
    const context = { requestId: 'r', traceId: 'a'.repeat(32) };
    const carried = runInContext(context, injectTraceContext);
    expect(withExtractedContext(carried, currentTraceId)).toBe('a'.repeat(32));
    expect(withExtractedContext(REMOTE, injectTraceContext)).toBe(REMOTE);
    expect(withExtractedContext('nonsense', currentTraceId)).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('given a collector', () => {
  it('then nested spans arrive over OTLP with parents, kinds, tenant and service', async () => {
    await trace();
    const result = await runInContext({ requestId: 'r', traceId: 'b'.repeat(32), tenantId: 't-1' }, () =>
      withSpan('outer', {}, async () => {
        await sleep(1);
        return withSpan('inner', { 'db.system.name': 'postgresql' }, () => 7);
      }),
    );
    await withSpan('send', { 'messaging.operation.type': 'send' }, () => sleep(1));
    await stop();
    expect(result).toBe(7);
    const [outer, inner] = [named('outer'), named('inner')];
    expect(inner).toMatchObject({ traceId: outer?.traceId, parentSpanId: outer?.spanId, kind: 3 });
    expect([outer?.kind, named('send')?.kind]).toEqual([1, 4]);
    expect(attribute(outer, 'app.tenant_id')).toBe('t-1');
    expect(seen[0]).toMatchObject({ url: '/v1/traces', service: 'api', headers: { 'x-collector-key': 'k' } });
  });

  it('then failures are marked by type without their text, and refusals are no failures', async () => {
    await trace();
    await expect(withSpan('fails', {}, () => Promise.reject(new TypeError('secret text')))).rejects.toThrow(
      'secret text',
    );
    expect(() => withSpan('refuses', {}, () => { throw errors.refused('no'); })).toThrow('no'); // prettier-ignore
    await stop();
    expect(named('fails')?.status.code).toBe(2);
    expect(attribute(named('fails'), 'error.type')).toBe('TypeError');
    expect(named('refuses')?.status.code).not.toBe(2);
    expect(attribute(named('refuses'), 'error.type')).toBe('tracing_spec.refused');
    expect(JSON.stringify(spans)).not.toContain('secret text');
  });

  it('then a trace crosses a queue: the consumer is a child of the producer', async () => {
    await trace();
    const message = withSpan('produce', {}, () => JSON.stringify({ traceparent: injectTraceContext() }));
    const { traceparent } = JSON.parse(message) as { traceparent: string };
    const traceId = await withExtractedContext(traceparent, () =>
      withSpan('consume', { 'messaging.operation.type': 'process' }, () => Promise.resolve(currentTraceId())),
    );
    await stop();
    expect(named('consume')).toMatchObject({ traceId, parentSpanId: named('produce')?.spanId, kind: 5 });
    expect(named('produce')?.traceId).toBe(traceId);
  });

  it('then with a ratio of 0 nothing is sent, whatever the client demands', async () => {
    await trace({ sampleRatio: 0 });
    const flags = withExtractedContext(REMOTE, () => withSpan('a', {}, injectTraceContext))?.slice(-2);
    await stop();
    expect([flags, spans]).toEqual(['00', []]);
  });
});

describe('given a request while tracing', () => {
  it("then it is a server span in the client's trace, named by its route, and everyone tells the same trace", async () => {
    await trace();
    const lines: Record<string, unknown>[] = [];
    const logger = createLogger({
      service: 'api',
      destination: { write: (line) => void lines.push(JSON.parse(line)) },
    });
    const fastify = Fastify();
    registerRequestTelemetry(fastify, { logger });
    fastify.post('/things/:id', async () => {
      setContext({ tenantId: 't-9' });
      logger.log('inside');
      return withSpan('command', {}, async () => ({ trace: currentTraceId() }));
    });
    fastify.get('/broken', () => Promise.reject(new Error('no')));
    const base = await fastify.listen({ port: 0, host: '127.0.0.1' });
    const headers = { traceparent: REMOTE, 'content-type': 'application/json' };
    const answer = await fetch(`${base}/things/1`, { method: 'POST', headers, body: '{"a":1}' });
    await (await fetch(`${base}/broken`)).text();
    await sleep(20);
    await fastify.close();
    await stop();
    const traceId = REMOTE.slice(3, 35);
    const server = named('POST /things/:id');
    expect(server).toMatchObject({ traceId, parentSpanId: '00f067aa0ba902b7', kind: 2 });
    expect(named('command')).toMatchObject({ traceId, parentSpanId: server?.spanId });
    expect(answer.headers.get('traceparent')).toBe(`00-${traceId}-${server?.spanId}-01`);
    expect(await answer.json()).toEqual({ trace: traceId });
    expect(lines.slice(0, 2)).toMatchObject([
      { msg: 'inside', traceId },
      { msg: 'request', traceId, tenantId: 't-9' },
    ]);
    expect(attribute(server, 'http.response.status_code')).toBe(200);
    expect(attribute(server, 'app.tenant_id')).toBe('t-9');
    expect(named('GET /broken')?.status.code).toBe(2);
    expect((await renderMetrics()).body).toContain(`# {trace_id="${traceId}"}`);
  });
});

describe('given a collector that is down or hangs', () => {
  it('then the process ends without it, and it is said once', async () => {
    const said: unknown[] = [];
    Logger.overrideLogger(createLogger({ service: 'api', destination: { write: (line) => void said.push(line) } }));
    collector.removeAllListeners('request');
    await trace();
    for (let i = 0; i < 1_200; i++) withSpan('a', {}, () => i);
    await stop();
    Logger.overrideLogger(false);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('traces are not delivered');
  });
});
