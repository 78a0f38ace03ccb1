import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { Databases } from './databases.js';
import { RoleCheck } from './role-check.js';
import { SchemaState } from './schema-state.js';

describe('RoleCheck', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const withUrls = async <T>(
    main: string,
    platform: string,
    work: (databases: Databases) => Promise<T>,
  ): Promise<T> => {
    const databases = new Databases({
      main: { url: main, max: 1 },
      platform: { url: platform, max: 1 },
      applicationName: 'test',
      statementTimeoutMs: 2_000,
      acquireTimeoutMs: 500,
      slowQueryMs: 10_000,
    });
    try {
      return await work(databases);
    } finally {
      await databases.close();
    }
  };

  it('lets the roles of the apps pass', async () => {
    await withUrls(database.rtUrl, database.platformUrl, (databases) =>
      new RoleCheck(databases).onApplicationBootstrap(),
    );
  });

  it('refuses to run as a superuser', async () => {
    const start = withUrls(database.ownerUrl, database.platformUrl, (databases) =>
      new RoleCheck(databases).onApplicationBootstrap(),
    );
    await expect(start).rejects.toThrow('refuses to run as the database role');
  });

  it('refuses to run as the owner of a table, on any pool', async () => {
    await database.admin('create table public.owned (id int)');
    await database.admin('alter table public.owned owner to app_platform');
    const start = withUrls(database.rtUrl, database.platformUrl, (databases) =>
      new RoleCheck(databases).onApplicationBootstrap(),
    );
    await expect(start).rejects.toThrow('app_platform: it owns tables');
    await database.admin('drop table public.owned');
  });

  it('starts without a database and is not ready until it has looked', async () => {
    const nowhere = 'postgresql://app_rt:x@127.0.0.1:1/none';
    await withUrls(nowhere, nowhere, async (databases) => {
      const roles = new RoleCheck(databases);
      await roles.onApplicationBootstrap();
      await expect(new SchemaState(databases, roles).check()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    });
  });

  it('is not ready while a migration is missing', async () => {
    await withUrls(database.rtUrl, database.platformUrl, async (databases) => {
      const state = new SchemaState(databases, new RoleCheck(databases));
      await state.check();
      await database.admin(`delete from public.migration where name like '%http-idempotency'`);
      await expect(state.check()).rejects.toThrow('http-idempotency has not been applied: run npm run migrate');
    });
  });
});
