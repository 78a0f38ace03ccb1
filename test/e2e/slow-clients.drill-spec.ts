import type { Socket } from 'node:net';
import { afterAll, describe, expect, it } from '@jest/globals';
import { apiSettings, startApiProcess } from '../support/api-process.js';
import { Client, makeBareStore } from '../support/client.js';
import { createTestDatabase } from '../support/database.js';
import { type RawAnswer, rawSocket } from '../support/raw-http.js';
import { eventually } from '../support/redis-server.js';
import { SlowClients } from '../support/slow-clients.js';

/** Of each kind of slow client. */
const SOCKETS = 500;
/** Answers of 1.6 MB that a reader asks for in one breath: more than the two kernels hold. */
const ANSWERS = 6;
const READERS = 20;

const database = await createTestDatabase();
const settings = apiSettings(database);
const api = await startApiProcess(settings);
const client = new Client(api.url);
const store = await makeBareStore({ url: api.url, operatorToken: settings['OPERATOR_TOKEN'] ?? '' });
const slow = new SlowClients(api.url);

afterAll(async () => {
  slow.end();
  await api.kill();
  await database.drop();
});

const me = async () => expect((await client.call('GET', '/api/v1/me', { key: store.key })).status).toBe(200);

/** Asks for large answers and reads none of them. */
function neverRead(): Socket {
  const socket = rawSocket(api.url).pause();
  socket.write('GET /api/docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(ANSWERS));
  return socket;
}

describe(`${3 * SOCKETS} connections that are slow, and some that do not read`, () => {
  it('are closed, and another client is answered all the while', async () => {
    const head = `POST /api/v1/api-keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${store.key}\r\nContent-Type: application/json\r\n`;
    const inHeaders = slow.open(SOCKETS, 'GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'a');
    const inBodies = slow.open(SOCKETS, `${head}Content-Length: 1000\r\n\r\n{"name":"`, 'a');
    const silent = slow.open(SOCKETS, '', '');
    const readers = Array.from({ length: READERS }, neverRead);
    for (let i = 0; i < 1_000; i++) await me();
    const notTimedOut = ({ status, closed }: RawAnswer): boolean => status !== 408 || !closed;
    expect((await inHeaders).filter(notTimedOut)).toEqual([]);
    expect((await silent).filter(({ closed }) => !closed)).toEqual([]);
    expect((await inBodies).filter(notTimedOut)).toEqual([]);
    const givenUp = (): number => api.lines.filter((line) => line.includes('/api/docs/swagger-ui-bundle.js')).length;
    await eventually('unread answers are given up, as the log tells', () => givenUp() === ANSWERS * READERS, 100_000);
    for (const socket of readers) socket.destroy();
    await me();
    expect(client.faults).toEqual([]);
  }, 150_000);
});
