import { setTimeout as sleep } from 'node:timers/promises';
import { createAdditiveTable } from './freight.js';
import { DrillChecks } from './freight-drill-checks.js';
import { DrillImports, type Shop } from './freight-drill-imports.js';
import { Crew, type Lane, LANES, type Victims } from './freight-faults.js';
import { Product } from './freight-product.js';
import { OwnPostgres } from './own-postgres.js';
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

/** What a busy machine may need to work off what is left. */
const SETTLED_WITHIN_MS = 600_000;

/** Stores that import through the api while workers, Redis and PostgreSQL fail at random. */
export class FreightDrill {
  private readonly faults = new Map<string, number>();
  private readonly imports: DrillImports;
  private readonly checks: DrillChecks;

  private constructor(
    private readonly plan: DrillPlan,
    private readonly victims: Victims,
    private readonly product: Product,
    shops: readonly Shop[],
  ) {
    this.imports = new DrillImports(product, shops, SETTLED_WITHIN_MS + plan.faultsMs);
    this.checks = new DrillChecks(victims.postgres.database, product, this.imports);
  }

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
    const { imports, checks } = this;
    const stores = imports.run(dice);
    const watch = checks.watch();
    await Promise.all(Object.entries(LANES).map(([name, lane]) => this.failAtRandom(lane, dice.of(name), until)));
    imports.end();
    await Promise.all([stores, watch]);
    const cured = await imports.cure();
    await checks.look();
    const { started } = imports;
    return {
      faults: Object.fromEntries(this.faults),
      deaths: this.victims.workers.deaths,
      jobs: started.length,
      records: started.reduce((sum, { rows }) => sum + rows, 0),
      poison: started.filter(({ poison }) => poison > 0).length,
      cured,
      wrong: [...imports.wrong, ...checks.wrong],
      servedMeanwhile: Object.fromEntries(imports.served),
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
}
