import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newUuid } from '#platform/kernel';
import type { Databases, Unit, UnitOfWork } from '#platform/persistence';
import { streamId } from '../../libs/platform/eventing/src/core/stream-id.js';
import { Appends } from '../../libs/platform/eventing/src/store/appends.js';
import { EventStore } from '../../libs/platform/eventing/src/store/event-store.js';
import {
  type InlineEvent,
  type InlineProjection,
  InlineProjections,
} from '../../libs/platform/eventing/src/store/inline-projections.js';
import { PostgresLog } from '../../libs/platform/eventing/src/store/postgres-log.js';
import { readModel } from '../../libs/platform/persistence/migrations/read-model-kit.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { workerUnits } from './feed-readers.js';
import { amountOf, createLedger, POSTED } from './ledger.js';
import { CODE_CACHE, ROOT } from './project.js';
import { eventually } from './redis-server.js';

/** Where in a step a worker is killed: before its statement is sent, when it has been sent, or after its answer. */
export type Side = 'before' | 'sent' | 'after';

/** A worker in a process of its own, and the steps it has taken. */
interface WorkerProcess {
  readonly child: ChildProcess;
  readonly steps: readonly string[];
}

const REACH_WITHIN_MS = 120_000;
/** What a worker may need to catch up with work that was written while workers were killed. */
const FINISH_WITHIN_MS = 300_000;
/** A new portion of work so often, until the step is reached. */
const PORTION_EVERY_MS = 1_000;
const LOOK_EVERY_MS = 50;
/** An entry that the projection cannot digest before: it is parked by then. */
const MENDED_AFTER_MS = 2_500;

/** The read models, and the projections that make them: one follows the feed, one is written with the events. */
const VIEWS = [
  { name: 'ledger.balances', view: 'ledger.balance' },
  { name: 'ledger.levels', view: 'ledger.level' },
] as const;
const NAMES = VIEWS.map(({ name }) => `'${name}'`).join();

/** Balances that are written in the transaction of the entries; the worker, which rebuilds them, has the same. */
const levels: InlineProjection = {
  categories: ['ledger.account'],
  readModel: { name: 'ledger.levels', version: 1, events: [POSTED], views: ['ledger.level'] },
  async apply(events: readonly InlineEvent[], unit: Unit, table: (view: string) => string): Promise<void> {
    for (const { streamId: account, data } of events) {
      await unit.run(
        `insert into ${table('ledger.level')} as t values ($1, $2, $3, 1) on conflict (tenant_id, account)
         do update set balance = t.balance + excluded.balance, entries = t.entries + 1`,
        [unit.tenantId, account, amountOf(data)],
      );
    }
  },
};

/**
 * Work for workers that are killed, and the look at what has come of it: entries in accounts, large ones that lead to commands,
 * overdrafts that lead to commands and timers, entries that are parked for a while, and rebuilds.
 */
export class KillRun {
  private readonly tenantId = newUuid();
  /** Entries that were sent, and those of them that were acknowledged; amounts differ within an account. */
  private readonly sent = new Map<string, number[]>();
  private readonly acknowledged = new Map<string, number[]>();
  private readonly children: ChildProcess[] = [];
  private readonly store: EventStore;
  private nextLarge = 1_000;

  private constructor(
    private readonly database: TestDatabase,
    private readonly units: { work: UnitOfWork; databases: Databases },
  ) {
    const inline = new InlineProjections();
    inline.add(levels);
    this.store = new EventStore(new PostgresLog(units.databases, units.work, new Appends()), inline);
  }

  /** @param database one whose server is killed too; default: one of its own */
  static async open(database?: TestDatabase): Promise<KillRun> {
    const used = database ?? (await createTestDatabase());
    await createLedger(used);
    const columns =
      'account uuid not null, balance bigint not null, entries int not null, primary key (tenant_id, account)';
    const level = readModel({ name: 'ledger.level', projection: 'ledger.levels', columns, inline: true });
    for (const sql of level) await used.admin(sql);
    return new KillRun(used, workerUnits(used, 4));
  }

  async close(): Promise<void> {
    await Promise.all(this.children.map((child) => kill(child)));
    await this.units.databases.close();
    await this.database.drop();
  }

  /** Writes in so many lanes until the answered function is called, whatever becomes of the server meanwhile. */
  write(lanes: number): () => Promise<void> {
    let stopped = false;
    const running = Array.from({ length: lanes }, async (_, lane) => {
      while (!stopped) {
        await this.portion(lane === 0 && Math.random() < 0.1).catch(() => undefined);
        await sleep(LOOK_EVERY_MS);
      }
    });
    return async () => {
      stopped = true;
      await Promise.all(running);
    };
  }

  /** How many entries have been acknowledged. */
  get done(): number {
    return [...this.acknowledged.values()].reduce((sum, { length }) => sum + length, 0);
  }

  /** Kills the workers that run, as `kill -9` does, and starts one. */
  async restart(): Promise<WorkerProcess> {
    await Promise.all(this.children.map((child) => kill(child)));
    return this.start();
  }

  /** Every step that a worker takes while it does all the kinds of work there are, in the order of their first time. */
  async record(): Promise<string[]> {
    const worker = this.start();
    // A worker that comes late meets entries that are mended already: it gets more, until it has parked one.
    await this.workUntil(() => worker.steps.some((step) => step.includes('insert into es.parked')), true);
    await this.finish(worker);
    return [...worker.steps];
  }

  /** Lets a worker work until it dies at a step. @returns whether it got there */
  async kill(step: string, side: Side): Promise<boolean> {
    const { child } = this.start({ step, side });
    const hasDied = (): boolean => child.exitCode !== null || child.signalCode !== null;
    const isReached = await this.workUntil(hasDied, step.includes('parked'));
    await kill(child);
    return isReached && child.signalCode === 'SIGKILL';
  }

  /** Gives work, a portion at a time, until something has happened. @returns false when it did not happen in time */
  private async workUntil(hasHappened: () => boolean, withPoison: boolean): Promise<boolean> {
    const deadline = Date.now() + REACH_WITHIN_MS;
    for (let n = 0; !hasHappened() && Date.now() < deadline; n++) {
      if (n % (PORTION_EVERY_MS / LOOK_EVERY_MS) === 0) await this.portion(withPoison);
      await this.ask();
      await sleep(LOOK_EVERY_MS);
    }
    return hasHappened();
  }

  /** Lets a worker finish, rebuilds, and answers what is wrong then; nothing, if all is well. */
  async finish(worker = this.start()): Promise<string[]> {
    const { child } = worker;
    await eventually('all is done', async () => (await this.ask(), (await this.left()).length === 0), FINISH_WITHIN_MS);
    const faults = await this.faults();
    const before = await this.slots();
    await this.database.admin(
      `update es.projections set wish = 'rebuild' where name in (${NAMES}) and status = 'live'`,
    );
    const isRebuilt = async (): Promise<boolean> =>
      (await this.slots()).every((slot, index) => slot !== before[index]) && (await this.left()).length === 0;
    await eventually('all is rebuilt', isRebuilt, FINISH_WITHIN_MS);
    child.kill('SIGTERM');
    await eventually('it has left', () => child.exitCode !== null, 30_000);
    if (child.exitCode !== 0) faults.push(`the worker left with ${child.exitCode}`);
    for (const { view } of VIEWS) {
      const [a, b] = await Promise.all(['a', 'b'].map((slot) => this.rows(`${view}_${slot}`)));
      if (a !== b) faults.push(`the view ${view} and its rebuild differ: ${a} ${b}`);
    }
    return faults;
  }

  private start(end: { step?: string; side?: Side } = {}): WorkerProcess {
    const program = join(ROOT, 'test/support/eventing-worker.mjs');
    const child = spawn(process.execPath, [program, JSON.stringify({ url: this.database.workerUrl, ...end })], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: CODE_CACHE },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.children.push(child);
    const steps: string[] = [];
    child.stdout?.on('data', (text: Buffer) => steps.push(...text.toString().split('\n').filter(Boolean)));
    return { child, steps };
  }

  private async portion(withPoison: boolean): Promise<void> {
    const [calm, overdrawn] = [newUuid(), newUuid()];
    await this.post(calm, [5, this.nextLarge++, 7]);
    await this.post(overdrawn, [-30]);
    await this.post(calm, [this.nextLarge++]);
    if (withPoison) await this.post(newUuid(), [1, { amount: 2, mendedAt: Date.now() + MENDED_AFTER_MS }, 3]);
    await this.database.admin(
      `update es.projections p set wish = 'rebuild' where name in (${NAMES}) and status = 'live' and wish is null
         and not exists (select 1 from es.projections o where o.name = p.name and o.status = 'catching_up')`,
    );
  }

  private async post(account: string, entries: readonly (number | { amount: number; mendedAt: number })[]) {
    const amounts = entries.map((entry) => (typeof entry === 'number' ? entry : entry.amount));
    const note = (where: Map<string, number[]>) => where.set(account, [...(where.get(account) ?? []), ...amounts]);
    note(this.sent);
    const events = entries.map((entry) => ({
      type: POSTED,
      data: typeof entry === 'number' ? { amount: entry } : entry,
    }));
    await this.store.append(streamId('ledger.account', this.tenantId, account), events);
    note(this.acknowledged);
  }

  /**
   * What an operator would ask for: whatever is parked is to be tried again. A command too: each new worker fails its first one, and
   * six workers that were killed may have failed the same.
   */
  private ask(): Promise<unknown> {
    return this.database.admin(
      `with again as (update es.outbox set parked_at = null, attempts = 0, not_before = clock_timestamp() where parked_at is not null)
       update es.projections set wish = 'replay' where wish is null and status <> 'retired'
          and exists (select 1 from es.parked k where k.name = es.projections.name || '@' || slot)`,
    );
  }

  /** What is still to be done. */
  private left(): Promise<unknown[]> {
    return this.database.admin(
      `select command from es.outbox union all select k.name from es.parked k join es.projections p
          on k.name = p.name || '@' || p.slot where p.status <> 'retired' union all
       select name from es.projections where status = 'catching_up' or wish is not null or (status = 'live'
          and kind <> 'inline' and position < (select coalesce(max(position), 0) from es.events where type like 'ledger.%')) union all
       select 'nobody is registered' where (select count(*) from es.projections where status = 'live') < 4`,
    );
  }

  /** Which table each view shows. */
  private async slots(): Promise<string[]> {
    const rows = await this.database.admin<{ slot: string }>(
      `select slot from es.projections where name in (${NAMES}) and status = 'live' order by name`,
    );
    return rows.map(({ slot }) => slot);
  }

  private async rows(table: string): Promise<string> {
    return JSON.stringify(await this.database.admin(`select * from ${table} order by tenant_id, account`));
  }

  private async viewFaults(wanted: readonly string[]): Promise<string[]> {
    const all = VIEWS.map(async ({ view }) => {
      const rows = await this.database.admin(`select account, balance::int, entries from ${view}`);
      return differences(
        `row of ${view}`,
        wanted,
        rows.map((row) => JSON.stringify(row)),
      );
    });
    return (await Promise.all(all)).flat();
  }

  private async faults(): Promise<string[]> {
    const events = await this.database.admin<{ account: string; amounts: number[] }>(
      `select stream_id as account, array_agg((data->>'amount')::int order by version) as amounts from es.events
        where type = 'ledger.posted' group by stream_id`,
    );
    const all = events.map(({ account, amounts }) => [account, amounts] as const);
    const [stored, sent] = [new Set(flat(all)), new Set(flat(this.sent))];
    const gaps = await this.database.admin<{ stream_id: string }>(
      `select e.stream_id from es.events e join es.streams s using (tenant_id, stream_id) group by e.stream_id, s.version
        having count(*) <> s.version or max(e.version) <> s.version or min(e.version) <> 1`,
    );
    const effects = await this.database.admin<{ what: string }>('select what from ledger.effect');
    const charged = await this.database.admin(`select 1 from es.events where type = 'overdraft.charged'`);
    const overdrawn = all.filter(([, amounts]) => amounts.some((amount) => amount < 0)).map(([account]) => account);
    const large = all.flatMap(([, amounts]) => amounts.filter((amount) => amount >= 1_000));
    const wanted = [
      ...overdrawn.flatMap((account) => [`warned ${account}`, 'grace is over']),
      ...large.map((amount) => `large ${amount}`),
    ];
    const shown = all.map(([account, amounts]) => ({
      account,
      balance: amounts.reduce((sum, amount) => sum + amount, 0),
      entries: amounts.length,
    }));
    return [
      ...flat(this.acknowledged)
        .filter((one) => !stored.has(one))
        .map((one) => `lost: entry ${one}`),
      ...[...stored].filter((one) => !sent.has(one)).map((one) => `nobody sent: entry ${one}`),
      ...(flat(all).length === stored.size ? [] : ['entries are there twice']),
      ...gaps.map(({ stream_id }) => `the versions of ${stream_id} have a gap`),
      ...(await this.viewFaults(shown.map((row) => JSON.stringify(row)))),
      ...differences(
        'effect',
        wanted,
        effects.map(({ what }) => what),
      ),
      ...(charged.length === overdrawn.length ? [] : [`${charged.length} charges of ${overdrawn.length} overdrafts`]),
    ];
  }
}

/** Entries as one text each. */
const flat = (accounts: Iterable<readonly [string, readonly number[]]>): string[] =>
  [...accounts].flatMap(([account, amounts]) => amounts.map((amount) => `${account} ${amount}`));

/** What is there too seldom or too often. */
function differences(kind: string, wanted: readonly string[], found: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const one of wanted) counts.set(one, (counts.get(one) ?? 0) + 1);
  for (const one of found) counts.set(one, (counts.get(one) ?? 0) - 1);
  return [...counts].filter(([, n]) => n !== 0).map(([one, n]) => `${kind} ${n > 0 ? 'lost' : 'doubled'}: ${one}`);
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
