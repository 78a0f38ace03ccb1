import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { Pool, type PoolClient } from 'pg';
import { newUuid } from '#platform/kernel';
import type { Databases, Unit, UnitOfWork } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../../../../../test/support/database.js';
import { workerUnits } from '../../../../../test/support/feed-readers.js';
import { amountOf, createLedger, post, POSTED } from '../../../../../test/support/ledger.js';
import type { FeedEvent } from '../feed/feed.js';
import { type Build, openBuilds, registerBuilds } from './builds.js';
import { Pages } from './pages.js';
import { projectionSubscriber } from './projection.js';
import { Rebuilds } from './rebuilds.js';
import type { Subscriber } from './subscriber.js';
import { TenantUnits } from './tenant-units.js';

const TENANTS = [newUuid(), newUuid(), newUuid()];
const ACCOUNTS = Array.from({ length: 4 }, () => newUuid());
/** A fold that depends on the order of the events: every event makes state * 31 + amount, modulo a prime. */
const [FACTOR, PRIME] = [31, 1_000_003];
const next = (state: number, amount: number): number => (state * FACTOR + amount) % PRIME;

/** Composes the steps of each account and writes them with one statement. */
async function fold(events: readonly FeedEvent[], unit: Unit, table: (view: string) => string): Promise<void> {
  const steps = new Map<string, { times: number; plus: number; entries: number }>();
  for (const { streamId, data } of events) {
    const { times, plus, entries } = steps.get(streamId) ?? { times: 1, plus: 0, entries: 0 };
    steps.set(streamId, {
      times: (times * FACTOR) % PRIME,
      plus: next(plus, amountOf(data)),
      entries: entries + 1,
    });
  }
  const all = [...steps.values()];
  await unit.run(
    `insert into ${table('ledger.balance')} as t (tenant_id, account, balance, entries)
     select $1, n.account, n.plus, n.entries
       from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::int[]) as n (account, times, plus, entries)
     on conflict (tenant_id, account) do update set entries = t.entries + excluded.entries,
       balance = (t.balance * ($3::bigint[])[array_position($2::uuid[], t.account)] + excluded.balance) % ${PRIME}`,
    [
      unit.tenantId,
      [...steps.keys()],
      all.map(({ times }) => times),
      all.map(({ plus }) => plus),
      all.map(({ entries }) => entries),
    ],
  );
}

const projection = (pageSize: number): Subscriber =>
  projectionSubscriber(
    { name: 'ledger.balances', version: 1, events: [POSTED], views: ['ledger.balance'], pageSize },
    { apply: fold },
  );

describe('a projection', () => {
  let database: TestDatabase;
  let work: UnitOfWork;
  let databases: Databases;
  let owner: Pool;
  /** Stands before every statement that the runner sends; what it throws, the statement throws. */
  let gate: (client: PoolClient, side: 'before' | 'after') => Promise<void> | void;

  beforeAll(async () => {
    database = await createTestDatabase();
    await createLedger(database);
    Logger.overrideLogger(false);
    owner = new Pool({ connectionString: database.ownerUrl, max: 3 });
    ({ work, databases } = workerUnits(database, 6));
    databases.get('main').pool.on('connect', (client) => {
      const send = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
      const query = async (...args: unknown[]): Promise<unknown> => {
        await gate(client, 'before');
        const answer = await send(...args);
        await gate(client, 'after');
        return answer;
      };
      Object.assign(client, { query });
    });
  });
  beforeEach(() => {
    gate = () => undefined;
  });
  afterAll(async () => {
    await owner.end();
    await databases.close();
    await database.drop();
  });

  const admin = async <R extends object>(sql: string): Promise<R[]> => (await owner.query<R>(sql)).rows;
  const empty = () =>
    admin('truncate es.events, es.streams, es.commands, es.projections, ledger.balance_a, ledger.balance_b');
  const write = (tenant: number, account: number, amounts: readonly number[]): Promise<number> =>
    work.run({ tenantId: TENANTS[tenant] ?? '' }, (unit) => post(unit, ACCOUNTS[account] ?? '', amounts));
  const rows = (table: string) => admin(`select tenant_id, account, balance::int, entries from ${table} order by 1, 2`);
  const runner = () => {
    const units = new TenantUnits(work, databases);
    const pages = new Pages(units, (event) => event);
    return { units, pages, rebuilds: new Rebuilds(units, pages) };
  };
  type Runner = ReturnType<typeof runner>;
  const end = async (): Promise<number> =>
    (await admin<{ n: number }>('select coalesce(max(position), 0)::int as n from es.events'))[0]?.n ?? 0;

  /** What the events add up to, one by one in their order. */
  async function expected(): Promise<unknown[]> {
    const events = await admin<{ tenant_id: string; account: string; amount: number }>(
      `select tenant_id, stream_id as account, (data->>'amount')::int as amount from es.events order by position`,
    );
    const states = new Map<string, { balance: number; entries: number }>();
    for (const { tenant_id, account, amount } of events) {
      const { balance, entries } = states.get(`${tenant_id} ${account}`) ?? { balance: 0, entries: 0 };
      states.set(`${tenant_id} ${account}`, { balance: next(balance, amount), entries: entries + 1 });
    }
    return [...states]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { balance, entries }]) => {
        const [tenant_id, account] = key.split(' ');
        return { tenant_id, account, balance, entries };
      });
  }

  const ask = () => admin(`update es.projections set wish = 'rebuild' where status = 'live' and slot = 'a'`);
  const builds = ({ units }: Runner): Promise<Build[]> => units.run(openBuilds);

  /** One turn of every build, as the runner takes it. */
  async function turn(one: Runner, subscriber: Subscriber, upTo: number): Promise<void> {
    const { units, pages, rebuilds } = one;
    await units.run((unit) => registerBuilds(unit, subscriber, upTo));
    for (const build of await builds(one)) {
      if (build.wish === 'rebuild') await rebuilds.begin(subscriber);
      else if (build.position < 0) await rebuilds.clear(subscriber, build);
      else if (build.position < upTo) await pages.run(subscriber, build, { upTo, careful: false });
      else if (build.status === 'catching_up') await rebuilds.flip(subscriber, upTo);
    }
  }

  /** Turns until a rebuild, which the operator asks for until it has begun, is live and has come to the end. */
  async function finish(one: Runner, subscriber: Subscriber): Promise<void> {
    for (let turns = 0; turns < 1_000; turns++) {
      const upTo = await end();
      const all = await builds(one);
      if (all.every(({ slot }) => slot === 'a')) await ask();
      if (all.length === 1 && all[0]?.slot === 'b' && all[0].status === 'live' && all[0].position >= upTo) return;
      await turn(one, subscriber, upTo);
    }
    throw new Error('the rebuild does not end');
  }

  const amounts = fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 6 });
  type Step = { write: readonly [number, number, readonly number[]] } | { page: number };
  const history = fc.array(
    fc.oneof(
      fc.record({ write: fc.tuple(fc.nat(2), fc.nat(3), amounts) }),
      fc.record({ page: fc.integer({ min: 1, max: 9 }) }),
    ),
    { maxLength: 24 },
  );

  it('comes out as its rebuild and as the events one by one, whatever the history and the pages', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.integer({ min: 1, max: 60 }), async (steps: Step[], rebuildPage) => {
        await empty();
        const one = runner();
        for (const step of steps) {
          if ('write' in step) await write(...step.write);
          else await turn(one, projection(step.page), await end());
        }
        await turn(one, projection(1_000), await end());
        await turn(one, projection(1_000), await end());
        const right = await expected();
        expect(await rows('ledger.balance')).toEqual(right);
        await finish(one, projection(rebuildPage));
        expect(await rows('ledger.balance_b')).toEqual(right);
        expect(await rows('ledger.balance_a')).toEqual(right);
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  it('comes out right when its process ends after any of its statements, also those of the flip', async () => {
    const subscriber = projection(4);
    let died = true;
    let point = 0;
    for (; died; point++) {
      await empty();
      for (let n = 0; n < 4; n++) await write(n % 2, n, [n, 7, 3]);
      died = false;
      let statements = 0;
      const clients = new Set<PoolClient>();
      gate = (client, side) => {
        clients.add(client);
        if (!died && side === 'after' && statements++ === point) {
          died = true;
          for (const each of clients) each.connection.stream.destroy();
        }
        if (died) throw new Error('the process is dead');
      };
      await finish(runner(), subscriber).catch((error: unknown) => {
        if (!died) throw error;
      });
      gate = () => undefined;
      await finish(runner(), subscriber);
      expect([point, await rows('ledger.balance')]).toEqual([point, await expected()]);
    }
    expect(point).toBeGreaterThan(40);
  }, 120_000);

  it('applies every event once, in whatever order the statements of three runners come', async () => {
    const subscriber = projection(3);
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        gate = () => undefined;
        await empty();
        for (let n = 0; n < 5; n++) await write(n % 3, n % 4, [n, 1, 2]);
        const upTo = await end();
        await runner().units.run((unit) => registerBuilds(unit, subscriber, upTo));
        gate = async (_, side) => {
          if (side === 'before') await scheduler.schedule(Promise.resolve(), 'statement');
        };
        const all = [runner(), runner(), runner()].map((one) => finish(one, subscriber));
        await scheduler.waitFor(Promise.all(all));
        gate = () => undefined;
        const right = await expected();
        expect(await rows('ledger.balance')).toEqual(right);
        expect(await rows('ledger.balance_b')).toEqual(right);
      }),
      { numRuns: 12 },
    );
  }, 120_000);
});
