import { afterAll, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { apiSettings, startApiProcess } from '../support/api-process.js';
import { Client, makeBareStore, type ProblemBody } from '../support/client.js';
import { createTestDatabase } from '../support/database.js';
import { SlowClients } from '../support/slow-clients.js';

/** Of each kind; the drill has more of them, and those that are slow in their body and in reading the answer. */
const SOCKETS = 150;

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

const inHeaders = slow.open(SOCKETS, 'GET /api/v1/me HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'a');
const silent = slow.open(SOCKETS, '', '');
await pause(200);

describe(`${2 * SOCKETS} connections that are slow`, () => {
  it('leave room for another client, whose requests are all answered', async () => {
    for (let i = 0; i < 100; i++) await me();
  });

  it('before the end of their headers are answered 408 and closed', async () => {
    const answers = await inHeaders;
    expect(answers.filter(({ status, closed }) => status !== 408 || !closed)).toEqual([]);
    expect((JSON.parse(answers[0]?.body ?? '{}') as ProblemBody).type).toBe('urn:recrate:problem:request-timeout');
  });

  it('before their first byte are closed, too', async () => {
    expect((await silent).filter(({ closed }) => !closed)).toEqual([]);
  });

  it('leave the api as it was', async () => {
    await me();
    expect(api.lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    expect(client.faults).toEqual([]);
  });
});
