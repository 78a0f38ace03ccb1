import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Entity, PrimaryKey, Property, ReflectMetadataProvider } from '@mikro-orm/decorators/legacy';
import { MikroORM, PostgreSqlDriver } from '@mikro-orm/postgresql';
import { newUuid } from '#platform/kernel';
import { A, B, openThings } from '../testing/things.js';
import { Databases } from './databases.js';
import { UnitOfWork } from './unit-of-work.js';

@Entity({ schema: 'probe', tableName: 'thing' })
class Thing {
  @PrimaryKey({ type: 'uuid' }) tenantId: string;
  @PrimaryKey({ type: 'uuid' }) id: string;
  @Property({ type: 'text' }) name: string;
  @Property({ type: 'integer' }) version: number;
  @Property({ type: Date }) createdAt: Date;
}

const { database, databases, work, add, names, close } = await openThings();
let orm: MikroORM;

beforeAll(() => {
  orm = new MikroORM({
    driver: PostgreSqlDriver,
    entities: [Thing],
    metadataProvider: ReflectMetadataProvider,
    dbName: 'x',
  });
  databases.useOrm(orm);
});
afterAll(async () => {
  await close();
  await orm.close();
});
beforeEach(() => database.admin('delete from probe.thing'));

describe('UnitOfWork', () => {
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
