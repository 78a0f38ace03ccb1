import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newUuid } from '#platform/kernel';
import { Databases, UnitOfWork } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

/** A connection is reused this often: the number that operations ask for. */
const TURNS = 10_000;

describe('tenants on one reused connection', () => {
  let database: TestDatabase;
  let databases: Databases;
  const [a, b] = [newUuid(), newUuid()];

  beforeAll(async () => {
    database = await createTestDatabase();
    for (const id of [a, b]) {
      await database.admin(
        `insert into identity.tenant (tenant_id, name, mode, state, requests_per_minute, key_requests_per_10_seconds, concurrent_requests, version, created_at, updated_at)
         values ($1, 'store', 'test', 'active', 1, 1, 1, 1, now(), now())`,
        [id],
      );
    }
    databases = new Databases({
      main: { url: database.rtUrl, max: 1 },
      applicationName: 'drill',
      statementTimeoutMs: 5_000,
      acquireTimeoutMs: 30_000,
      slowQueryMs: 60_000,
    });
  });
  afterAll(async () => {
    await databases.close();
    await database.drop();
  });

  it(`never see each other in ${TURNS} turns, whichever way a turn reads or fails`, async () => {
    const work = new UnitOfWork(databases);
    const sql = 'select tenant_id from identity.tenant where $1::int is not null';
    for (let turn = 0; turn < TURNS; turn++) {
      const tenantId = turn % 2 === 0 ? a : b;
      const scope = { tenantId, readOnly: turn % 3 === 0 };
      const rows = await work.run(scope, (unit) =>
        turn % 3 === 0 ? unit.only('drill', sql, [turn]) : unit.rows(sql, [turn]),
      );
      expect(rows).toEqual([{ tenant_id: tenantId }]);
      if (turn % 10 === 0)
        await expect(work.run(scope, (unit) => unit.rows('select 1/0'))).rejects.toMatchObject({ code: '22012' });
    }
    const { rows } = await databases.get('main').pool.query('select * from identity.tenant');
    expect(rows).toEqual([]);
  }, 120_000);
});
