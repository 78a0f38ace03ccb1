import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { A, openThings } from '../testing/things.js';
import { Databases } from './databases.js';
import { UnitOfWork } from './unit-of-work.js';

const { database, work, add, names, close } = await openThings();

afterAll(close);
beforeEach(() => database.admin('delete from probe.thing'));

describe('a unit of work whose database fails', () => {
  it('runs the unit again after a serialisation failure and gives up after six attempts', async () => {
    let attempts = 0;
    const loser = (until: number) =>
      work.run({ tenantId: A }, async (unit) => {
        attempts += 1;
        if (attempts < until) await unit.rows(`do $$ begin raise exception using errcode = '40001'; end $$`);
        return attempts;
      });
    expect(await loser(3)).toBe(3);
    attempts = 0;
    await expect(loser(100)).rejects.toMatchObject({ code: 'database.contention' });
    expect(attempts).toBe(6);
  });

  it('opens a new connection when the server has ended the pooled one', async () => {
    await add(A, 'before');
    await database.admin(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app_rt' and datname = $1`,
      [database.name],
    );
    expect(await names(A)).toEqual(['before']);
  });

  it('does not repeat a unit whose commit was not answered, unless it can tell that it was done', async () => {
    let runs = 0;
    const cut = (repeatable: boolean) =>
      work.run({ tenantId: A, repeatable }, async (unit) => {
        runs += 1;
        if (runs > 1) return 'again';
        const query = unit.client.query.bind(unit.client);
        const commitThenCut = async (text: string): Promise<unknown> => {
          await query(text);
          await database.admin('select pg_terminate_backend($1)', [Reflect.get(unit.client, 'processID')]);
          return query('select 1');
        };
        Object.assign(unit.client, {
          query: (...args: unknown[]) =>
            args[0] === 'commit' ? commitThenCut('commit') : Reflect.apply(query, unit.client, args),
        });
        return 'first';
      });
    await expect(cut(false)).rejects.toMatchObject({ code: 'database.outcome_unknown' });
    runs = 0;
    expect(await cut(true)).toBe('again');
  });

  it('refuses at once instead of queueing for ever when all connections are busy', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const busy = Array.from({ length: 4 }, () => work.run({ tenantId: A }, () => promise));
    await expect(names(A)).rejects.toMatchObject({ code: 'database.overloaded' });
    resolve();
    await Promise.all(busy);
    expect(await names(A)).toEqual([]);
  });

  it('cancels a statement that takes too long', async () => {
    const slow = work.run({ tenantId: A }, (unit) => unit.rows('select pg_sleep(5)'));
    await expect(slow).rejects.toMatchObject({ code: '57014' });
  });

  it('says that the database is away when nothing listens there', async () => {
    const gone = new Databases({
      main: { url: 'postgresql://app_rt:x@127.0.0.1:1/none', max: 1 },
      applicationName: 'test-gone',
      statementTimeoutMs: 1_000,
      acquireTimeoutMs: 500,
      slowQueryMs: 10_000,
    });
    await expect(new UnitOfWork(gone).run({ tenantId: A }, async () => undefined)).rejects.toMatchObject({
      code: 'database.unavailable',
    });
    await gone.close();
  });
});
