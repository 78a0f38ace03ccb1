import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { figure } from '../support/figures.mjs';
import { Appender, percentile } from './appender.mjs';
import { READ_MODEL, startWorker } from './read-model.mjs';

const PER_SECOND = Number(process.env.BENCH_FEED_RATE ?? 2_000);
const SECONDS = Number(process.env.BENCH_FEED_SECONDS ?? 10);

/** How long after its insert an event is handed to a projection, at a rate; also while an unrelated transaction stays open. */
export async function measureFeed(database) {
  for (const sql of READ_MODEL) await database.run(sql);
  let lags = [];
  const worker = await startWorker(database.workerUrl, (events) => {
    const now = Date.now();
    for (const { recordedAt } of events) lags.push(now - recordedAt.getTime());
  });
  const appender = new Appender(database.rtUrl, PER_SECOND);
  const during = async (name, goals) => {
    lags = [];
    await appender.latencies();
    await sleep(SECONDS * 1_000);
    const sorted = lags.toSorted((a, b) => a - b);
    const appended = (await appender.latencies()).length;
    figure(`${name}-rate`, appended / SECONDS, 'events/s');
    figure(`${name}-p50`, percentile(sorted, 50), 'ms', goals?.[0]);
    figure(`${name}-p99`, percentile(sorted, 99), 'ms', goals?.[1]);
    return percentile(sorted, 99);
  };
  try {
    await sleep(2_000);
    const wallClock = true;
    const quiet = await during('es-feed-lag', [
      { op: '<=', limit: 5, wallClock },
      { op: '<=', limit: 50, wallClock },
    ]);
    const idle = new pg.Client({ connectionString: database.ownerUrl });
    await idle.connect();
    await idle.query('begin; select pg_current_xact_id()');
    const beside = await during('es-feed-lag-beside-open-transaction');
    figure('es-feed-lag-added-by-open-transaction', beside - quiet, 'ms', { op: '<=', limit: 50, wallClock });
    await idle.end();
  } finally {
    appender.stop();
    await worker.close();
  }
}
