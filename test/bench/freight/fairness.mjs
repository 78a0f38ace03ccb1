import { setTimeout as sleep } from 'node:timers/promises';
import { WakeUps } from '../../../dist/libs/platform/jobs/src/wake-ups.js';
import { figure } from '../support/figures.mjs';
import { fairTimes } from './fair-time.mjs';
import { Installation, over, startHeld, startJob } from './installation.mjs';

const UNIT_MS = 20;
const WORKERS = 2;
const SLOTS_EACH = 5;
const STAGES = ['freight.plan', 'freight.batch', 'freight.finish'];
const FLOOD = { jobs: 32, batches: 25 };
const SMALL = { jobs: 2, batches: 10 };
const DRAWS = 200;
const NINE = Array.from({ length: 9 });

/**
 * Ten stores, of which one floods with 32 jobs of 25 batches and nine have two of ten.
 *
 * A small store's fair-share time is computed: `fairTimes` hands the run's turns to an ideal scheduler with as many slots. All batches
 * are the same work, so how long one took says how busy the machine was then and nothing of its store: the turns that the ideal order
 * begins are as long, one after the other, as those of the same kind that the workers began. Which of equal stores goes first is a
 * draw, and with it who has the short turns; the time is the mean over many draws, so equal stores have the same.
 *
 * The small stores' share of the batches, times the whole run's time, would be no such time: it leaves out the turns that end jobs,
 * of which small jobs have more per batch, and takes the first turns, for which the workers compile their code, to be as short as the
 * later ones, which are nearly all the flooder's.
 *
 * What an ideal order has no part in (a slot that is free while work waits, a turn in vain, a queue before the slots, the time until
 * the workers look) counts against the engine. Of nine small stores the one that fares worst counts.
 */
export async function measureFairness() {
  const installation = await Installation.start({ workers: WORKERS, concurrency: SLOTS_EACH, unitMs: UNIT_MS });
  try {
    await measureTogether(installation);
    await measureArrivals(installation);
  } finally {
    await installation.stop();
  }
}

/** All jobs are planned first and begun together: what is measured is the order of the work. */
async function measureTogether(installation) {
  const { database } = installation;
  const flooder = installation.newStore();
  const small = NINE.map(() => installation.newStore());
  const stores = [flooder, ...small];
  const jobs = [];
  for (const store of stores) {
    const { jobs: count, batches } = store === flooder ? FLOOD : SMALL;
    for (let job = 0; job < count; job++) jobs.push({ store, id: await startHeld(installation, store, batches) });
  }
  for (const { store, id } of jobs) {
    while ((await installation.job(store, id)).phase === 'planning') await sleep(20);
  }
  await installation.turns();
  await database.run(`update freight.job set state = 'running'`);
  const [{ begun }] = await database.run(
    'with free as (update jobs.task set held = false, lane = 2 where held) select clock_timestamp() as begun',
  );
  // As whatever sets work free does at its commit.
  installation.module.get(WakeUps, { strict: false }).send();
  await Promise.all(jobs.map(({ store, id }) => over(installation, store, id)));
  // A turn is a unit of work: looking whether a job is over is one, too.
  const rows = await database.run(
    `with last as (
       select min(done) as at from (
         select max(finished_at) as done from freight.batch where tenant_id = any($1) group by tenant_id) t)
     select tenant_id, count(*)::int as done from jobs.task, last where finished_at between $3 and last.at and tenant_id = any($2)
     group by tenant_id`,
    [small.map(({ tenantId }) => tenantId), stores.map(({ tenantId }) => tenantId), begun],
  );
  figure('fair-jain', jainOf(rows.map(({ done }) => done)), 'index', { op: '>=', limit: 0.98 });
  report('fair', await installation.turns(), { flooder, madeAt: () => begun.getTime() });
}

/** The small stores come while the flood is worked off, through the front door: planning and its wait are part of their time. */
async function measureArrivals(installation) {
  const { database } = installation;
  const flooder = installation.newStore();
  const flood = await Promise.all(
    Array.from({ length: FLOOD.jobs }, () => startJob(installation, flooder, FLOOD.batches)),
  );
  await Promise.all(
    flood.map(async (id) => {
      while ((await installation.job(flooder, id)).phase === 'planning') await sleep(50);
    }),
  );
  const jobs = await Promise.all(
    NINE.flatMap(() => {
      const store = installation.newStore();
      return Array.from({ length: SMALL.jobs }, async () => ({
        store,
        id: await startJob(installation, store, SMALL.batches),
      }));
    }),
  );
  await Promise.all([
    ...flood.map((id) => over(installation, flooder, id)),
    ...jobs.map(({ store, id }) => over(installation, store, id)),
  ]);
  const made = await database.run(
    `select parent_id as "jobId", extract(epoch from created_at)::float8 * 1000 as at from jobs.task where kind = $1`,
    [STAGES[0]],
  );
  const madeAt = new Map(made.map(({ jobId, at }) => [jobId, at]));
  report('fair-arrival', await installation.turns(), { flooder, madeAt: (jobId) => madeAt.get(jobId) });
}

function jainOf(shares) {
  const sum = shares.reduce((total, share) => total + share, 0);
  return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0));
}

/** The jobs of some turns. A look for the end of a job that found it not over is none that an ideal order would have. */
function jobsOf(turns, madeAt) {
  const jobs = new Map();
  for (const { tenantId, jobId, kind, to } of turns) {
    const stages = STAGES.map((stage) => ({ kind: stage, turns: 0 }));
    const job = jobs.get(jobId) ?? { tenantId, at: madeAt(jobId), stages, end: 0 };
    jobs.set(jobId, job);
    const stage = job.stages[STAGES.indexOf(kind)];
    stage.turns = kind === 'freight.finish' ? 1 : stage.turns + 1;
    job.end = Math.max(job.end, to);
  }
  return [...jobs.values()];
}

/** When an ideal order would end each job: the mean over many ways to settle a draw between stores. */
function idealEnds(jobs, turns) {
  const sums = jobs.map(() => 0);
  for (let draw = 0; draw < DRAWS; draw++) {
    const order = jobs.map((_job, index) => index);
    const rank = new Map(jobs.map(({ tenantId }) => [tenantId, Math.random()]));
    order.sort((a, b) => rank.get(jobs[a].tenantId) - rank.get(jobs[b].tenantId));
    const lengths = new Map(
      STAGES.map((kind) => [kind, turns.filter((turn) => turn.kind === kind).map(({ from, to }) => to - from)]),
    );
    const ends = fairTimes(
      order.map((index) => jobs[index]),
      { slots: WORKERS * SLOTS_EACH, msOf: (kind) => lengths.get(kind).shift() },
    );
    order.forEach((index, place) => (sums[index] += ends[place]));
  }
  return sums.map((sum) => sum / DRAWS);
}

function report(name, turns, { flooder, madeAt }) {
  const all = turns.filter(({ kind }) => STAGES.includes(kind)).sort((a, b) => a.from - b.from);
  const jobs = jobsOf(all, madeAt);
  const fair = idealEnds(jobs, all);
  const tookOf = (ends) => {
    const times = new Map();
    jobs.forEach(({ tenantId, at }, index) => {
      const { since = at, until = 0 } = times.get(tenantId) ?? {};
      times.set(tenantId, { since: Math.min(since, at), until: Math.max(until, ends[index]) });
    });
    return new Map([...times].map(([tenantId, { since, until }]) => [tenantId, until - since]));
  };
  const [own, ideal] = [tookOf(jobs.map(({ end }) => end)), tookOf(fair)];
  const small = [...own.keys()].filter((tenantId) => tenantId !== flooder.tenantId);
  figure(`${name}-small-done`, Math.max(...small.map((tenantId) => own.get(tenantId))), 'ms');
  figure(`${name}-small-ideal`, Math.max(...small.map((tenantId) => ideal.get(tenantId))), 'ms');
  figure(`${name}-total`, own.get(flooder.tenantId), 'ms');
  figure(`${name}-total-stretch`, own.get(flooder.tenantId) / ideal.get(flooder.tenantId), 'ratio');
  const stretch = Math.max(...small.map((tenantId) => own.get(tenantId) / ideal.get(tenantId)));
  figure(`${name}-small-stretch`, stretch, 'ratio', { op: '<=', limit: 1.2 });
}
