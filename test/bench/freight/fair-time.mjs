/**
 * When each job would be over under an ideal fair scheduler: the same slots, turns as long as those of the run, nothing between the
 * end of a turn and the next one's beginning. A turn that has begun keeps its slot to its end; a free slot goes to the tenant that
 * holds the fewest for its weight, of several to the one that was served for the shortest time, and inside a tenant to what became
 * ready first. No slot is free while a turn is ready.
 *
 * A job's stages follow one another (planning, its batches, finishing), for no scheduler can begin a batch that is not planned, or
 * finish a job whose batches are not over.
 * @param jobs `{ tenantId, weight = 1, at, stages }`: `at`, the ms when it was there; `stages`, `{ kind, turns }` in order
 * @param order `slots`, how many there are; `msOf(kind)`, how long the turn takes that is begun now
 * @returns per job, in the order given, the ms when its last turn is over
 */
export function fairTimes(jobs, { slots, msOf }) {
  const tenants = new Map();
  for (const { tenantId, weight = 1 } of jobs) tenants.set(tenantId, { weight, held: 0, served: 0, ready: [] });
  const coming = jobs.map((job, index) => ({ ...job, index })).sort((a, b) => a.at - b.at);
  const ends = jobs.map(({ at }) => at);
  const running = [];

  const open = (job, stage) => {
    if (stage === job.stages.length) return;
    const { kind, turns } = job.stages[stage];
    if (turns === 0) return open(job, stage + 1);
    const left = { job, stage, kind, count: turns };
    tenants.get(job.tenantId).ready.push(...Array.from({ length: turns }, () => left));
  };
  const close = ({ tenant, left, end }) => {
    tenant.held -= 1;
    left.count -= 1;
    ends[left.job.index] = end;
    if (left.count === 0) open(left.job, left.stage + 1);
  };
  const begin = (now) => {
    while (running.length < slots) {
      const tenant = next(tenants);
      if (!tenant) return;
      const left = tenant.ready.shift();
      const ms = msOf(left.kind);
      tenant.held += 1;
      tenant.served += ms;
      running.push({ tenant, left, end: now + ms });
    }
  };

  while (coming.length > 0 || running.length > 0) {
    running.sort((a, b) => a.end - b.end);
    const now = Math.min(coming[0]?.at ?? Infinity, running[0]?.end ?? Infinity);
    while (running[0]?.end === now) close(running.shift());
    while (coming[0]?.at === now) open(coming.shift(), 0);
    begin(now);
  }
  return ends;
}

/** Whose turn it is. */
function next(tenants) {
  let first;
  for (const tenant of tenants.values()) {
    if (tenant.ready.length === 0) continue;
    if (!first || isBefore(tenant, first)) first = tenant;
  }
  return first;
}

function isBefore(one, other) {
  const [own, others] = [one.held / one.weight, other.held / other.weight];
  return own < others || (own === others && one.served / one.weight < other.served / other.weight);
}
