import Bull from 'bull';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { newUuid } from '#platform/kernel';
import { FreightWorker, type WorkerOrders } from './freight-workers.js';
import type { OwnPostgres } from './own-postgres.js';
import type { Dice } from './random.js';
import type { OwnRedis } from './redis-server.js';
import type { TcpProxy } from './tcp-proxy.js';

/** What faults are done to. */
export interface Victims {
  readonly postgres: OwnPostgres;
  readonly redis: OwnRedis;
  /** Stands between workers and PostgreSQL. */
  readonly proxy: TcpProxy;
  readonly workers: Crew;
  /** The longest that Redis is away, in ms. */
  readonly longestAwayMs: number;
}

/** Does something and undoes it; what is broken is whole again when it resolves. */
export type Fault = (victims: Victims, dice: Dice) => Promise<void>;

/** Workers of which there are always so many: one that dies is replaced, as an orchestrator does. */
export class Crew {
  private members: FreightWorker[] = [];
  private leaving = false;
  private watch: Promise<void> = Promise.resolve();
  /** Workers that died, of what was done to them or of what they had to do. */
  deaths = 0;

  constructor(
    private readonly orders: WorkerOrders,
    private readonly size: number,
  ) {}

  async start(): Promise<void> {
    await this.fill();
    this.watch = this.keepFull();
  }

  get alive(): readonly FreightWorker[] {
    return this.members.filter(({ isGone }) => !isGone);
  }

  async stop(): Promise<void> {
    this.leaving = true;
    await this.watch;
    for (const worker of this.members) worker.thaw();
    await Promise.all(this.members.map((worker) => worker.kill()));
  }

  private async keepFull(): Promise<void> {
    while (!this.leaving) {
      await this.fill().catch(() => undefined);
      await sleep(100);
    }
  }

  private async fill(): Promise<void> {
    const { alive } = this;
    this.deaths += this.members.length - alive.length;
    this.members = [...alive];
    const missing = Array.from({ length: this.size - alive.length }, async () => {
      this.members.push(await FreightWorker.start(this.orders));
    });
    await Promise.all(missing);
  }
}

const WORKER_FAULTS: Record<string, Fault> = {
  'a worker is killed': async ({ workers }, dice) => {
    const { alive } = workers;
    if (alive.length > 0) await dice.pick(alive).kill();
  },
  'a worker freezes past its lease': async ({ workers }, dice) => {
    const { alive } = workers;
    if (alive.length === 0) return;
    const frozen = dice.pick(alive);
    frozen.freeze();
    await sleep(dice.between(1_500, 5_000));
    frozen.thaw();
  },
  'a worker is asked to leave': async ({ workers }, dice) => {
    const { alive } = workers;
    if (alive.length > 0) await dice.pick(alive).leave();
  },
};

const REDIS_FAULTS: Record<string, Fault> = {
  'Redis is flushed': async ({ redis }) => void (await redis.ask((client) => client.flushall())),
  'Redis forgets its scripts': async ({ redis }) => void (await redis.ask((client) => client.script('FLUSH'))),
  'Redis is killed and comes back': async ({ redis }) => {
    await redis.kill();
    await redis.start();
  },
  'Redis is away for long': async ({ redis, longestAwayMs }, dice) => {
    await redis.kill();
    await sleep(dice.between(longestAwayMs / 2, longestAwayMs));
    await redis.start();
  },
  'Redis freezes': async ({ redis }, dice) => {
    redis.freeze();
    await sleep(dice.between(500, 6_000));
    redis.thaw();
  },
  'Redis is full': (victims, dice) => refuseWrites(victims, dice, 'full'),
  'Redis is read-only': (victims, dice) => refuseWrites(victims, dice, 'replica'),
  'entries of the queue come again, with forged ones': async ({ redis, postgres }) => {
    const refs = await postgres.database.admin<object>(
      `select tenant_id as "tenantId", id as "taskId", dispatch_no as "dispatchNo" from jobs.task
       where dispatched_at is not null order by random() limit 40`,
    );
    const forged = { tenantId: newUuid(), taskId: newUuid(), dispatchNo: 1 };
    await offer(redis, [...refs, forged, { tenantId: "' or true --" }, { ...forged, padding: 'x'.repeat(100_000) }]);
  },
};

const POSTGRES_FAULTS: Record<string, Fault> = {
  'PostgreSQL is killed': async ({ postgres }, dice) => {
    await postgres.kill();
    await sleep(dice.between(0, 4_000));
    await postgres.start();
  },
  'PostgreSQL is restarted': async ({ postgres }, dice) => {
    await postgres.shutDown();
    await sleep(dice.between(0, 4_000));
    await postgres.start();
  },
  'COMMITs of batches are not answered': (victims, dice) => breakCommits(victims, dice, 'answer'),
  'COMMITs of batches do not arrive': (victims, dice) => breakCommits(victims, dice, 'before'),
  'all connections to PostgreSQL break': async ({ proxy }) => proxy.reset(),
  'PostgreSQL is not heard of': async ({ proxy }, dice) => {
    proxy.swallow();
    await sleep(dice.between(300, 4_000));
    await proxy.restore();
  },
  'PostgreSQL is slow': async ({ proxy }, dice) => {
    proxy.delay(dice.between(10, 60));
    await sleep(dice.between(1_000, 5_000));
    proxy.delay(0);
  },
};

/** Faults of one kind of victim, one at a time, and what makes it whole whatever state it is in. */
export interface Lane {
  readonly faults: Readonly<Record<string, Fault>>;
  heal(victims: Victims): Promise<void>;
}

/** Faults that do not get into each other's way. */
export const LANES: Readonly<Record<string, Lane>> = {
  workers: { faults: WORKER_FAULTS, heal: () => Promise.resolve() },
  redis: {
    faults: REDIS_FAULTS,
    heal: async ({ redis }) => {
      redis.thaw();
      if (!(await redis.ask((client) => client.ping()).catch(() => undefined))) {
        await redis.kill();
        await redis.start();
      }
      await redis.refuseWrites('no more');
    },
  },
  postgres: {
    faults: POSTGRES_FAULTS,
    heal: async ({ postgres, proxy }) => {
      await proxy.restore();
      if (!postgres.isRunning) await postgres.start();
    },
  },
};

async function refuseWrites({ redis }: Victims, dice: Dice, why: 'full' | 'replica'): Promise<void> {
  await redis.refuseWrites(why);
  await sleep(dice.between(500, 5_000));
  await redis.refuseWrites('no more');
}

async function breakCommits({ proxy }: Victims, dice: Dice, at: 'before' | 'answer'): Promise<void> {
  proxy.breakCommits(dice.between(1, 10), at, 'recrate-work:');
  await sleep(dice.between(500, 3_000));
  proxy.breakCommits(0, at);
}

/** Puts entries into the queue of the workers, as whoever can reach Redis can. */
async function offer(redis: OwnRedis, entries: readonly object[]): Promise<void> {
  const client = new Redis(redis.url, { retryStrategy: () => null, enableReadyCheck: false, commandTimeout: 2_000 });
  client.on('error', () => undefined);
  const queueOptions = { prefix: '{bull}', createClient: () => client, skipVersionCheck: true };
  const queue = new Bull('tasks', queueOptions);
  queue.on('error', () => undefined);
  try {
    const options = { removeOnComplete: true, removeOnFail: true };
    for (const entry of entries) await queue.add(entry, options);
  } finally {
    client.disconnect();
  }
}
