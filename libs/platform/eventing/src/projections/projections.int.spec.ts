import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import type { Unit } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../../../../../test/support/database.js';
import { type EventingSetup, startEventing, type TestEventing } from '../../../../../test/support/eventing.js';
import {
  amountOf,
  Balances,
  createLedger,
  ENTRY_MADE,
  foldBalances,
  post,
  POSTED,
} from '../../../../../test/support/ledger.js';
import { eventually } from '../../../../../test/support/redis-server.js';
import type { FeedEvent } from '../feed/feed.js';
import { type IProjection, Projection, type ProjectionOptions } from './projection.js';

const [TENANT, OTHER] = [newUuid(), newUuid()];
const BALANCES: ProjectionOptions = {
  name: 'ledger.balances',
  version: 1,
  events: [POSTED],
  views: ['ledger.balance'],
  pageSize: 50,
};

/** The projection of the balances, with a hand in it. */
function balances(
  options: Partial<ProjectionOptions>,
  before: (events: readonly FeedEvent[]) => unknown = () => undefined,
) {
  @Projection({ ...BALANCES, ...options })
  class Probe implements IProjection {
    async apply(events: readonly FeedEvent[], unit: Unit, table: (view: string) => string): Promise<void> {
      await before(events);
      await foldBalances(events, unit, table('ledger.balance'));
    }
  }
  return Probe;
}

describe('projections', () => {
  let database: TestDatabase;
  let workers: TestEventing[];

  beforeEach(async () => {
    database = await createTestDatabase();
    await createLedger(database);
    workers = [];
  });
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await database.drop();
  });

  async function worker(
    providers: EventingSetup['providers'] = [Balances],
    more: Partial<EventingSetup> = {},
  ): Promise<TestEventing> {
    const started = await startEventing({ database, providers, ...more });
    workers.push(started);
    return started;
  }

  const write = (one: TestEventing, account: string, amounts: number[], tenantId = TENANT): Promise<number> =>
    one.work.run({ tenantId }, (unit) => post(unit, account, amounts));
  const shown = (columns = 'account, balance::int, entries') =>
    database.admin<Record<string, unknown>>(`select ${columns} from ledger.balance order by tenant_id, account`);
  const builds = () =>
    database.admin<Record<string, unknown>>(
      `select slot, status, version, position::int, error, wish, paused from es.projections where name = 'ledger.balances' order by slot, shard`,
    );
  const parked = () =>
    database.admin<{ stream_id: string; attempts: number; error: { message: string } | null }>(
      'select stream_id, attempts, error from es.parked order by position',
    );
  const expected = () =>
    database.admin<Record<string, unknown>>(
      `select stream_id as account, sum((data->>'amount')::int)::int as balance, count(*)::int as entries from es.events
        where type = '${POSTED}' group by tenant_id, stream_id order by tenant_id, stream_id`,
    );
  const caughtUp = () => eventually('the view is complete', async () => same(await shown(), await expected()), 15_000);
  const waiting = async () =>
    (
      await database.admin(`select 1 from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'`, [
        database.name,
      ])
    ).length;
  const ask = (what: string) => database.admin(`update es.projections set ${what} where name = 'ledger.balances'`);

  it('folds the events of all tenants, each under its own tenant, whatever the pages', async () => {
    const one = await worker([balances({ pageSize: 7 })]);
    const accounts = Array.from({ length: 10 }, () => newUuid());
    await Promise.all(
      accounts.flatMap((account, n) => [
        write(one, account, [1, 2, 3, 4, 5]),
        write(one, account, [n, -n, 7], n % 2 ? TENANT : OTHER),
      ]),
    );
    await caughtUp();
    expect(await one.work.run({ tenantId: OTHER }, (unit) => unit.rows('select 1 from ledger.balance'))).toHaveLength(
      5,
    );
  });

  it('is fed with a published fact from the private events that it is cut from', async () => {
    const seen: string[] = [];
    const one = await worker([
      balances({ events: [ENTRY_MADE] }, (events) => seen.push(...events.map(({ type }) => type))),
    ]);
    await write(one, newUuid(), [1, 0, 2]);
    await eventually('both that moved something are in it', async () => (await shown()).length === 1);
    expect(await shown('balance::int, entries')).toEqual([{ balance: 3, entries: 2 }]);
    expect(seen).toEqual([ENTRY_MADE, ENTRY_MADE]);
  });

  it('applies every event once while three workers share four shards', async () => {
    const sharded = [balances({ pageSize: 5, shards: 4 })];
    const all = [await worker(sharded), await worker(sharded), await worker(sharded)];
    const tenants = Array.from({ length: 8 }, () => newUuid());
    await Promise.all(
      tenants.flatMap((tenantId, n) =>
        Array.from({ length: 6 }, () => write(pick(all, n), newUuid(), [1, 2, 3], tenantId)),
      ),
    );
    await caughtUp();
  });

  it('tries a page again when it fails, without parking anything', async () => {
    let failures = 0;
    const one = await worker([
      balances({}, () => {
        if (failures++ < 2) throw new Error('not just now');
      }),
    ]);
    await write(one, newUuid(), [1, 2]);
    await caughtUp();
    expect(await parked()).toEqual([]);
    expect(failures).toBe(3);
  });

  it('parks a poison event and the later ones of its stream, lets others go on, and replays in order', async () => {
    let isFixed = false;
    const order: number[] = [];
    const poison = newUuid();
    const one = await worker([
      balances({}, (events) => {
        if (!isFixed && events.some(({ data }) => amountOf(data) === 13)) throw new Error('unlucky');
        if (isFixed) order.push(...events.filter(({ streamId }) => streamId === poison).map(({ version }) => version));
      }),
    ]);
    await write(one, poison, [1, 13, 5]);
    for (let n = 0; n < 5; n++) await write(one, newUuid(), [n]);
    await eventually('it is parked', async () => (await parked()).length === 2, 15_000);
    await write(one, poison, [6]);
    await eventually('the later one too', async () => (await parked()).length === 3);
    expect((await parked()).map(({ attempts, error }) => [attempts, error?.message])).toEqual([
      [1, 'Error: unlucky'],
      [0, undefined],
      [0, undefined],
    ]);
    expect(await shown('entries')).toHaveLength(6);
    await ask(`wish = 'replay'`);
    await eventually('it was tried again', async () => (await parked())[0]?.attempts === 2);
    expect(await parked()).toHaveLength(3);
    isFixed = true;
    await ask(`wish = 'replay'`);
    await caughtUp();
    expect(await parked()).toEqual([]);
    expect(order).toEqual([2, 3, 4]);
    await write(one, poison, [7]);
    await caughtUp();
  });

  it('does what is asked while a replay runs after it', async () => {
    let [isFixed, holds] = [false, false];
    const held: (() => void)[] = [];
    const one = await worker([
      balances({}, async (events) => {
        if (holds) await new Promise<void>((go) => held.push(go));
        if (!isFixed && events.some(({ data }) => amountOf(data) === 13)) throw new Error('unlucky');
      }),
    ]);
    await write(one, newUuid(), [13]);
    await eventually('it is parked', async () => (await parked()).length === 1, 15_000);
    holds = true;
    await ask(`wish = 'replay'`);
    await eventually('it is being tried', () => held.length > 0);
    const again = ask(`wish = 'replay'`);
    await eventually('it is asked for again', async () => (await waiting()) > 0);
    holds = false;
    for (const go of held) go();
    await again;
    await eventually('it was tried twice', async () => (await parked())[0]?.attempts === 3);
    isFixed = true;
    await ask(`wish = 'replay'`);
    await caughtUp();
    expect(await parked()).toEqual([]);
  });

  it('parks what it cannot decode: a schema of the future', async () => {
    const decode = (event: FeedEvent): FeedEvent => {
      if (amountOf(event.data) === 99) throw new Error('a schema of the future');
      return event;
    };
    const one = await worker([Balances], { decode });
    await write(one, newUuid(), [99]);
    await write(one, newUuid(), [1]);
    await eventually('it is parked', async () => (await parked()).length === 1, 15_000);
    await eventually('the other is shown', async () => (await shown()).length === 1);
  });

  it('pauses and goes on where it was', async () => {
    const one = await worker();
    await write(one, newUuid(), [1]);
    await caughtUp();
    await ask('paused = true');
    await write(one, newUuid(), [2]);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await shown()).toHaveLength(1);
    await ask('paused = false');
    await caughtUp();
  });

  it('rebuilds beside the writes: the view is never empty or behind, and ends equal', async () => {
    const one = await worker([balances({ pageSize: 20 })]);
    const accounts = Array.from({ length: 20 }, () => newUuid());
    for (const account of accounts) await write(one, account, [1, 2, 3, 4, 5]);
    await caughtUp();
    const before = await shown();
    // What a rebuild must not keep: a row that no event tells of.
    await database.admin(`insert into ledger.balance_b values ('${TENANT}', '${newUuid()}', 1, 1)`);
    await ask(`wish = 'rebuild'`);
    const seen: number[] = [];
    let writes = 0;
    await eventually(
      'it has turned',
      async () => {
        await write(one, accounts[writes++ % 20] ?? '', [1]);
        seen.push(Number((await shown('sum(entries) over ()::int as n'))[0]?.['n'] ?? 0));
        return (await builds()).some(({ slot, status }) => slot === 'b' && status === 'live');
      },
      20_000,
    );
    await caughtUp();
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(100);
    expect(seen).toEqual(seen.toSorted((x, y) => x - y));
    expect(before).toHaveLength(20);
    expect(await builds()).toMatchObject([
      { slot: 'a', status: 'retired', wish: null },
      { slot: 'b', status: 'live', wish: null },
    ]);
    await ask(`wish = 'rebuild'`);
    await eventually('and back', async () => (await builds())[0]?.['status'] === 'live', 20_000);
    await caughtUp();
  });

  it('forgets what was asked of a build that is retired before anybody got to it', async () => {
    const held: (() => void)[] = [];
    let holds = false;
    const one = await worker([balances({}, () => (holds ? new Promise<void>((go) => held.push(go)) : undefined))]);
    await write(one, newUuid(), [1, 2]);
    await caughtUp();
    holds = true;
    await ask(`wish = 'rebuild'`);
    await eventually('the new build is under way', () => held.length > 0);
    // Paused, so that nobody does what is asked before the view turns.
    await database.admin(`update es.projections set paused = true, wish = 'replay' where slot = 'a'`);
    holds = false;
    for (const go of held) go();
    await eventually('it has turned', async () => (await builds())[0]?.['status'] === 'retired');
    expect(await builds()).toMatchObject([
      { slot: 'a', status: 'retired', wish: null },
      { slot: 'b', status: 'live', wish: null },
    ]);
  });

  it('builds a newer version beside the live one and turns to it; older code leaves it alone', async () => {
    const old = await worker();
    await write(old, newUuid(), [1, 2]);
    await caughtUp();
    await worker([balances({ version: 2 })]);
    const isLive = async (): Promise<boolean> =>
      (await builds()).some((one) => one['version'] === 2 && one['status'] === 'live');
    await eventually('version 2 is live', isLive, 15_000);
    await write(old, newUuid(), [3]);
    await caughtUp();
    expect((await builds()).map(({ version, status }) => [version, status])).toEqual([
      [1, 'retired'],
      [2, 'live'],
    ]);
  });

  it('shows the failure to the operator, until it is over', async () => {
    let fails = true;
    const one = await worker([
      balances({}, () => {
        if (fails) throw Object.assign(new Error('gone'), { code: '57P01' });
      }),
    ]);
    await write(one, newUuid(), [1]);
    await eventually('it is noted', async () => (await builds())[0]?.['error'] !== null);
    fails = false;
    await caughtUp();
    expect(await builds()).toMatchObject([{ error: null }]);
    expect(await parked()).toEqual([]);
  });
});

const same = (x: unknown, y: unknown): boolean => JSON.stringify(x) === JSON.stringify(y);

function pick<T>(all: readonly T[], n: number): T {
  const one = all[n % all.length];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}
