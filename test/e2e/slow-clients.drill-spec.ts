import { once } from 'node:events';
import { afterAll, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { apiSettings, startApiProcess } from '../support/api-process.js';
import { Client, makeStore } from '../support/client.js';
import { createTestDatabase } from '../support/database.js';
import { rawSocket } from '../support/raw-http.js';
import { latencies, quantile, SlowClients } from '../support/slow-clients.js';

/** Of each kind, as hostile check H14 has it. */
const SOCKETS = 500;
/** Answers of 1.6 MB that a reader asks for in one breath: more than the two kernels hold. */
const ANSWERS = 6;

const database = await createTestDatabase();
const settings = apiSettings(database);
const api = await startApiProcess(settings);
const client = new Client(api.url);
const store = await makeStore({ url: api.url, operatorToken: settings['OPERATOR_TOKEN'] ?? '' });
const slow = new SlowClients(api.url);

afterAll(async () => {
  slow.end();
  await api.kill();
  await database.drop();
});

const me = async () => expect((await client.call('GET', '/api/v1/me', { key: store.key })).status).toBe(200);

/** Asks for large answers and reads none of them; answers how long the api bore with it. */
async function unread(): Promise<number> {
  const socket = rawSocket(api.url).pause();
  socket.write('GET /api/docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(ANSWERS));
  const from = performance.now();
  const asked = (): number => api.lines.filter((line) => line.includes('/api/docs/swagger-ui-bundle.js')).length;
  while (asked() < ANSWERS * 20 && performance.now() - from < 70_000) await pause(250);
  const afterMs = performance.now() - from;
  socket.resume().destroy();
  if (!socket.closed) await once(socket, 'close');
  return afterMs;
}

describe(`${3 * SOCKETS} connections that are slow, and some that do not read`, () => {
  it('are closed in time and do not slow another client down', async () => {
    await latencies(300, me);
    const calm = await latencies(1_000, me);
    const head = `POST /api/v1/api-keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${store.key}\r\nContent-Type: application/json\r\n`;
    const inHeaders = slow.open(SOCKETS, 'GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'a');
    const inBodies = slow.open(SOCKETS, `${head}Content-Length: 1000\r\n\r\n{"name":"`, 'a');
    const silent = slow.open(SOCKETS, '', '');
    const readers = Promise.all(Array.from({ length: 20 }, unread));
    await pause(1_000);
    const busy = await latencies(1_000, me);
    expect(quantile(0.99, busy)).toBeLessThan(2 * Math.max(quantile(0.99, calm), 20));
    const late = (limit: number) => (answer: { closed: boolean; afterMs: number }) =>
      !answer.closed || answer.afterMs > limit;
    expect((await inHeaders).filter((answer) => answer.status !== 408 || late(10_600)(answer))).toEqual([]);
    expect((await silent).filter(late(10_600))).toEqual([]);
    expect((await inBodies).filter((answer) => answer.status !== 408 || late(30_600)(answer))).toEqual([]);
    expect(Math.max(...(await readers))).toBeLessThan(62_000);
    await me();
    expect(client.faults).toEqual([]);
  }, 120_000);
});
