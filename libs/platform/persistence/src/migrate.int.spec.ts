import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { migrationNames } from '../migrations/list.js';
import { migrate } from './migrate.js';

/** An empty database, owned by the test cluster's superuser or by a role of its own. */
async function admin<T>(database: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: urlOf(database) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(database: string, user?: string, password?: string): string {
  const url = new URL(process.env['TEST_DATABASE_URL'] ?? '');
  url.pathname = `/${database}`;
  if (user) url.username = user;
  if (password) url.password = password;
  return url.href;
}

describe('migrate', () => {
  const name = `recrate_test_migrate_${randomBytes(5).toString('hex')}`;
  const weak = `recrate_test_weak_${randomBytes(4).toString('hex')}`;

  beforeAll(async () => {
    await admin('postgres', async (client) => {
      await client.query(`create role ${weak} login password 'weak'`);
      await client.query(`create database ${name}`);
    });
  });
  afterAll(async () => {
    await admin('postgres', async (client) => {
      await client.query(`drop database ${name} with (force)`);
      await client.query(`drop role ${weak}`);
    });
  });

  it('lets runs that start together wait for each other, and applies everything once', async () => {
    const runs = await Promise.all(Array.from({ length: 3 }, () => migrate({ ownerUrl: urlOf(name) })));
    expect(runs.flat().sort()).toEqual([...migrationNames]);
    expect(await migrate({ ownerUrl: urlOf(name) })).toEqual([]);
  });

  it('finishes what a killed run has left', async () => {
    const left = '20261120102000-jobs-task';
    await admin(name, (client) => client.query('delete from public.migration where name = $1', [left]));
    await admin(name, (client) => client.query('drop schema jobs cascade'));
    expect(await migrate({ ownerUrl: urlOf(name) })).toEqual([left]);
  });

  it('refuses an owner that may not create roles where roles are missing, and prints the SQL to run', async () => {
    const before = await admin('postgres', (client) => client.query(`select 1 from pg_roles where rolname = 'app_ro'`));
    expect(before.rowCount).toBe(1);
    const { ensureRoles } = await import('./roles.js');
    const client = new Client({ connectionString: urlOf(name, weak, 'weak') });
    await client.connect();
    const blind = Object.create(client) as Client;
    // The roles are the cluster's and other tests use them: this owner is merely shown none.
    Object.assign(blind, {
      query: (sql: string, values?: unknown[]) =>
        client.query(
          sql.includes('from pg_roles') ? 'select 1 as rolname where false' : sql,
          sql.includes('from pg_roles') ? [] : values,
        ),
    });
    const refused = ensureRoles(blind, { app_rt: 'hunter2' });
    await expect(refused).rejects.toThrow(/create role app_rt login .* password '<password of app_rt>'/);
    await expect(refused).rejects.not.toThrow(/hunter2/);
    await client.end();
  });

  it('refuses a server that cannot be reached', async () => {
    await expect(migrate({ ownerUrl: 'postgresql://nobody@127.0.0.1:1/none' })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });
});
