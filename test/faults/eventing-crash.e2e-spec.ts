import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { newUuid } from '#platform/kernel';
import { startEventing, type TestEventing } from '../support/eventing.js';
import {
  type FeedReader,
  keepingReader,
  orderFaults,
  productReader,
  type Seen,
  storedEvents,
} from '../support/feed-readers.js';
import { FeedWriter } from '../support/feed-writer.js';
import { Balances, createLedger, LargeEntries, NoteHandler, OverdraftWatch, POSTED, post } from '../support/ledger.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { eventually } from '../support/redis-server.js';

describe('a server that is killed', () => {
  let server: OwnPostgres;
  const open: TestEventing[] = [];

  beforeAll(async () => {
    server = await OwnPostgres.create();
    await createLedger(server.database);
  });
  afterAll(async () => {
    await Promise.all(open.map((worker) => worker.stop()));
    await server.remove();
  });

  /** Polls again until the server answers. */
  async function poll(reader: FeedReader): Promise<Seen[]> {
    for (let tries = 0; ; tries++) {
      try {
        return await reader.poll();
      } catch (error) {
        if (tries === 100) throw error;
        await sleep(50);
      }
    }
  }

  it('skips nothing of a prepared transaction that comes back; a fence kept over the crash does (mutant 7)', async () => {
    const { database } = server;
    const [reader, mutant] = [productReader(database), keepingReader(database)];
    const [right, wrong]: [Seen[], Seen[]] = [[], []];
    const before = await FeedWriter.connect(database.rtUrl, newUuid());
    await before.sql('begin');
    await before.append(newUuid());
    await before.sql(`prepare transaction 'held'`);
    right.push(...(await poll(reader)));
    wrong.push(...(await poll(mutant)));
    await server.kill();
    await before.close();
    await server.start();
    right.push(...(await poll(reader)));
    wrong.push(...(await poll(mutant)));
    await database.admin(`commit prepared 'held'`).catch(() => commitAs(database.rtUrl));
    const after = await FeedWriter.connect(database.rtUrl, newUuid());
    await after.append(newUuid());
    await after.close();
    for (let n = 0; n < 4; n++) {
      right.push(...(await poll(reader)));
      wrong.push(...(await poll(mutant)));
    }
    await reader.close();
    const stored = await storedEvents(database);
    expect(orderFaults(right, stored)).toEqual([]);
    expect(orderFaults(wrong, stored)).toEqual([expect.stringContaining('skip')]);
  });

  /** Only who prepared a transaction, or a superuser, may commit it. */
  async function commitAs(url: string): Promise<void> {
    const client = await FeedWriter.connect(url, newUuid());
    await client.sql(`commit prepared 'held'`);
    await client.close();
  }

  it('loses no acknowledged append and doubles no effect, and the view comes out equal to its rebuild', async () => {
    const { database } = server;
    const tenantId = newUuid();
    const providers = [Balances, OverdraftWatch, LargeEntries, NoteHandler];
    const worker = await startEventing({ database, providers });
    open.push(worker);
    const registered = async (): Promise<boolean> =>
      (await database.admin('select 1 from es.projections')).length === 3;
    await eventually('all are registered', registered);
    const accounts = Array.from({ length: 8 }, () => newUuid());
    let [acknowledged, written, stop] = [0, 0, false];
    const writers = accounts.map(async (account) => {
      for (let n = 0; !stop; n++) {
        const entries = [-1, 1_000 + n];
        written += 1;
        await worker.work
          .run({ tenantId }, (unit) => post(unit, account, entries))
          .then(
            () => (acknowledged += 1),
            () => sleep(50),
          );
        await sleep(5);
      }
    });
    for (let n = 0; n < 2; n++) {
      await sleep(700);
      await server.kill();
      await server.start();
    }
    await sleep(700);
    stop = true;
    await Promise.all(writers);
    const of = `tenant_id = '${tenantId}'`;
    const one = async (sql: string): Promise<number> => (await database.admin<{ n: number }>(sql))[0]?.n ?? 0;
    const posted = await one(`select count(*)::int as n from es.events where ${of} and type = '${POSTED}'`);
    expect(acknowledged).toBeGreaterThan(100);
    expect(posted / 2).toBeGreaterThanOrEqual(acknowledged);
    expect(posted / 2).toBeLessThanOrEqual(written);
    const shown = (): Promise<number> =>
      one(`select coalesce(sum(entries), 0)::int as n from ledger.balance where ${of}`);
    const noted = (): Promise<number> =>
      one(`select count(*)::int as n from ledger.effect where ${of} and what like 'large%'`);
    await eventually('all is shown', async () => (await shown()) === posted, 15_000);
    await eventually('all is done', async () => (await noted()) >= posted / 2, 15_000);
    await sleep(300);
    expect(await noted()).toBe(posted / 2);
    await database.admin(`update es.projections set wish = 'rebuild' where name = 'ledger.balances'`);
    const isTurned = `select 1 from es.projections where name = 'ledger.balances' and slot = 'b' and status = 'live'`;
    await eventually('it is rebuilt', async () => (await database.admin(isTurned)).length === 1, 15_000);
    const [live, rebuilt] = await Promise.all(
      ['a', 'b'].map((slot) => database.admin(`select * from ledger.balance_${slot} where ${of} order by account`)),
    );
    expect(rebuilt).toHaveLength(8);
    expect(JSON.stringify(rebuilt)).toBe(JSON.stringify(live));
  });
});
