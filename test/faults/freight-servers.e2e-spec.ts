import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import Bull from 'bull';
import { setTimeout as sleep } from 'node:timers/promises';
import { newUuid } from '#platform/kernel';
import { createAdditiveTable, csvOf, FreightApp, goodRows } from '../support/freight.js';
import { FreightWorkers } from '../support/freight-workers.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { eventually, OwnRedis } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const ROWS = 200;
const CONTENT = csvOf(goodRows(ROWS));
const EXACT = { items: ROWS, sum: (ROWS * (ROWS + 1)) / 2, most: 1 };

describe('imports while the servers die, forget and come back', () => {
  let server: OwnPostgres;
  let redis: OwnRedis;
  let proxy: TcpProxy;
  let app: FreightApp;
  let workers: FreightWorkers;

  beforeAll(async () => {
    [server, redis] = await Promise.all([OwnPostgres.create(), OwnRedis.create()]);
    await Promise.all([redis.start(), createAdditiveTable(server.database)]);
    const { workerUrl } = server.database;
    proxy = await TcpProxy.before(workerUrl);
    app = await FreightApp.start(server.database, { workers: 0, redisUrl: redis.url });
    const databaseUrl = proxy.through(workerUrl);
    workers = new FreightWorkers({ databaseUrl, redisUrl: redis.url, uploads: app.uploads, delayMs: 30 });
    await Promise.all([workers.start(), workers.start()]);
  });
  afterEach(async () => {
    await proxy.restore();
    expect(await app.accountingFaults()).toEqual([]);
  });
  afterAll(async () => {
    await workers.killAll();
    await app.stop();
    await proxy.close();
    await Promise.all([redis.remove(), server.remove()]);
  });

  /** Runs an import, does something to it while it is under way, and says what came out. */
  async function importDuring(disturb: () => Promise<void>, batchSize = 4): Promise<void> {
    const store = app.newStore();
    const { id } = await app.start(store, CONTENT, { batchSize });
    await eventually('it is under way', async () => (await app.job(store, id)).progress.done > 0);
    await disturb();
    const job = await app.over(store, id, 60_000);
    expect(job).toMatchObject({ state: 'completed', counts: { total: ROWS, created: ROWS, failed: 0 } });
    expect(await app.effects(store)).toEqual(EXACT);
  }

  it('come out exact when Redis is flushed again and again', () =>
    importDuring(() =>
      redis.ask(async (client) => {
        for (let times = 0; times < 5; times++) {
          await client.flushall();
          await sleep(100);
        }
      }),
    ));

  it('come out exact when Redis forgets its scripts', () =>
    importDuring(() => redis.ask((client) => client.script('FLUSH')).then(() => undefined)));

  it('go on while Redis is away, and through the queue when it is back', () =>
    importDuring(async () => {
      await redis.kill();
      await sleep(1_500);
      await redis.start();
    }));

  it.each(['full', 'replica'] as const)('are accepted and go on while Redis takes no writes: %s', async (why) => {
    await redis.refuseWrites(why);
    await importDuring(() => Promise.resolve()).finally(() => redis.refuseWrites('no more'));
  });

  it('come out exact when every entry of the queue comes twice, and forged and huge ones with it', () =>
    importDuring(async () => {
      const queue = new Bull('tasks', redis.url, { prefix: '{bull}' });
      const options = { removeOnComplete: true, removeOnFail: true };
      const ref = { tenantId: newUuid(), taskId: newUuid(), dispatchNo: 1 };
      await queue.add({ ...ref, padding: 'x'.repeat(10 * 1_048_576) }, options);
      await queue.add('of another release', { ...ref, version: 99, taskIds: [ref.taskId] }, options);
      for (let times = 0; times < 20; times++) {
        const waiting = await queue.getWaiting(0, 50);
        for (const job of waiting) if (job) await queue.add(job.data, options);
        await queue.add(ref, options);
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

  it('come out exact when PostgreSQL is restarted', () =>
    importDuring(async () => {
      await server.shutDown();
      await server.start();
    }));

  it.each(['before', 'answer'] as const)(
    'come out exact when connections break over the COMMIT of a batch, of which nobody can tell what became: %s',
    (at) =>
      importDuring(async () => {
        proxy.breakCommits(8, at, 'recrate-work:');
        await eventually('they broke', () => proxy.commitsToBreak === 0);
      }),
  );

  it('come out exact when a fifth of the statements is refused as a loser of a race', async () => {
    for (const sql of RACES) await server.database.admin(sql);
    await importDuring(() => Promise.resolve());
    const [raced] = await server.database.admin<{ losses: number }>(
      'select last_value::int as losses from probe.losses',
    );
    await server.database.admin('drop function probe.lose_race cascade');
    expect(raced?.losses).toBeGreaterThan(20);
  });

  it('come out exact when PostgreSQL is slow', async () => {
    // Every statement and every renewal of a lease of one second waits.
    proxy.delay(40);
    await importDuring(() => Promise.resolve(), 50);
  });
});

/** A fifth of the statements that a worker ends a batch with fails, as a serialisation failure or as the loser of a deadlock. */
const RACES = [
  'create sequence probe.losses',
  'grant usage on sequence probe.losses to app_worker',
  `create function probe.lose_race() returns trigger language plpgsql as $$ begin
     if current_user = 'app_worker' and random() < 0.2 then
       perform nextval('probe.losses');
       raise exception 'lost a race' using errcode = case when random() < 0.5 then '40001' else '40P01' end;
     end if;
     return null;
   end $$`,
  ...['freight.record_log', 'freight.job_counter', 'freight.batch', 'jobs.task'].map(
    (table) => `create trigger lose_race after insert or update on ${table} execute function probe.lose_race()`,
  ),
];
