import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Bull from 'bull';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { newUuid } from '#platform/kernel';
import { createAdditiveTable, csvOf, FreightApp, goodRows } from '../support/freight.js';
import { FreightWorkers } from '../support/freight-workers.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { eventually, OwnRedis } from '../support/redis-server.js';

const ROWS = 200;
const CONTENT = csvOf(goodRows(ROWS));
const EXACT = { items: ROWS, sum: (ROWS * (ROWS + 1)) / 2, most: 1 };

describe('imports while the servers die, forget and come back', () => {
  let server: OwnPostgres;
  let redis: OwnRedis;
  let app: FreightApp;
  let workers: FreightWorkers;

  beforeAll(async () => {
    server = await OwnPostgres.create();
    await createAdditiveTable(server.database);
  });
  beforeEach(async () => {
    redis = await OwnRedis.create();
    await redis.start();
    app = await FreightApp.start(server.database, { workers: 0, redisUrl: redis.url });
    workers = new FreightWorkers({
      databaseUrl: server.database.workerUrl,
      redisUrl: redis.url,
      uploads: app.uploads,
      delayMs: 30,
    });
    await Promise.all([workers.start(), workers.start()]);
  });
  afterEach(async () => {
    await workers.killAll();
    const faults = await app.accountingFaults();
    await app.stop();
    await redis.remove();
    expect(faults).toEqual([]);
  });
  afterAll(() => server.remove());

  /** Runs an import, does something to it while it is under way, and says what came out. */
  async function importDuring(disturb: () => Promise<void>): Promise<void> {
    const store = app.newStore();
    const { id } = await app.start(store, CONTENT, { batchSize: 4 });
    await eventually('it is under way', async () => (await app.job(store, id)).progress.done > 0);
    await disturb();
    const job = await app.over(store, id, 60_000);
    expect(job).toMatchObject({ state: 'completed', counts: { total: ROWS, created: ROWS, failed: 0 } });
    expect(await app.effects(store)).toEqual(EXACT);
  }
  async function onRedis(act: (client: Redis) => Promise<unknown>): Promise<void> {
    const client = new Redis(redis.url);
    try {
      await act(client);
    } finally {
      client.disconnect();
    }
  }

  it('come out exact when Redis is flushed again and again', () =>
    importDuring(() =>
      onRedis(async (client) => {
        for (let times = 0; times < 5; times++) {
          await client.flushall();
          await sleep(100);
        }
      }),
    ));

  it('come out exact when Redis forgets its scripts', () =>
    importDuring(() => onRedis((client) => client.script('FLUSH'))));

  it('go on while Redis is away, and through the queue when it is back', () =>
    importDuring(async () => {
      await redis.kill();
      await sleep(1_500);
      await redis.start();
    }));

  it('come out exact when every entry of the queue comes twice, and forged ones with it', () =>
    importDuring(async () => {
      const queue = new Bull('tasks', redis.url, { prefix: '{bull}' });
      const options = { removeOnComplete: true, removeOnFail: true };
      for (let times = 0; times < 20; times++) {
        const waiting = await queue.getWaiting(0, 50);
        for (const job of waiting) if (job) await queue.add(job.data, options);
        await queue.add({ tenantId: newUuid(), taskId: newUuid(), dispatchNo: 1 }, options);
        await queue.add({ tenantId: "' or true --", taskId: { all: true } }, options);
        await sleep(30);
      }
      await queue.close();
    }));

  it('come out exact when PostgreSQL is killed and comes back', () =>
    importDuring(async () => {
      await server.kill();
      await sleep(500);
      await server.start();
    }));
});
