import { Databases, UnitOfWork } from '#platform/persistence';
import { DispatchStore } from '../../../dist/libs/platform/jobs/src/dispatch-store.js';
import { FairOrder } from '../../../dist/libs/platform/jobs/src/fair-order.js';
import { prepareDatabase } from '../event-store/database.mjs';
import { figure } from '../support/figures.mjs';

const UNITS = Number(process.env.BENCH_UNITS ?? 1_000_000);
const TENANTS = 1_000;
const ROOM = 16;
const ROUNDS = 400;
const FILL = `
  insert into jobs.task (tenant_id, id, kind, payload, max_attempts, parent_id, ordinal, lane)
  select md5('tenant' || n % ${TENANTS})::uuid, gen_random_uuid(), 'bench.unit', '{}', 6, md5('job' || n % (${TENANTS} * 5))::uuid, n, 2
  from generate_series($1::int, $2::int) as n`;

const at = (sorted, share) => sorted[Math.floor(sorted.length * share)];

/** Rounds of the dispatcher's choice with a million waiting units of a thousand tenants. */
export async function measureOrder() {
  const database = await prepareDatabase();
  const databases = new Databases({
    main: { url: database.workerUrl, max: 4 },
    applicationName: 'bench-order',
    statementTimeoutMs: 60_000,
    acquireTimeoutMs: 5_000,
    slowQueryMs: 60_000,
  });
  try {
    for (let from = 1; from <= UNITS; from += 100_000) await database.run(FILL, [from, Math.min(UNITS, from + 99_999)]);
    await database.run('vacuum analyze jobs.task');
    const store = new DispatchStore(new UnitOfWork(databases));
    const order = new FairOrder(store, { ageMs: 10_000 });
    const times = [];
    const served = new Map();
    for (let round = 0; round < ROUNDS; round++) {
      const startedAt = performance.now();
      const taken = await store.alone(async (unit) => {
        await store.promote(unit);
        return order.pick(unit, { kinds: ['bench.unit'], room: ROOM, againOnly: false });
      });
      times.push(performance.now() - startedAt);
      for (const { tenantId } of taken) served.set(tenantId, (served.get(tenantId) ?? 0) + 1);
      const ids = taken.map(({ taskId }) => taskId);
      await database.run(
        `update jobs.task set state = 'done', finished_at = now() where id = any($1) and dispatched_at is not null
        and tenant_id = any($2)`,
        [ids, taken.map(({ tenantId }) => tenantId)],
      );
    }
    times.sort((a, b) => a - b);
    figure('order-round-p50', at(times, 0.5), 'ms');
    figure('order-round-p99', at(times, 0.99), 'ms', { op: '<=', limit: 10, wallClock: true });
    figure('order-dispatches', (ROOM * 1_000) / at(times, 0.5), 'per-s', { op: '>=', limit: 5_000, wallClock: true });
    const counts = [...served.values()];
    figure('order-tenants-served', served.size, 'tenants', { op: '>=', limit: TENANTS });
    figure('order-most-turns', Math.max(...counts) / Math.min(...counts), 'ratio');
  } finally {
    await databases.close();
    await database.drop();
  }
}
