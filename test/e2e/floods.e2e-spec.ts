import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { apiSettings, startApiProcess } from '../support/api-process.js';
import { type BareStore, Client, logFaults, makeBareStore } from '../support/client.js';
import { createTestDatabase } from '../support/database.js';
import { answerOn, rawSocket } from '../support/raw-http.js';

const database = await createTestDatabase();
await database.admin('create extension pg_stat_statements');
const settings = apiSettings(database);
const operatorToken = settings['OPERATOR_TOKEN'] ?? '';
const api = await startApiProcess(settings).catch(async (error: unknown) => {
  await database.drop();
  throw error;
});
const client = new Client(api.url);

afterAll(async () => {
  await api.kill();
  await database.drop();
});

const newStore = () => makeBareStore({ url: api.url, operatorToken });

describe('the admin port', () => {
  // So many are open in an api that is at work; what it does by itself beside the probes may need one of them.
  beforeAll(() => Promise.all(Array.from({ length: 3 }, newStore)));

  const connections = async (): Promise<number> => {
    const [row] = await database.admin<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity where datname = current_database() and application_name = 'recrate-api'`,
    );
    return row?.count ?? 0;
  };
  const probes = async (): Promise<number> => {
    const [row] = await database.admin<{ calls: number }>(
      `select coalesce(sum(calls), 0)::int as calls from pg_stat_statements
        where dbid = (select oid from pg_database where datname = current_database()) and query in ('select $1', 'select 1')`,
    );
    return row?.calls ?? 0;
  };

  it('answers a flood of a thousand probes with a check or two, and opens no connection for them', async () => {
    const { adminUrl } = api;
    await fetch(`${adminUrl}/health/ready`);
    const before = { connections: await connections(), probes: await probes() };
    const from = performance.now();
    const probe = async (i: number): Promise<number> => {
      const answer = await fetch(`${adminUrl}/health/${i % 4 ? 'ready' : 'live'}`);
      await answer.arrayBuffer();
      return answer.status;
    };
    const statuses: number[] = [];
    // A probe at a time on each of 100 connections: beyond 256 connections the admin port takes none.
    const prober = async () => {
      for (let i = 0; i < 10; i++) statuses.push(await probe(i));
    };
    await Promise.all(Array.from({ length: 100 }, prober));
    const seconds = (performance.now() - from) / 1_000;
    expect(statuses).toEqual(Array(1_000).fill(200));
    expect(await connections()).toBeLessThanOrEqual(before.connections);
    expect((await probes()) - before.probes).toBeLessThanOrEqual(2 + Math.ceil(seconds));
  });

  it('alone has the metrics', async () => {
    expect(
      (await (await fetch(`${api.adminUrl}/metrics`)).text()).includes('http_server_request_duration_seconds'),
    ).toBe(true);
    expect((await client.call('GET', '/metrics')).status).toBe(404);
  });
});

describe('an endless body', () => {
  const endless: [name: string, framing: string, piece: Buffer][] = [
    [
      'in chunks without a length',
      'Transfer-Encoding: chunked',
      Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 0x20), Buffer.from('\r\n')]),
    ],
    ['of a length of 100 MB', 'Content-Length: 104857600', Buffer.alloc(65_536, 0x20)],
  ];

  /** Sends up to 100 MB as fast as the api takes it; answers what it took until it closed. */
  async function pour(store: BareStore, framing: string, piece: Buffer): Promise<{ takenMib: number; status: number }> {
    const socket = rawSocket(api.url);
    const answer = answerOn(socket, 5_000);
    socket.write(
      `POST /api/v1/api-keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${store.key}\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`,
    );
    for (let sent = 0; sent < 100 * 1_048_576 && !socket.destroyed && socket.writable; sent += piece.length) {
      if (!socket.write(piece)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), answer]);
    }
    const { status } = await answer;
    return { takenMib: socket.bytesWritten / 1_048_576, status };
  }

  it.each(endless)('%s is read to the limit and no further', async (_, framing, piece) => {
    const store = await newStore();
    for (let i = 0; i < 3; i++) await pour(store, framing, piece);
    const growths = [];
    for (let i = 0; i < 3; i++) {
      const before = api.residentMib();
      const { takenMib } = await pour(store, framing, piece);
      // What the two kernels hold of the connection is in it, too.
      expect(takenMib).toBeLessThan(16);
      growths.push(api.residentMib() - before);
    }
    expect(Math.min(...growths)).toBeLessThan(5);
    expect((await client.call('GET', '/api/v1/me', { key: store.key })).status).toBe(200);
  });

  it.each(endless)(
    '%s is answered 413, which a client can read that went on sending for a while',
    async (_, framing, piece) => {
      const store = await newStore();
      const socket = rawSocket(api.url);
      socket.write(
        `POST /api/v1/api-keys HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${store.key}\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`,
      );
      for (let i = 0; i < 20; i++, await pause(10)) socket.write(piece);
      expect(await answerOn(socket, 5_000)).toMatchObject({ status: 413, closed: true });
    },
  );
});

describe('every answer of these tests', () => {
  it('was a result or a well-formed refusal, and told nothing of the machinery', () => {
    expect(client.faults).toEqual([]);
  });

  it('left log lines without secrets, on standard output and standard error', () => {
    expect(logFaults(api.lines, [operatorToken, settings['RECRATE_SECRET'] ?? ''])).toEqual([]);
  });
});
