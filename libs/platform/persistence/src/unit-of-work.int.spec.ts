import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Entity, PrimaryKey, Property, ReflectMetadataProvider } from '@mikro-orm/decorators/legacy';
import { MikroORM, PostgreSqlDriver } from '@mikro-orm/postgresql';
import { newUuid } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { guard, schema } from '../migrations/kit.js';
import { Databases } from './databases.js';
import type { Unit } from './unit.js';
import { UnitOfWork } from './unit-of-work.js';

@Entity({ schema: 'probe', tableName: 'thing' })
class Thing {
  @PrimaryKey({ type: 'uuid' }) tenantId: string;
  @PrimaryKey({ type: 'uuid' }) id: string;
  @Property({ type: 'text' }) name: string;
  @Property({ type: 'integer' }) version: number;
  @Property({ type: Date }) createdAt: Date;
}

const A = newUuid();
const B = newUuid();

describe('UnitOfWork', () => {
  let database: TestDatabase;
  let databases: Databases;
  let work: UnitOfWork;
  let orm: MikroORM;

  beforeAll(async () => {
    database = await createTestDatabase();
    for (const sql of [
      ...schema('probe'),
      `create table probe.thing (tenant_id uuid not null, id uuid not null, name text not null, version int not null default 1,
         created_at timestamptz not null default clock_timestamp(), primary key (tenant_id, id))`,
      ...guard('probe.thing', { app_rt: 'select, insert, update, delete', app_platform: 'select' }),
    ]) {
      await database.admin(sql);
    }
    databases = new Databases({
      main: { url: database.rtUrl, max: 4 },
      platform: { url: database.platformUrl, max: 2 },
      applicationName: 'test',
      statementTimeoutMs: 2_000,
      acquireTimeoutMs: 300,
      slowQueryMs: 10_000,
    });
    orm = new MikroORM({
      driver: PostgreSqlDriver,
      entities: [Thing],
      metadataProvider: ReflectMetadataProvider,
      dbName: 'x',
    });
    databases.useOrm(orm);
    work = new UnitOfWork(databases);
  });

  afterAll(async () => {
    await databases.close();
    await orm.close();
    await database.drop();
  });

  beforeEach(() => database.admin('delete from probe.thing'));

  const add = (tenantId: string, name: string): Promise<number> =>
    work.run({ tenantId }, (unit) =>
      unit.run('insert into probe.thing (tenant_id, id, name) values ($1, $2, $3)', [tenantId, newUuid(), name]),
    );
  const names = async (tenantId: string): Promise<string[]> =>
    (
      await work.run({ tenantId, readOnly: true }, (unit) =>
        unit.rows<{ name: string }>('select name from probe.thing order by name'),
      )
    ).map((row) => row.name);

  it('shows a tenant its own rows only', async () => {
    await add(A, 'of A');
    await add(B, 'of B');
    expect(await names(A)).toEqual(['of A']);
    expect(await names(B)).toEqual(['of B']);
  });

  it('refuses to write a row of another tenant', async () => {
    const foreign = work.run({ tenantId: A }, (unit) =>
      unit.run('insert into probe.thing (tenant_id, id, name) values ($1, $2, $3)', [B, newUuid(), 'smuggled']),
    );
    await expect(foreign).rejects.toMatchObject({ code: '42501' });
  });

  it('never lets one tenant see another through a reused connection', async () => {
    await add(A, 'of A');
    await add(B, 'of B');
    const one = new Databases({
      main: { url: database.rtUrl, max: 1 },
      applicationName: 'test-one',
      statementTimeoutMs: 2_000,
      acquireTimeoutMs: 1_000,
      slowQueryMs: 10_000,
    });
    const single = new UnitOfWork(one);
    for (let turn = 0; turn < 2_000; turn++) {
      const tenantId = turn % 2 === 0 ? A : B;
      const rows = await single.run({ tenantId, readOnly: true }, (unit) =>
        unit.rows('select tenant_id from probe.thing'),
      );
      expect(rows).toEqual([{ tenant_id: tenantId }]);
    }
    const { rows } = await one.get('main').pool.query('select * from probe.thing');
    expect(rows).toEqual([]);
    await one.close();
  });

  it('rolls everything back when the work fails', async () => {
    const failed = work.run({ tenantId: A }, async (unit) => {
      await unit.run('insert into probe.thing (tenant_id, id, name) values ($1, $2, $3)', [A, newUuid(), 'lost']);
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(await names(A)).toEqual([]);
  });

  it('fails instead of pretending when a swallowed error has aborted the transaction', async () => {
    const swallowed = work.run({ tenantId: A }, async (unit) => {
      await unit.run('insert into probe.thing (tenant_id, id, name) values ($1, $2, $3)', [A, newUuid(), 'lost']);
      await unit.rows('select 1/0').catch(() => undefined);
    });
    await expect(swallowed).rejects.toThrow('aborted');
    expect(await names(A)).toEqual([]);
  });

  it('writes entities on its own connection and commits them with everything else', async () => {
    const id = newUuid();
    await work.run({ tenantId: A }, async (unit) => {
      unit.em.create(Thing, { tenantId: A, id, name: 'entity', version: 1, createdAt: new Date() });
      await unit.flush();
      const seen = await unit.rows<{ name: string }>('select name from probe.thing');
      expect(seen).toEqual([{ name: 'entity' }]);
    });
    await work.run({ tenantId: A }, async (unit) => {
      const thing = await unit.em.findOneOrFail(Thing, { tenantId: A, id });
      expect(thing.createdAt).toBeInstanceOf(Date);
      thing.name = 'renamed';
    });
    expect(await names(A)).toEqual(['renamed']);
    const foreign = await work.run({ tenantId: B }, (unit) => unit.em.findOne(Thing, { tenantId: A, id }));
    expect(foreign).toBeNull();
  });

  it('undoes only the savepoint that failed', async () => {
    await work.run({ tenantId: A }, async (unit) => {
      await unit.run('insert into probe.thing (tenant_id, id, name) values ($1, $2, $3)', [A, newUuid(), 'kept']);
      const failed = unit.savepoint(() =>
        unit.run('insert into probe.thing (tenant_id, id, name) values ($1, $2, $3)', [A, newUuid(), null]),
      );
      await expect(failed).rejects.toMatchObject({ code: '23502' });
    });
    expect(await names(A)).toEqual(['kept']);
  });

  it('joins the open unit of the same tenant and refuses another', async () => {
    await work.run({ tenantId: A }, async (outer) => {
      await work.run({ tenantId: A }, async (inner) => expect(inner).toBe(outer));
      await expect(work.run({ tenantId: B }, async () => undefined)).rejects.toThrow('another tenant');
      await expect(work.run({ tenantId: A, pool: 'platform' }, async () => undefined)).rejects.toThrow('another pool');
    });
  });

  it('runs what comes after the commit only after the commit, and outside the unit', async () => {
    const seen: string[][] = [];
    await work.run({ tenantId: A }, async (unit) => {
      await unit.run('insert into probe.thing (tenant_id, id, name) values ($1, $2, $3)', [A, newUuid(), 'done']);
      unit.afterCommit(async () => void seen.push(await names(A)));
      unit.afterCommit(() => {
        throw new Error('a hook may fail');
      });
      unit.afterCommit(() => void seen.push([String(work.isOpen)]));
    });
    expect(seen).toEqual([['done'], ['false']]);
  });

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

  describe('a read of one statement', () => {
    const SQL = 'select name from probe.thing where name = $1 or $1 is null';
    const only = (tenantId: string, name: string | null) =>
      work.run({ tenantId, readOnly: true }, (unit) => unit.only<{ name: string }>('probe-only', SQL, [name]));

    it('answers the same in one message as in three, for its own tenant only', async () => {
      await add(A, `it's "A" \\ ☃`);
      await add(B, 'of B');
      for (let turn = 0; turn < 20; turn++) {
        expect(await only(A, `it's "A" \\ ☃`)).toEqual([{ name: `it's "A" \\ ☃` }]);
        expect(await only(B, null)).toEqual([{ name: 'of B' }]);
        expect(await only(B, `it's "A" \\ ☃`)).toEqual([]);
      }
    });

    it('goes on when the server has forgotten the statement', async () => {
      await add(A, 'kept');
      for (let turn = 0; turn < 4; turn++) await only(A, 'kept');
      const pool = databases.get('main').pool;
      const clients = await Promise.all(Array.from({ length: 4 }, () => pool.connect()));
      for (const client of clients) await client.query('deallocate all');
      for (const client of clients) client.release();
      for (let turn = 0; turn < 8; turn++) expect(await only(A, 'kept')).toEqual([{ name: 'kept' }]);
    });

    it('leaves no transaction open, whether it succeeds or fails', async () => {
      await only(A, null);
      const failing = work.run({ tenantId: A, readOnly: true }, (unit) =>
        unit.only('probe-division', 'select 1 / $1::int', [0]),
      );
      await expect(failing).rejects.toMatchObject({ code: '22012' });
      const again = work.run({ tenantId: A, readOnly: true }, (unit) =>
        unit.only('probe-division', 'select 1 / $1::int', [0]),
      );
      await expect(again).rejects.toMatchObject({ code: '22012' });
      const open = await database.admin(
        `select 1 from pg_stat_activity where datname = current_database() and state like 'idle in%'`,
      );
      expect(open).toEqual([]);
    });

    it('runs in the transaction of a unit that has begun', async () => {
      await work.run({ tenantId: A }, async (unit) => {
        await unit.run('insert into probe.thing (tenant_id, id, name) values ($1, $2, $3)', [A, newUuid(), 'mine']);
        expect(await unit.only('probe-only', SQL, ['mine'])).toEqual([{ name: 'mine' }]);
      });
    });
  });

  describe('a setting', () => {
    const SET = `select current_setting('app.probe', true) as value`;
    const read = (unit: Unit) => unit.prepared<{ value: string }>('probe-setting', SET, []);
    const within = <T>(use: (unit: Unit) => Promise<T>, readOnly = true) => work.run({ tenantId: A, readOnly }, use);

    it.each([`it's "A" \\ ☃`, `'); drop table probe.thing; --`, ''])(
      'of %p is there for the next statement alone',
      async (text) => {
        for (let turn = 0; turn < 8; turn++) {
          const values = await within(async (unit) => {
            await unit.setLocal({ 'app.probe': 'earlier' });
            await unit.setLocal({ 'app.probe': text });
            return [await read(unit), await read(unit), await unit.rows<{ value: string }>(SET)];
          });
          expect(values.flat().map(({ value }) => value)).toEqual([text, text, text]);
          const [after] = await within(read);
          expect(after?.value ?? '').toBe('');
        }
      },
    );

    it('and the beginning travel with a prepared statement in one message', async () => {
      for (let turn = 0; turn < 8; turn++) await within(read);
      const { messages, rows } = await within(async (unit) => {
        const query = jest.spyOn(unit.client, 'query');
        await unit.setLocal({ 'app.probe': 'there' });
        const rows = await read(unit);
        const messages = query.mock.calls.length;
        query.mockRestore();
        return { messages, rows };
      });
      expect({ messages, rows }).toEqual({ messages: 1, rows: [{ value: 'there' }] });
    });

    it('outlives a savepoint that was set after it and failed', async () => {
      const rows = await within(async (unit) => {
        await unit.setLocal({ 'app.probe': 'kept' });
        await expect(unit.savepoint(() => unit.rows('select 1 / 0'))).rejects.toMatchObject({ code: '22012' });
        return read(unit);
      }, false);
      expect(rows).toEqual([{ value: 'kept' }]);
    });

    it('goes with a savepoint that failed before anything was asked in it', async () => {
      const rows = await within(async (unit) => {
        await unit.setLocal({ 'app.probe': 'kept' });
        const failing = unit.savepoint(async () => {
          await unit.setLocal({ 'app.probe': 'gone' });
          throw new Error('given up');
        });
        await expect(failing).rejects.toThrow('given up');
        return read(unit);
      }, false);
      expect(rows).toEqual([{ value: 'kept' }]);
    });

    it('is there where the server has forgotten the statement', async () => {
      const onAll = (use: (unit: Unit) => Promise<unknown>) =>
        Promise.all(Array.from({ length: 4 }, () => within(use)));
      await onAll(read);
      await onAll(async (unit) => void (await unit.client.query('deallocate all')));
      for (let turn = 0; turn < 3; turn++) {
        const rows = await onAll(async (unit) => {
          await unit.setLocal({ 'app.probe': String(turn) });
          return read(unit);
        });
        expect(rows).toEqual(Array.from({ length: 4 }, () => [{ value: String(turn) }]));
      }
    });

    it('that no text can hold is refused as any such value is', async () => {
      const failing = within((unit) => unit.setLocal({ 'app.probe': 'a\0b' }));
      await expect(failing).rejects.toMatchObject({ code: '22021' });
    });
  });

  it('lets a read write nothing', async () => {
    const writing = work.run({ tenantId: A, readOnly: true }, (unit) => unit.run(`delete from probe.thing`));
    await expect(writing).rejects.toMatchObject({ code: '25006' });
  });

  it('refuses a tenant that is not a UUID, so that nothing can be smuggled into begin', async () => {
    await expect(work.run({ tenantId: `x'; drop table probe.thing; --` }, async () => undefined)).rejects.toThrow(
      'UUID',
    );
  });

  it('has no current unit outside of one', () => {
    expect(() => work.current()).toThrow('no unit of work is open');
  });
});
