import { METHODS, type Server } from 'node:http';
import { afterAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Bus } from '#platform/persistence';
import { startTestApi } from '../support/api.js';
import { Client, logFaults, makeStore, pathOf, PATIENT, type ProblemBody } from '../support/client.js';
import { digestOf } from '../support/digest.js';
import { idIn } from '../support/examples.js';
import { answerOn, type RawAnswer, rawSocket, sendRaw } from '../support/raw-http.js';
import { allRoutesOf, isOperators, routesOf, writes } from '../support/routes.js';

const api = await startTestApi(PATIENT);
const client = new Client(api.url);
const store = await makeStore(api);
const routes = routesOf(api);
const { key } = store;
const me = '/api/v1/me';

afterAll(() => api.close());

const problemOf = ({ body }: RawAnswer) => JSON.parse(body) as ProblemBody;
/** Commands and queries that came from a controller. */
const sent = jest.spyOn(Bus.prototype, 'execute');

describe('a request that is not HTTP/1.1', () => {
  beforeEach(() => void sent.mockClear());

  const HEAD = `Host: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\n`;
  const smuggled = `GET /api/v1/platform/tenants HTTP/1.1\r\nHost: x\r\n\r\n`;
  const post = (framing: string, body = ''): string =>
    `POST /api/v1/api-keys HTTP/1.1\r\n${HEAD}${framing}\r\n\r\n${body}`;
  const refusedByParser: Record<string, string> = {
    'with a length and chunks': post('Content-Length: 6\r\nTransfer-Encoding: chunked', `0\r\n\r\n${smuggled}`),
    'with chunks and a length': post('Transfer-Encoding: chunked\r\nContent-Length: 6', `0\r\n\r\n${smuggled}`),
    'with two lengths': post('Content-Length: 2\r\nContent-Length: 3', '{}x'),
    'with the same length twice': post('Content-Length: 2\r\nContent-Length: 2', '{}'),
    'with a list of lengths': post('Content-Length: 2, 2', '{}'),
    'with a length +2': post('Content-Length: +2', '{}'),
    'with a length 0x2': post('Content-Length: 0x2', '{}'),
    'with a length below zero': post('Content-Length: -1', '{}'),
    'with an unknown transfer coding': post('Transfer-Encoding: xchunked', '0\r\n\r\n'),
    'with chunked in the wrong place': post('Transfer-Encoding: chunked, gzip', '0\r\n\r\n'),
    'with a blank before the colon': post('Transfer-Encoding : chunked', '0\r\n\r\n'),
    'with a chunk size that is none': post('Transfer-Encoding: chunked', 'zz\r\n{}\r\n0\r\n\r\n'),
    'with a folded header': `GET ${me} HTTP/1.1\r\n${HEAD}X-A: b\r\n c\r\n\r\n`,
    'with bare line feeds': `GET ${me} HTTP/1.1\nHost: x\n\n`,
    'with a bare line feed in a header': `GET ${me} HTTP/1.1\r\n${HEAD}X-A: b\nX-B: c\r\n\r\n`,
    'with a bare carriage return in a header': `GET ${me} HTTP/1.1\r\n${HEAD}X-A: b\rX-B: c\r\n\r\n`,
    'with a blank in the name of a header': `GET ${me} HTTP/1.1\r\n${HEAD}X A: b\r\n\r\n`,
    'with a zero byte in a header': `GET ${me} HTTP/1.1\r\n${HEAD}X-A: \0b\r\n\r\n`,
    'of HTTP/2 without its negotiation': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  };

  it.each(Object.entries(refusedByParser))(
    '%s is refused by the parser, and the connection closed',
    async (_, bytes) => {
      const before = await digestOf(api.database);
      const answer = await sendRaw(api.url, bytes);
      expect(answer).toMatchObject({ status: 400, closed: true });
      expect(problemOf(answer)).toMatchObject({
        type: 'urn:recrate:problem:bad-request',
        traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      });
      expect(sent).not.toHaveBeenCalled();
      expect(await digestOf(api.database)).toEqual(before);
    },
  );

  it.each(['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'hello\r\n\r\n', '\0\0\0\0', '{}\r\n\r\n', '\r\n\r\n\r\nx'])(
    'at all, such as %j, is refused and the connection closed',
    async (bytes) => {
      const answer = await sendRaw(api.url, bytes);
      expect(answer).toMatchObject({ status: 405, closed: true });
      expect(problemOf(answer).type).toBe('urn:recrate:problem:method-not-allowed');
    },
  );

  const refusedByHook: Record<string, string> = {
    'without Host': `GET ${me} HTTP/1.1\r\nAuthorization: Bearer ${key}\r\n\r\n`,
    'with two Hosts': `GET ${me} HTTP/1.1\r\nHost: x\r\nHost: y\r\nAuthorization: Bearer ${key}\r\n\r\n`,
  };

  it.each(Object.entries(refusedByHook))('%s is refused before it reaches a route', async (_, bytes) => {
    const answer = await sendRaw(api.url, bytes);
    expect(answer.status).toBe(400);
    expect(problemOf(answer).type).toBe('urn:recrate:problem:bad-request');
    expect(sent).not.toHaveBeenCalled();
  });

  it('never lets a second request ride along in the body of a refused one', async () => {
    const socket = rawSocket(api.url);
    const hidden = `DELETE /api/v1/platform/tenants/${store.tenantId} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.operatorToken}\r\n\r\n`;
    socket.write(post('Content-Length: 6\r\nTransfer-Encoding: chunked', `0\r\n\r\n${hidden}`));
    expect(await answerOn(socket, 500)).toMatchObject({ status: 400, closed: true });
    expect(sent).not.toHaveBeenCalled();
  });

  it('with headers of more than 16 KiB answers 431, and with an endless path', async () => {
    for (const bytes of [
      `GET ${me} HTTP/1.1\r\n${HEAD}X-A: ${'a'.repeat(17_000)}\r\n\r\n`,
      `GET /${'a'.repeat(17_000)} HTTP/1.1\r\n${HEAD}\r\n`,
    ]) {
      expect(await sendRaw(api.url, bytes)).toMatchObject({ status: 431, closed: true });
    }
  });

  it('with an expectation nobody knows is answered as one without', async () => {
    expect(await sendRaw(api.url, `GET ${me} HTTP/1.1\r\n${HEAD}Expect: banana\r\n\r\n`)).toMatchObject({
      status: 200,
    });
  });

  it('of HTTP/1.0 needs no Host', async () => {
    expect(await sendRaw(api.url, `GET ${me} HTTP/1.0\r\nAuthorization: Bearer ${key}\r\n\r\n`)).toMatchObject({
      status: 200,
    });
  });
});

describe('the server', () => {
  it('gives up a request that is slow after 10 s in its headers, 30 s in its body, 60 s in the reading of its answer', () => {
    const { headersTimeout, requestTimeout, timeout } = api.app.getHttpServer() as Server;
    const looksEveryMs = 2_000;
    expect(headersTimeout + looksEveryMs).toBeLessThanOrEqual(10_000);
    expect(requestTimeout + looksEveryMs).toBeLessThanOrEqual(30_000);
    // Node looks at an unread answer twice before it closes the connection.
    expect(2 * timeout).toBeLessThanOrEqual(60_000);
  });
});

describe('a path that cannot be read', () => {
  const paths = [
    '/%',
    '/api/v1/%zz',
    '/api/v1/me%',
    '/api/v1/m%c3%28',
    '/api/v1/%ff',
    `/api/v1/api-keys/${'a'.repeat(300)}`,
    `/api/v1/platform/tenants/${'a'.repeat(300)}`,
  ];

  it.each(paths)('%s answers 404 as a problem, without an echo', async (path) => {
    const answer = await sendRaw(api.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer.status).toBe(404);
    expect(problemOf(answer)).toMatchObject({ type: 'urn:recrate:problem:not-found', code: 'http.not_found' });
    expect(answer.body).not.toContain(path.slice(1));
    expect(answer.head).toMatch(/cache-control: private, no-store/);
    expect(answer.head).toMatch(/x-request-id: [0-9a-f]{32}/);
  });
});

describe('a method', () => {
  const paths = [...new Set(routes.map(({ path }) => path))];
  const methodsAt = (path: string) =>
    allRoutesOf(api)
      .filter((route) => route.path === path)
      .map(({ method }) => method);
  const others = [...METHODS, 'FOO', 'get'].filter((method) => method !== 'CONNECT');

  it.each(paths)('that %s does not take answers 405 with Allow, whatever it is', async (path) => {
    const own = methodsAt(path);
    const allowed = [...new Set([...own, ...(own.includes('GET') ? ['HEAD'] : [])])];
    const wrong = others.filter((method) => !allowed.includes(method));
    const answers = await Promise.all(
      wrong.map(async (method) => {
        const { status, head } = await sendRaw(
          api.url,
          `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
        );
        return { method, status, allow: /^allow: (.+)$/im.exec(head)?.[1]?.split(', ') ?? [] };
      }),
    );
    expect(
      answers.filter(({ status, allow }) => status !== 405 || !allowed.every((method) => allow.includes(method))),
    ).toEqual([]);
    for (const method of ['TRACE', 'OPTIONS'].filter((name) => wrong.includes(name))) {
      expect(answers.find((answer) => answer.method === method)?.allow.sort()).toEqual(allowed.sort());
    }
  });

  it('CONNECT opens no tunnel', async () => {
    for (const target of ['127.0.0.1:5432', 'x:80', '/api/v1/me']) {
      expect(await sendRaw(api.url, `CONNECT ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatchObject({
        status: 405,
        closed: true,
      });
    }
  });

  it('cannot be overridden', async () => {
    const made = await client.call<{ id: string }>('POST', '/api/v1/platform/tenants', {
      key: api.operatorToken,
      body: { name: 'Kept', mode: 'test' },
    });
    const path = `/api/v1/platform/tenants/${made.body.id}`;
    for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
      const headers = { [name]: 'DELETE' };
      expect((await client.call('GET', path, { key: api.operatorToken, headers })).status).toBe(200);
      expect((await client.call('POST', path, { key: api.operatorToken, headers, body: {} })).status).toBe(405);
    }
    expect((await client.call('POST', `${path}?_method=DELETE`, { key: api.operatorToken, body: {} })).status).toBe(
      405,
    );
    expect((await client.call('GET', path, { key: api.operatorToken })).body['state']).toBe('active');
  });

  it('HEAD answers as GET does, without the body', async () => {
    for (const route of routes.filter((one) => !writes(one))) {
      const path = pathOf(route, idIn(store));
      const credential = isOperators(route) ? api.operatorToken : key;
      const answer = await client.call('HEAD', path, { key: credential });
      expect([route.name, answer.status, answer.text]).toEqual([route.name, 200, '']);
    }
  });
});

describe('every answer of these tests', () => {
  it('was a result or a well-formed refusal, and told nothing of the machinery', () => {
    expect(client.count).toBeGreaterThan(50);
    expect(client.faults).toEqual([]);
  });

  it('left log lines without secrets', () => {
    expect(logFaults(api.logs, [key.slice(25), api.operatorToken])).toEqual([]);
  });
});
