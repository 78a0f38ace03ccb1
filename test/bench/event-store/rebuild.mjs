import { setTimeout as sleep } from 'node:timers/promises';
import { Rebuilds } from '../../../dist/libs/platform/eventing/src/projections/rebuilds.js';
import { figure } from '../support/figures.mjs';
import { Appender, percentile } from './appender.mjs';
import { writeHistory } from './history.mjs';
import { PROJECTION, READ_MODEL, startWorker } from './read-model.mjs';

const EVENTS = Number(process.env.BENCH_REBUILD_EVENTS ?? 1_000_000);
const PER_SECOND = 500;
const BASELINE_MS = 10_000;

/** Rebuilds a read model of a long history while appends go on and the view is read. */
export async function measureRebuild(database) {
  for (const sql of READ_MODEL) await database.run(sql);
  const last = await writeHistory(database.rtUrl, EVENTS);
  const worker = await startWorker(database.workerUrl);
  const pauses = timeFlips(worker.get(Rebuilds));
  const build = async (slot) =>
    (
      await database.run('select position::int8::text as position, status from es.projections where slot = $1', [slot])
    )[0];
  const until = async (isSo) => {
    while (!(await isSo())) await sleep(20);
  };
  await until(async () => Number((await build('a'))?.position) >= last);
  const appender = new Appender(database.rtUrl, PER_SECOND);
  try {
    await sleep(2_000);
    await appender.latencies();
    await sleep(BASELINE_MS);
    const baseline = await appender.latencies();
    const reader = readAllTheTime(database);
    const startedAt = performance.now();
    await database.run(`update es.projections set wish = 'rebuild' where name = '${PROJECTION}'`);
    await until(async () => (await build('b'))?.status === 'live');
    const seconds = (performance.now() - startedAt) / 1_000;
    const during = await appender.latencies();
    const { reads, slowestMs, steps } = await reader();
    const wallClock = true;
    figure('es-rebuild-events', EVENTS, 'events');
    figure('es-rebuild-seconds', seconds, 's', { op: '<=', limit: (120 * EVENTS) / 10_000_000, wallClock });
    figure('es-rebuild-events-per-second', EVENTS / seconds, 'events');
    figure('es-rebuild-flip-pause', Math.max(...pauses), 'ms', { op: '<=', limit: 250, wallClock });
    const [p99, before] = [percentile(during, 99), percentile(baseline, 99)];
    figure('es-rebuild-append-p99-before', before, 'ms');
    figure('es-rebuild-append-p99-during', p99, 'ms');
    figure('es-rebuild-append-p99-ratio', p99 / before, 'ratio', { op: '<=', limit: 1.5, wallClock });
    figure('es-rebuild-view-reads', reads, 'reads');
    figure('es-rebuild-view-read-slowest', slowestMs, 'ms');
    figure('es-rebuild-view-steps-back', steps, 'reads', { op: '<=', limit: 0 });
  } finally {
    appender.stop();
    await worker.close();
  }
}

/** Notes how long the live build stood still: the time of the transaction that flips. */
function timeFlips(rebuilds) {
  const flip = rebuilds.flip.bind(rebuilds);
  const pauses = [];
  rebuilds.flip = async (...args) => {
    const startedAt = performance.now();
    const done = await flip(...args);
    if (done) pauses.push(performance.now() - startedAt);
    return done;
  };
  return pauses;
}

/** Reads the view again and again; a sum that falls is a view that was taken back. */
function readAllTheTime(database) {
  const seen = { reads: 0, slowestMs: 0, steps: 0 };
  let [stopped, before] = [false, 0];
  const run = async () => {
    while (!stopped) {
      const startedAt = performance.now();
      const [row] = await database.run('select coalesce(sum(received), 0)::int as n from bench.stock');
      seen.reads += 1;
      seen.slowestMs = Math.max(seen.slowestMs, performance.now() - startedAt);
      if (row.n < before) seen.steps += 1;
      before = row.n;
      await sleep(50);
    }
  };
  const running = run();
  return async () => {
    stopped = true;
    await running;
    return seen;
  };
}
