import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type Ask, type CatalogExceptions, catalogFaults } from './catalog.js';
import { GOOD, PLANTED } from './catalog-planted.js';

/** Every exception from "one tenant sees its own rows", by name. A new one is added here, with its reason, or the test fails. */
const EXCEPTIONS: CatalogExceptions = {
  tablesWithoutTenant: [
    // Which migrations have been applied: the database's own record.
    'public.migration',
    // How far each projection has come in the feed of all tenants: positions, no data.
    'es.projections',
    // The worker processes that are alive: no tenant's data.
    'jobs.worker',
  ],
  uniqueOverTenants: [
    // The order of the feed, which is one for all tenants.
    'es.events_position',
  ],
  acrossTenants: [
    // The clean-up task removes expired answers of all tenants.
    'http.idempotency app_worker all',
    // The operator's routes list, read and change tenants; the worker goes through them, by id and state only.
    'identity.tenant app_platform all',
    'identity.tenant app_worker select',
    // The operator issues a tenant's first key.
    'identity.api_key app_platform all',
    'identity.credential_index app_platform all',
    // Before a tenant is known: which tenant a key belongs to, and whether any tenant allows an origin.
    'identity.credential_index app_rt select',
    'identity.cors_origin app_rt select',
    // What the operator does to a tenant stands in the tenant's log, which the operator reads.
    'identity.audit_entry app_platform all',
    'identity.audit_head app_platform all',
    // A control table: a task names what to work on and holds no record data.
    'jobs.task app_worker all',
    // The operator sees the queue of all tenants.
    'jobs.task app_platform select',
    // Each tenant's share of the workers: what the dispatcher reads and the operator sets.
    'jobs.tenant_flow app_worker all',
    'jobs.tenant_flow app_platform all',
    // The operator lists the migration jobs of all tenants, with their counts.
    'freight.job app_platform select',
    'freight.job_counter app_platform select',
    // The worker reads the feed of all tenants in one order, and finds due commands; what it writes, it writes as the tenant.
    'es.events app_worker select',
    'es.outbox app_worker select',
    // A page of the feed holds streams of many tenants: which of them are parked is asked once.
    'es.parked app_worker select',
    // The clean-up task removes what a repeated append would have answered, of all tenants.
    'es.commands app_worker all',
    // The sweeper finds expired holds of all tenants; it gives them back tenant by tenant.
    'inventory.reservation_line_a app_worker select',
    'inventory.reservation_line_b app_worker select',
    // The clean-up task finds expired uploads of all tenants that nobody needs; it deletes each as its tenant.
    'files.upload app_worker select',
    'files.pin app_worker select',
    // The operator sees and replays what was parked.
    'es.outbox app_platform all',
    'es.parked app_platform all',
  ],
  narrowing: [
    // What is sought is compared by a policy, so that indexes of operators that are not leakproof serve tenants, too.
    'catalog.release_search everybody select',
    'catalog.search_term everybody select',
  ],
};

describe('the catalogue of the database', () => {
  let database: TestDatabase;
  let owner: Client;
  const ask: Ask = async (sql, values) => (await owner.query<Record<string, string>>(sql, values)).rows;

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
  });
  afterAll(async () => {
    await owner.end();
    await database.drop();
  });

  /** What the checker says with something planted, which then vanishes again. */
  async function faultsWith(statements: readonly string[]): Promise<string[]> {
    await owner.query('begin');
    try {
      for (const sql of statements) await owner.query(sql);
      return await catalogFaults(ask, EXCEPTIONS);
    } finally {
      await owner.query('rollback');
    }
  }

  it('separates tenants by every guard, with the listed exceptions only', async () => {
    expect(await catalogFaults(ask, EXCEPTIONS)).toEqual([]);
  });

  it('has tables to look at', async () => {
    const tables = await ask(`select 1 from pg_policy where polname = 'tenant'`);
    expect(tables.length).toBeGreaterThan(5);
  });

  it('finds nothing wrong with a table that has every guard', async () => {
    expect(await faultsWith(GOOD)).toEqual([]);
    const view = [...GOOD, 'create view http.v with (security_invoker = true) as select * from http.planted'];
    expect(await faultsWith(view)).toEqual([]);
  });

  it.each(PLANTED)('catches %s', async (_, statements, fault) => {
    expect(await faultsWith(statements)).toContainEqual(expect.stringContaining(fault));
  });
});
