import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseId } from '#platform/kernel';
import type { JobView } from '../../libs/freight/src/freight.views.js';
import type { Answer } from './api.js';
import type { BareStore } from './client.js';
import { ADDITIVE_MAPPING, createAdditiveTable, csvOf, goodRows } from './freight.js';
import { Crew, type Lane, LANES, type Victims } from './freight-faults.js';
import { Product } from './freight-product.js';
import { OwnPostgres } from './own-postgres.js';
import { ROOT } from './project.js';
import { Dice } from './random.js';
import { OwnRedis } from './redis-server.js';
import { TcpProxy } from './tcp-proxy.js';

/** How long and how rough a run is; the same seed throws the same faults in the same order in each lane. */
export interface DrillPlan {
  readonly seed: number;
  readonly faultsMs: number;
  readonly workers: number;
  readonly longestAwayMs: number;
}

/** A job that was started, and what must come of it. */
interface Started {
  readonly shop: Shop;
  readonly id: string;
  readonly rows: number;
  /** The row that kills its worker; 0: none does. */
  readonly poison: number;
}

/** A store that imports one file after the other. */
interface Shop {
  readonly name: string;
  readonly store: BareStore;
  /** Jobs at a time, and rows of each at most. */
  readonly jobs: number;
  readonly rows: number;
  readonly hasPoison: boolean;
}

/** What came of a run. */
export interface DrillFindings {
  readonly faults: Readonly<Record<string, number>>;
  readonly deaths: number;
  readonly jobs: number;
  readonly records: number;
  /** Records that kill whatever worker takes them. */
  readonly poison: number;
  /** Records that failed because workers were killed over them by chance, and went in when they were tried again. */
  readonly cured: number;
  /** What is not as it must be. */
  readonly wrong: readonly string[];
  /** Jobs of each store that ended while faults went on. */
  readonly servedMeanwhile: Readonly<Record<string, number>>;
}

const MAPPING = {
  ...ADDITIVE_MAPPING,
  stock: { mediaGrade: { constant: 'NM' }, price: { constant: '9.99', currency: { constant: 'EUR' } } },
};
const OVER = ['completed', 'completed_with_errors', 'failed', 'cancelled'];
/** What a busy machine may need to work off what is left. */
const SETTLED_WITHIN_MS = 600_000;
const LOOK_MS = 200;

/** Stores that import through the api while workers, Redis and PostgreSQL fail at random. */
export class FreightDrill {
  private readonly started: Started[] = [];
  private readonly faults = new Map<string, number>();
  private readonly served = new Map<string, number>();
  private readonly wrong: string[] = [];
  private isOver = false;

  private constructor(
    private readonly plan: DrillPlan,
    private readonly victims: Victims,
    private readonly product: Product,
    private readonly shops: readonly Shop[],
  ) {}

  static async start(plan: DrillPlan): Promise<FreightDrill> {
    const [postgres, redis] = await Promise.all([OwnPostgres.create(), OwnRedis.create()]);
    await Promise.all([redis.start(), createAdditiveTable(postgres.database)]);
    const { database } = postgres;
    const proxy = await TcpProxy.before(database.workerUrl);
    const product = await Product.start({ servers: { database, redis }, expected: [503] });
    const databaseUrl = proxy.through(database.workerUrl);
    const orders = {
      databaseUrl,
      redisUrl: redis.url,
      uploads: product.uploads,
      targets: 'both',
      delayMs: 60,
    } as const;
    const workers = new Crew(orders, plan.workers);
    await workers.start();
    const shop = async (name: string, shape: Pick<Shop, 'jobs' | 'rows' | 'hasPoison'>): Promise<Shop> => ({
      name,
      store: await product.newStore(),
      ...shape,
    });
    const shops = [
      await shop('flooder', { jobs: 6, rows: 1_500, hasPoison: false }),
      await shop('calm', { jobs: 1, rows: 200, hasPoison: false }),
      await shop('unlucky', { jobs: 1, rows: 200, hasPoison: true }),
      await shop('small', { jobs: 1, rows: 60, hasPoison: false }),
    ];
    const { longestAwayMs } = plan;
    return new FreightDrill(plan, { postgres, redis, proxy, workers, longestAwayMs }, product, shops);
  }

  /** Lets stores import and things fail, makes everything whole, waits until all is done, and looks at it. */
  async run(): Promise<DrillFindings> {
    const dice = new Dice(this.plan.seed);
    const until = Date.now() + this.plan.faultsMs;
    const stores = this.shops.flatMap((shop) =>
      Array.from({ length: shop.jobs }, (_, lane) => this.imports(shop, lane, dice.of(`${shop.name} ${lane}`))),
    );
    const watch = this.watch();
    await Promise.all(Object.entries(LANES).map(([name, lane]) => this.failAtRandom(lane, dice.of(name), until)));
    this.isOver = true;
    await Promise.all([...stores, watch]);
    const cured = await this.cure();
    await this.look();
    const records = this.started.reduce((sum, { rows }) => sum + rows, 0);
    return {
      faults: Object.fromEntries(this.faults),
      deaths: this.victims.workers.deaths,
      jobs: this.started.length,
      records,
      poison: this.started.filter(({ poison }) => poison > 0).length,
      cured,
      wrong: this.wrong,
      servedMeanwhile: Object.fromEntries(this.served),
    };
  }

  async close(): Promise<void> {
    await this.victims.workers.stop();
    await this.product.stop();
    await this.victims.proxy.close();
    await this.victims.postgres.remove();
  }

  private async failAtRandom({ faults, heal }: Lane, dice: Dice, until: number): Promise<void> {
    const names = Object.keys(faults);
    while (Date.now() < until) {
      await sleep(dice.between(300, 4_000));
      const name = dice.pick(names);
      // One that could not be done, because another server that it needs was away, is not counted.
      await faults[name]?.(this.victims, dice).then(
        () => void this.faults.set(name, (this.faults.get(name) ?? 0) + 1),
        () => heal(this.victims),
      );
    }
    await heal(this.victims);
  }

  /** Imports one file after the other until the faults are over. */
  private async imports(shop: Shop, lane: number, dice: Dice): Promise<void> {
    for (let no = 1; !this.isOver; no++) {
      const rows = dice.between(Math.ceil(shop.rows / 3), shop.rows);
      const poison = shop.hasPoison && dice.next() < 0.3 ? dice.between(1, rows) : 0;
      const id = await this.submit(shop, `${shop.name}-${lane}-${no}-`, rows, poison);
      const started = { shop, id, rows, poison };
      this.started.push(started);
      await this.over(started);
      if (!this.isOver) this.served.set(shop.name, (this.served.get(shop.name) ?? 0) + 1);
    }
  }

  /** Sends a file and starts a job on it, and repeats both until they are taken. @returns the job's id */
  private async submit({ store: { key } }: Shop, prefix: string, count: number, poison: number): Promise<string> {
    const rows = goodRows(count, prefix).map(
      ([id, title, quantity], at) => [id, at + 1 === poison ? 'kills its worker' : title, quantity] as const,
    );
    const headers = { 'idempotency-key': prefix };
    const upload = await this.insist<{ id: string }>('/api/v1/uploads', 201, {
      key,
      raw: csvOf(rows),
      headers: { ...headers, 'content-type': 'text/csv' },
    });
    const body = {
      kind: 'import',
      source: { uploadId: upload.id },
      mapping: MAPPING,
      batchSize: 25,
      errorBudget: { action: 'continue' },
    };
    return (await this.insist<JobView>('/api/v1/jobs', 202, { key, body, headers })).id;
  }

  private async insist<T extends object>(
    path: string,
    taken: number,
    call: Parameters<Product['client']['call']>[2],
  ): Promise<T> {
    for (;;) {
      const answer: Answer<T> = await this.product.client.call<T>('POST', path, call);
      if (answer.status === taken) return answer.body;
      if (answer.status !== 503 && answer.status !== 409) throw new Error(`${path} answers ${answer.text}`);
      await sleep(LOOK_MS);
    }
  }

  private async over({ shop, id }: Started): Promise<JobView> {
    for (const until = Date.now() + SETTLED_WITHIN_MS + this.plan.faultsMs; Date.now() < until; await sleep(LOOK_MS)) {
      const { status, body } = await this.product.client.call<JobView>('GET', `/api/v1/jobs/${id}`, {
        key: shop.store.key,
      });
      if (status === 200 && OVER.includes(body.state)) return body;
    }
    throw new Error(`job ${id} of ${shop.name} does not end`);
  }

  /** Counters and log lines agree in every state that anybody can see, not only at the end. */
  private async watch(): Promise<void> {
    while (!this.isOver) {
      const rows = await this.victims.postgres.database.admin<{ id: string }>(DISAGREE).catch(() => []);
      this.wrong.push(...rows.map(({ id }) => `the counts of job ${id} were not those of its log for a while`));
      await sleep(1_000);
    }
  }

  /** Tries records again that failed although nothing is wrong with them. @returns how many */
  private async cure(): Promise<number> {
    let cured = 0;
    for (const started of this.started) {
      const { shop, id, poison } = started;
      const failed = await this.product.logs(shop.store, await this.over(started), 'filter[outcome]=failed');
      const rows = failed.map(({ row }) => row).filter((row) => row !== poison);
      if (rows.length === 0) continue;
      cured += rows.length;
      const odd = failed.filter(({ reason }) => !['poison_batch', 'transient'].includes(reason?.class ?? ''));
      this.wrong.push(...odd.map(({ row, reason }) => `row ${row} of ${id} failed: ${JSON.stringify(reason)}`));
      await this.insist(`/api/v1/jobs/${id}/retry`, 202, { key: shop.store.key, body: { rows } });
      await this.over(started);
    }
    return cured;
  }

  /** Every record has its one effect and its one outcome, and nothing else is there. */
  private async look(): Promise<void> {
    for (const started of this.started) {
      const { state, counts } = await this.over(started);
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
    for (const shop of this.shops) await this.lookAtEffects(shop);
    // The list of stock, which the invariants look at, is made by a worker with the projections.
    await this.product.startWorker();
    for (const { store } of this.shops) await this.product.holdings(store);
    this.wrong.push(...(await this.product.faults()), ...(await this.leftBehind()), ...(await this.breaches()));
  }

  private async lookAtPoison({ shop, id, poison }: Started): Promise<void> {
    const lines = await this.product.logs(shop.store, { id } as JobView, 'filter[outcome]=failed');
    const found = lines.map(({ row, reason }) => `${row} ${reason?.class} ${reason?.code}`).join();
    if (found !== `${poison} poison_batch freight.kills_workers`)
      this.wrong.push(`poison of ${id} at ${poison}: ${found}`);
  }

  private async lookAtEffects(shop: Shop): Promise<void> {
    const jobs = this.started.filter((started) => started.shop === shop);
    const items = jobs.reduce((sum, { rows, poison }) => sum + rows - (poison > 0 ? 1 : 0), 0);
    const sum = jobs.reduce((all, { rows, poison }) => all + (rows * (rows + 1)) / 2 - poison, 0);
    const expected = { jobs: jobs.length, items, sum, most: 1, releases: items, stock: items, events: items };
    const [found] = await this.victims.postgres.database.admin<object>(EFFECTS, [
      parseId('tenant', shop.store.tenantId),
    ]);
    if (JSON.stringify(found) !== JSON.stringify(expected))
      this.wrong.push(`effects of ${shop.name}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
  }

  private async leftBehind(): Promise<string[]> {
    const rows = await this.victims.postgres.database.admin<{ left: string }>(LEFT_BEHIND);
    return rows.map(({ left }) => left);
  }

  /** What `npm run invariants` finds. */
  private async breaches(): Promise<string[]> {
    const main = `${ROOT}/dist/apps/worker/src/verify-invariants.js`;
    const env = { ...process.env, NODE_OPTIONS: '', DATABASE_URL_WORKER: this.victims.postgres.database.workerUrl };
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
