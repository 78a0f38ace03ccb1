import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseId } from '#platform/kernel';
import type { JobView } from '../../libs/freight/src/freight.views.js';
import type { TestDatabase } from './database.js';
import type { DrillImports, Shop, Started } from './freight-drill-imports.js';
import type { Product } from './freight-product.js';
import { ROOT } from './project.js';

/** Looks for what is not as it must be, while stores import and when they have done. */
export class DrillChecks {
  readonly wrong: string[] = [];

  constructor(
    private readonly database: TestDatabase,
    private readonly product: Product,
    private readonly imports: DrillImports,
  ) {}

  /** Counters and log lines agree in every state that anybody can see, not only at the end. */
  async watch(): Promise<void> {
    while (!this.imports.isOver) {
      const rows = await this.database.admin<{ id: string }>(DISAGREE).catch(() => []);
      this.wrong.push(...rows.map(({ id }) => `the counts of job ${id} were not those of its log for a while`));
      await sleep(1_000);
    }
  }

  /** Every record has its one effect and its one outcome, and nothing else is there. */
  async look(): Promise<void> {
    for (const started of this.imports.started) {
      const { state, counts } = await this.imports.over(started);
      const { rows, poison } = started;
      const failed = poison > 0 ? 1 : 0;
      const expected = { total: rows, created: rows - failed, updated: 0, unchanged: 0, skipped: 0, failed };
      const found = { ...expected, ...counts, retried: undefined };
      if (
        JSON.stringify({ ...expected, retried: undefined }) !== JSON.stringify(found) ||
        !state.startsWith('completed')
      )
        this.wrong.push(`job ${started.id} of ${started.shop.name}: ${state} ${JSON.stringify(counts)}`);
      if (failed > 0) await this.lookAtPoison(started);
    }
    for (const shop of this.imports.shops) await this.lookAtEffects(shop);
    // The list of stock, which the invariants look at, is made by a worker with the projections.
    await this.product.startWorker();
    for (const { store } of this.imports.shops) await this.product.holdings(store);
    this.wrong.push(...(await this.product.faults()), ...(await this.leftBehind()), ...(await this.breaches()));
  }

  private async lookAtPoison({ shop, id, poison }: Started): Promise<void> {
    const lines = await this.product.logs(shop.store, { id } as JobView, 'filter[outcome]=failed');
    const found = lines.map(({ row, reason }) => `${row} ${reason?.class} ${reason?.code}`).join();
    if (found !== `${poison} poison_batch freight.kills_workers`)
      this.wrong.push(`poison of ${id} at ${poison}: ${found}`);
  }

  private async lookAtEffects(shop: Shop): Promise<void> {
    const jobs = this.imports.started.filter((started) => started.shop === shop);
    const items = jobs.reduce((sum, { rows, poison }) => sum + rows - (poison > 0 ? 1 : 0), 0);
    const sum = jobs.reduce((all, { rows, poison }) => all + (rows * (rows + 1)) / 2 - poison, 0);
    const expected = { jobs: jobs.length, items, sum, most: 1, releases: items, stock: items, events: items };
    const [found] = await this.database.admin<object>(EFFECTS, [parseId('tenant', shop.store.tenantId)]);
    if (JSON.stringify(found) !== JSON.stringify(expected))
      this.wrong.push(`effects of ${shop.name}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
  }

  private async leftBehind(): Promise<string[]> {
    const rows = await this.database.admin<{ left: string }>(LEFT_BEHIND);
    return rows.map(({ left }) => left);
  }

  /** What `npm run invariants` finds. */
  private async breaches(): Promise<string[]> {
    const main = `${ROOT}/dist/apps/worker/src/verify-invariants.js`;
    const env = { ...process.env, NODE_OPTIONS: '', DATABASE_URL_WORKER: this.database.workerUrl };
    const child = spawn(process.execPath, [main, `${ROOT}/tools/invariants`], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => said.push(data.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return code === 0 ? [] : [`the invariants end with ${code}: ${said.join('')}`];
  }
}

const DISAGREE = `
  select j.id from freight.job j
    cross join lateral (
      select coalesce(sum(created), 0) as created, coalesce(sum(failed), 0) as failed
      from freight.job_counter c where c.tenant_id = j.tenant_id and c.job_id = j.id) counted
    cross join lateral (
      select count(*) filter (where outcome = 1) as created, count(*) filter (where outcome = 5) as failed
      from freight.record_latest l where l.tenant_id = j.tenant_id and l.job_id = j.id) logged
  where j.phase <> 'done' and (counted.created, counted.failed) is distinct from (logged.created, logged.failed)`;

const EFFECTS = `
  select (select count(*)::int from freight.job where tenant_id = $1) as jobs,
    (select count(*)::int from probe.additive where tenant_id = $1) as items,
    (select coalesce(sum(quantity), 0)::int from probe.additive where tenant_id = $1) as sum,
    (select coalesce(max(version), 0) from probe.additive where tenant_id = $1) as most,
    (select count(*)::int from catalog.external_id where tenant_id = $1) as releases,
    (select count(*)::int from inventory.item where tenant_id = $1) as stock,
    (select count(*)::int from es.events e join inventory.item i on i.tenant_id = e.tenant_id and i.id = e.stream_id
      where e.tenant_id = $1) as events`;

const LEFT_BEHIND = `
  select 'task ' || id || ' is ' || state as left from jobs.task where kind like 'freight.%' and finished_at is null
  union all
  select 'session ' || pid || ' is idle in transaction' from pg_stat_activity
  where state like 'idle in transaction%' and state_change < now() - interval '10 s'`;
