import { setTimeout as sleep } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { figure } from '../support/figures.mjs';
import { PauseJob } from '../../../dist/libs/freight/src/commands/pause-job.command.js';
import { Installation } from './installation.mjs';

const UNIT_MS = 20;
const MAPPING = { source: 'bench', release: { externalId: { column: 'id' }, title: { column: 'title' } } };
const WAITING = Number(process.env.BENCH_WAITING ?? 100_000);
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const fileOf = (rows) =>
  Readable.from([Buffer.from(`id,title\n${Array.from({ length: rows }, (_, row) => `${row},t`).join('\n')}\n`)]);

/** Starts a job of so many one-record batches. */
async function startJob(installation, store, batches) {
  const uploadId = await installation.upload(store, fileOf(batches));
  return installation.startJob(store, uploadId, { mapping: MAPPING, batchSize: 1 });
}

/** As above; its batches are held when it is planned. */
async function startHeld(installation, store, batches) {
  const id = await startJob(installation, store, batches);
  await installation.bus.execute(new PauseJob(store, id));
  return id;
}

async function over(installation, store, id) {
  for (;;) {
    const job = await installation.job(store, id);
    if (['completed', 'completed_with_errors', 'failed'].includes(job.state)) return job;
    await sleep(50);
  }
}

/** Fifty jobs of ten tenants: one floods with 32 jobs of 25 batches, nine have two of ten. */
export async function measureFairness() {
  const installation = await Installation.start({ workers: 2, concurrency: 5, unitMs: UNIT_MS });
  try {
    const [flooder, ...small] = Array.from({ length: 10 }, () => installation.newStore());
    // Planned first and begun together: what is measured is the order of the work, not of the planning.
    const flood = [];
    for (let job = 0; job < 32; job++) flood.push(await startHeld(installation, flooder, 25));
    const jobs = [];
    for (const store of small)
      for (let job = 0; job < 2; job++) jobs.push({ store, id: await startHeld(installation, store, 10) });
    for (const { store, id } of [...flood.map((id) => ({ store: flooder, id })), ...jobs]) {
      while ((await installation.job(store, id)).phase === 'planning') await sleep(20);
    }
    await installation.database.run(`update freight.job set state = 'running'`);
    const [{ begun }] = await installation.database.run(
      'with free as (update jobs.task set held = false, lane = 2 where held) select clock_timestamp() as begun',
    );
    await Promise.all(jobs.map(({ store, id }) => over(installation, store, id)));
    // A turn is a unit of work: looking whether a job is over is one, too.
    const rows = await installation.database.run(
      `
      with last as (
        select min(done) as at from (select max(finished_at) as done from freight.batch where tenant_id <> $1 group by tenant_id) t)
      select tenant_id, count(*)::int as done from jobs.task, last where finished_at between $3 and last.at and tenant_id = any($2) group by tenant_id`,
      [flooder.tenantId, [flooder, ...small].map(({ tenantId }) => tenantId), begun],
    );
    const shares = rows.map(({ done }) => done);
    const sum = shares.reduce((total, share) => total + share, 0);
    const jain = sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0));
    await Promise.all(flood.map((id) => over(installation, flooder, id)));
    const [{ smallMs, totalMs }] = await installation.database.run(
      `select extract(epoch from max(finished_at) filter (where tenant_id <> $1) - $2)::float8 * 1000 as "smallMs",
         extract(epoch from max(finished_at) - $2)::float8 * 1000 as "totalMs" from freight.batch`,
      [flooder.tenantId, begun],
    );
    figure('fair-jain', jain, 'index', { op: '>=', limit: 0.98 });
    figure('fair-small-done', smallMs, 'ms');
    figure('fair-total', totalMs, 'ms');
    // The small ones' 180 of 980 batches, and the 20 that are the flooder's share beside them, are a fifth of the whole.
    figure('fair-small-stretch', smallMs / totalMs / (200 / 980), 'ratio', { op: '<=', limit: 1.2 });
  } finally {
    await installation.stop();
  }
}

/** How late a due repetition is begun while a hundred thousand batches wait. */
export async function measureRetries() {
  const installation = await Installation.start({ workers: 2, concurrency: 4, unitMs: UNIT_MS });
  try {
    const store = installation.newStore();
    const id = await startJob(installation, store, WAITING);
    while ((await installation.job(store, id)).progress.done === 0) await sleep(200);
    const late = [];
    for (let times = 0; times < 60; times++) {
      const rows = await installation.database.run(`
        with picked as (select tenant_id, id from jobs.task where kind = 'freight.batch' and lane is not null limit 1 for update skip locked)
        update jobs.task t set lane = null, attempts = 1, run_at = clock_timestamp() + interval '300 ms', error = 'bench'
        from picked where t.tenant_id = picked.tenant_id and t.id = picked.id returning t.id, t.run_at`);
      const [{ id: unit, run_at: due }] = rows;
      await sleep(400);
      let begun;
      do {
        await sleep(100);
        [begun] = await installation.database.run(
          `select finished_at from jobs.task where id = $1 and finished_at is not null`,
          [unit],
        );
      } while (!begun);
      late.push(begun.finished_at.getTime() - due.getTime() - UNIT_MS);
    }
    late.sort((a, b) => a - b);
    figure('retry-wake-up-p50', at(late, 0.5), 'ms');
    figure('retry-wake-up-p99', at(late, 0.99), 'ms', { op: '<=', limit: 250, wallClock: true });
  } finally {
    await installation.stop();
  }
}

/** How long after the kill a unit was begun by another worker, in ms. */
async function begunAgain(installation, unit, killedAt) {
  for (;;) {
    const [row] = await installation.database.run('select attempts, state from jobs.task where id = $1', [unit]);
    if (row.state === 'done' || (row.attempts > 1 && row.state === 'running')) return performance.now() - killedAt;
    await sleep(20);
  }
}

/** How long after the kill of its worker a batch is done by another. */
export async function measureTakeover() {
  const installation = await Installation.start({ workers: 2, concurrency: 2, unitMs: 400 });
  try {
    const store = installation.newStore();
    const id = await startJob(installation, store, 2_000);
    while ((await installation.job(store, id)).progress.done === 0) await sleep(100);
    const gaps = [];
    for (let times = 0; times < 8; times++) {
      const victim = installation.workers.shift();
      const held = await installation.database.run(
        `select id from jobs.task where state = 'running' and lease_owner like '%:' || $1 || ':%'`,
        [String(victim.pid)],
      );
      victim.kill('SIGKILL');
      const killedAt = performance.now();
      await Promise.all([
        installation.addWorker(),
        ...held.map(async ({ id: unit }) => gaps.push(await begunAgain(installation, unit, killedAt))),
      ]);
    }
    gaps.sort((a, b) => a - b);
    figure('takeover-p50', at(gaps, 0.5), 'ms');
    figure('takeover-p99', at(gaps, 0.99), 'ms', { op: '<=', limit: 6_000, wallClock: true });
  } finally {
    await installation.stop();
  }
}
