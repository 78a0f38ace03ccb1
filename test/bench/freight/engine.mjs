import { setTimeout as sleep } from 'node:timers/promises';
import { figure } from '../support/figures.mjs';
import { Installation, startJob } from './installation.mjs';

const UNIT_MS = 20;
const WAITING = Number(process.env.BENCH_WAITING ?? 100_000);
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

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
