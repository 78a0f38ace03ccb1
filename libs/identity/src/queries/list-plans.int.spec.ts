import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { PLATFORM_TENANT_ID } from '#platform/kernel';
import { Unit, type UnitScope } from '#platform/persistence';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { IdentityApp, listed, operator, type Store } from '../../test/identity-app.js';
import { API_KEYS, ListApiKeys } from './list-api-keys.query.js';
import { AUDIT_LOG, ListAuditLog } from './list-audit-log.query.js';
import { ListTenants, TENANTS } from './list-tenants.query.js';

let db: TestDatabase;
let app: IdentityApp;
let store: Store;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await IdentityApp.start(db);
  store = await app.newStore();
  await db.admin(`
    insert into identity.tenant select gen_random_uuid(), 'store ' || i, 'test', 'active', 1, 1, 1, 1, now() - i * interval '1 minute', now()
      from generate_series(1, 3000) i;
    insert into identity.api_key (tenant_id, id, key_id, name, mode, scopes, allowed_ips, secret_hash, created_at, version)
      select t.tenant_id, gen_random_uuid(), substr(md5(i::text || t.tenant_id::text), 1, 16), 'k', 'test', '{key:read}', '{}',
             decode(repeat('00', 32), 'hex'), now() - i * interval '1 minute', 1
        from (select tenant_id from identity.tenant order by (tenant_id = '${store.tenantId}') desc limit 20) t, generate_series(1, 300) i;
    insert into identity.audit_entry
      select t.tenant_id, i + 10, gen_random_uuid(), now(), '{}', 'x', 'y', '{}', decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex')
        from (select tenant_id from identity.tenant order by (tenant_id = '${store.tenantId}') desc limit 10) t, generate_series(1, 2000) i;
    analyze identity.tenant, identity.api_key, identity.audit_entry;`);
});
afterAll(async () => {
  await app.close();
  await db.drop();
});

/** The plan of the last statement that `work` sends, as the role and tenant it is sent by. */
async function planOf(scope: UnitScope, work: () => Promise<unknown>): Promise<string> {
  const rows = jest.spyOn(Unit.prototype, 'rows');
  await work();
  const [sql = '', values = []] = rows.mock.calls.at(-1) ?? [];
  rows.mockRestore();
  const plan = await app.work.run(scope, (unit) => unit.rows<object>(`explain ${sql}`, values));
  return plan.map((line) => Object.values(line).join()).join('\n');
}

describe('the plan of a page', () => {
  test('of the audit log reads its rows in the order of the primary key', async () => {
    const plan = await planOf({ tenantId: store.tenantId }, () =>
      app.bus.execute(new ListAuditLog(store.actor, listed(AUDIT_LOG))),
    );
    expect(plan).toContain('Index Scan Backward using audit_entry_pkey');
    expect(plan).not.toContain('Seq Scan');
  });

  test('of the API keys reads its rows in the order of their creation', async () => {
    const plan = await planOf({ tenantId: store.tenantId }, () =>
      app.bus.execute(new ListApiKeys(store.actor, listed(API_KEYS))),
    );
    expect(plan).toContain('Index Scan Backward using api_key_created');
    expect(plan).not.toMatch(/Sort|Seq Scan/);
  });

  test('of the tenants reads its rows in the order of their creation', async () => {
    const scope = { tenantId: PLATFORM_TENANT_ID, pool: 'platform' } as const;
    const plan = await planOf(scope, () => app.bus.execute(new ListTenants(operator, listed(TENANTS))));
    expect(plan).toContain('Index Scan Backward using tenant_created');
    expect(plan).not.toMatch(/Sort|Seq Scan/);
  });
});
