import { newUuid } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { guard, schema } from '../migrations/kit.js';
import { Databases } from '../src/databases.js';
import { UnitOfWork } from '../src/unit-of-work.js';

/** Two tenants. */
export const A = newUuid();
export const B = newUuid();

/** Units of work over a table of things, `probe.thing`, in a database of its own. */
export interface Things {
  readonly database: TestDatabase;
  readonly databases: Databases;
  readonly work: UnitOfWork;
  /** Adds a thing in a unit of its own. */
  add(tenantId: string, name: string): Promise<number>;
  /** What a tenant sees, by name. */
  names(tenantId: string): Promise<string[]>;
  close(): Promise<void>;
}

/** Four connections at most; a statement has two seconds, a caller waits 300 ms for a connection. */
export async function openThings(): Promise<Things> {
  const database = await createTestDatabase();
  for (const sql of [
    ...schema('probe'),
    `create table probe.thing (tenant_id uuid not null, id uuid not null, name text not null, version int not null default 1,
       created_at timestamptz not null default clock_timestamp(), primary key (tenant_id, id))`,
    ...guard('probe.thing', { app_rt: 'select, insert, update, delete', app_platform: 'select' }),
  ]) {
    await database.admin(sql);
  }
  const databases = new Databases({
    main: { url: database.rtUrl, max: 4 },
    platform: { url: database.platformUrl, max: 2 },
    applicationName: 'test',
    statementTimeoutMs: 2_000,
    acquireTimeoutMs: 300,
    slowQueryMs: 10_000,
  });
  const work = new UnitOfWork(databases);
  return {
    database,
    databases,
    work,
    add: (tenantId, name) =>
      work.run({ tenantId }, (unit) =>
        unit.run('insert into probe.thing (tenant_id, id, name) values ($1, $2, $3)', [tenantId, newUuid(), name]),
      ),
    names: async (tenantId) => {
      const rows = await work.run({ tenantId, readOnly: true }, (unit) =>
        unit.rows<{ name: string }>('select name from probe.thing order by name'),
      );
      return rows.map(({ name }) => name);
    },
    close: async () => {
      await databases.close();
      await database.drop();
    },
  };
}
