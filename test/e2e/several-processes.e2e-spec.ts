import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { Client as PgClient } from 'pg';
import { parseId } from '#platform/kernel';
import type { Answer } from '../support/api.js';
import { type ApiProcess, apiSettings, startApiProcesses } from '../support/api-process.js';
import { type BareStore, Client, logFaults, makeBareStore } from '../support/client.js';
import { createTestDatabase } from '../support/database.js';
import { hammer } from '../support/load.js';
import { eventually, OwnRedis } from '../support/redis-server.js';

const PROCESSES = 4;

const database = await createTestDatabase();
const redis = await OwnRedis.create();
await redis.start();
const settings = apiSettings(database, { REDIS_URL: redis.url, API_PROCESSES: String(PROCESSES) });
const processes = await startApiProcesses(settings, PROCESSES).catch(async (error: unknown) => {
  await redis.remove();
  await database.drop();
  throw error;
});
const clients = processes.map(({ url }) => new Client(url, [503]));
const operatorToken = settings['OPERATOR_TOKEN'] ?? '';

afterAll(async () => {
  await Promise.all(processes.map((process) => process.kill()));
  await redis.remove();
  await database.drop();
});

interface Issued {
  readonly id: string;
  readonly key: string;
}

/** One of the clients: the first process answers the first, and so on. */
function at(i: number): Client {
  const client = clients[i % clients.length];
  if (!client) throw new Error('there is no such process');
  return client;
}

function processAt(i: number): ApiProcess {
  const process = processes[i];
  if (!process) throw new Error('there is no such process');
  return process;
}

const newStore = () => makeBareStore({ url: at(0).url, operatorToken });
const me = (i: number, key: string) => at(i).call('GET', '/api/v1/me', { key });
const operate = (method: string, { tenantId }: BareStore, path: string, body?: object) =>
  at(0).call(method, `/api/v1/platform/tenants/${tenantId}${path}`, { key: operatorToken, body });
const issue = (
  i: number,
  { key }: BareStore,
  name: string,
  headers: Record<string, string> = {},
): Promise<Answer<Issued>> =>
  at(i).call<Issued>('POST', '/api/v1/api-keys', { key, body: { name, scopes: ['key:read'] }, headers });

/** How many of a number of requests over all processes passed, and that the others were told to wait. */
async function passed(count: number, key: string): Promise<number> {
  const statuses: number[] = [];
  // Some at a time: a process that is flooded may take Redis for hung, and then counts by itself.
  const numbers = Array.from({ length: count }, (_, i) => i).values();
  const lane = async () => {
    for (const i of numbers) statuses.push((await me(i, key)).status);
  };
  await Promise.all(Array.from({ length: 40 }, lane));
  expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([]);
  return statuses.filter((status) => status === 200).length;
}

describe('what one process changes', () => {
  const changes: [
    name: string,
    status: number,
    change: (store: BareStore, key: Issued) => Promise<{ status: number }>,
  ][] = [
    [
      'a key that was revoked',
      401,
      (store, { id }) => at(0).call('POST', `/api/v1/api-keys/${id}/revoke`, { key: store.key }),
    ],
    [
      'a key that was rotated away',
      401,
      (store, { id }) =>
        at(0).call('POST', `/api/v1/api-keys/${id}/rotate`, { key: store.key, body: { overlapSeconds: 0 } }),
    ],
    ['a store that was suspended', 423, (store) => operate('POST', store, '/suspend', { reason: 'unpaid' })],
    ['a store that was deleted', 401, (store) => operate('DELETE', store, '')],
  ];

  /** Uses a key without pause until the answer is this one; answers when the last request that got another was sent. */
  async function lastOther(i: number, key: string, status: number): Promise<number> {
    let last = 0;
    const deadline = performance.now() + 5_000;
    for (let sentAt = performance.now(); sentAt < deadline; sentAt = performance.now()) {
      if ((await me(i, key)).status === status) return last;
      last = sentAt;
      await pause(10);
    }
    throw new Error(`process ${i} never answered ${status}`);
  }

  it.each(changes)('%s is refused by all within a second, while it is used all the time', async (_, status, change) => {
    const store = await newStore();
    const { body } = await issue(0, store, 'used');
    const used = clients.map((_client, i) => lastOther(i, body.key, status));
    await pause(100);
    expect((await change(store, body)).status).toBeLessThan(300);
    const changedAt = performance.now();
    expect((await me(0, body.key)).status).toBe(status);
    expect(Math.max(...(await Promise.all(used))) - changedAt).toBeLessThan(1_000);
  });

  it('a store that was resumed works everywhere within a second', async () => {
    const store = await newStore();
    await operate('POST', store, '/suspend', { reason: 'unpaid' });
    const used = clients.map((_client, i) => lastOther(i, store.key, 200));
    await pause(100);
    await operate('POST', store, '/resume');
    const resumedAt = performance.now();
    expect(Math.max(...(await Promise.all(used))) - resumedAt).toBeLessThan(1_000);
  });
});

describe('an Idempotency-Key', () => {
  it('has one effect, however many processes are asked at once', async () => {
    const store = await newStore();
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 48 }, (_, i) => issue(i, store, 'once', { 'idempotency-key': key })),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
    expect(made.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1);
    const keys = await database.admin('select 1 from identity.api_key where tenant_id = $1', [
      parseId('tenant', store.tenantId),
    ]);
    expect(keys).toHaveLength(2);
  });
});

describe('a limit', () => {
  const limit = async (): Promise<BareStore> => {
    const store = await newStore();
    await operate('PUT', store, '/limits', {
      requestsPerMinute: 100,
      keyRequestsPer10Seconds: 100_000,
      concurrentRequests: 10_000,
    });
    await pause(900);
    return store;
  };

  /**
   * How far what passed of a limit of 100 is off, never by more than another 100. A process that a busy machine starves
   * takes Redis for hung and counts by itself: hence up to three tries.
   */
  async function offBy(count: number): Promise<number> {
    let off = Infinity;
    for (let tries = 0; tries < 3 && off > 2; tries++) {
      off = Math.abs((await passed(count, (await limit()).key)) - 100);
      expect(off).toBeLessThanOrEqual(100);
    }
    return off;
  }

  it('of 100 lets 100 through, give or take 2, over all processes', async () => {
    expect(await offBy(1_200)).toBeLessThanOrEqual(2);
  });

  it('without Redis lets through at most twice as many, and some from every process; with Redis back it is exact again', async () => {
    const store = await limit();
    await redis.kill();
    const through = await passed(1_000, store.key);
    expect(through).toBeLessThanOrEqual(200);
    expect(through).toBeGreaterThanOrEqual(50);
    const other = await newStore();
    const health = await at(1).call<{ status: string }>('GET', '/api/v1/health', { key: other.key });
    expect([health.status, health.body.status]).toEqual([200, 'degraded']);
    expect((await fetch(`${processAt(1).adminUrl}/health/ready`)).status).toBe(200);
    await redis.start();
    const isUp = async (i: number) =>
      ((await at(i).call('GET', '/api/v1/health', { key: other.key })).body.status as unknown) === 'up';
    await Promise.all(clients.map((_, i) => eventually('Redis is back', () => isUp(i))));
    expect(await offBy(400)).toBeLessThanOrEqual(2);
  });
});

describe('kill -9', () => {
  it('loses nothing that was answered, and what was under way is done once when it is repeated elsewhere', async () => {
    const store = await newStore();
    const intents = Array.from({ length: 60 }, (_, i) => `intent ${i}`);
    const keyed = (name: string) => ({ 'idempotency-key': name.replace(' ', '-') });
    const sent = intents.map((name) =>
      issue(3, store, name, keyed(name)).then(
        (answer) => answer.text,
        () => undefined,
      ),
    );
    await Promise.race(sent);
    await pause(15);
    await processAt(3).kill();
    const before = await Promise.all(sent);
    const answered = before.filter((text) => text !== undefined);
    expect(answered.length).toBeGreaterThan(0);
    expect(answered.length).toBeLessThan(intents.length);
    const repeated = await Promise.all(
      intents.map(async (name, i) => {
        let answer = await issue(i % 3, store, name, keyed(name));
        // The killed process's transaction ends when PostgreSQL notices that its client is gone.
        for (let tries = 0; answer.status === 409 && tries < 50; tries++, await pause(50))
          answer = await issue(i % 3, store, name, keyed(name));
        return answer;
      }),
    );
    expect(repeated.filter(({ status }) => status !== 201)).toEqual([]);
    expect(before.flatMap((text, i) => (text === undefined || text === repeated[i]?.text ? [] : [text]))).toEqual([]);
    const rows = await database.admin<{ name: string }>(
      `select name from identity.api_key where tenant_id = $1 and name like 'intent %'`,
      [parseId('tenant', store.tenantId)],
    );
    expect(rows.map(({ name }) => name).sort()).toEqual([...intents].sort());
    for (const { body } of repeated.slice(0, 5)) expect((await me(0, body.key)).status).toBe(200);
  });
});

describe('SIGTERM under load', () => {
  it('turns readiness off first, answers what it has taken, refuses the rest, and ends with 0', async () => {
    const draining = processAt(2);
    const store = await newStore();
    const lock = new PgClient({ connectionString: database.ownerUrl });
    await lock.connect();
    await lock.query(`select pg_advisory_lock(hashtextextended('identity.audit ' || $1, 0))`, [
      parseId('tenant', store.tenantId),
    ]);
    const names = Array.from({ length: 8 }, (_, i) => `taken ${i}`);
    const taken = names.map((name) => issue(2, store, name));
    const waiting = `select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`;
    await eventually('all are under way', async () => (await database.admin(waiting)).length === names.length);
    const load = hammer(() => me(2, store.key));
    await pause(200);
    load.allowRefusals();
    draining.signal('SIGTERM');
    await eventually('readiness is off', async () => (await fetch(`${draining.adminUrl}/health/ready`)).status === 503);
    expect((await fetch(`${draining.adminUrl}/health/live`)).status).toBe(200);
    await eventually('it takes no new connection', () =>
      fetch(`${draining.url}/api/docs`).then(
        () => false,
        () => true,
      ),
    );
    // All this while what it has taken is still under way.
    expect(await database.admin(waiting)).toHaveLength(names.length);
    await lock.end();
    const answers = await Promise.all(taken);
    expect(answers.map(({ status }) => status)).toEqual(Array(names.length).fill(201));
    for (const { body } of answers) expect((await me(0, body.key)).status).toBe(200);
    expect(await draining.ended).toEqual({ code: 0, signal: null });
    const { done, failed, refused } = await load.stop();
    expect(done).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(0);
    expect(failed).toEqual([]);
    expect(draining.lines.filter((line) => line.includes('"drained"'))).toHaveLength(1);
  });
});

describe('every answer of these tests', () => {
  it('was a result or a well-formed refusal, and told nothing of the machinery', () => {
    expect(clients.flatMap(({ faults }) => faults)).toEqual([]);
  });

  it('left log lines without secrets, on standard output and standard error', () => {
    for (const { lines } of processes)
      expect(logFaults(lines, [operatorToken, settings['RECRATE_SECRET'] ?? ''])).toEqual([]);
  });
});
