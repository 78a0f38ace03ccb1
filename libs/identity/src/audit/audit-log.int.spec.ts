import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { formatId, operatorActor, systemActor } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { IdentityApp, listed, operator, type Store, uuid } from '../../test/identity-app.js';
import { IssueApiKey } from '../commands/issue-api-key.command.js';
import { RenameTenant } from '../commands/rename-tenant.command.js';
import { RevokeApiKey } from '../commands/revoke-api-key.command.js';
import { SuspendTenant } from '../commands/suspend-tenant.command.js';
import { AUDIT_LOG, ListAuditLog } from '../queries/list-audit-log.query.js';
import { VerifyAuditChain } from '../queries/verify-audit-chain.query.js';
import { AuditLog } from './audit-log.js';

let db: TestDatabase;
let app: IdentityApp;
let worker: IdentityApp;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await IdentityApp.start(db);
  worker = await IdentityApp.startWorker(db);
});
afterAll(async () => {
  await Promise.all([app.close(), worker.close()]);
  await db.drop();
});

const verify = (tenantId: string) => worker.bus.execute(new VerifyAuditChain(systemActor(tenantId, 'verify')));
const entries = async ({ actor }: Store, parameters: Record<string, string> = {}) =>
  (await app.bus.execute(new ListAuditLog(actor, listed(AUDIT_LOG, { limit: '100', ...parameters })))).data;

/** A store whose log has `count` entries. */
async function storeWith(count: number): Promise<Store> {
  const store = await app.newStore();
  for (let i = 2; i < count; i++) {
    await app.bus.execute(new RenameTenant(operator, store.tenantId, { input: { name: `name ${i}` } }));
  }
  return store;
}

/** Does what only a superuser who means harm can do. */
const tamper = (tenantId: string, sql: string) =>
  db.admin(
    `do $$ begin set local session_replication_role = replica; ${sql.replaceAll('TENANT', `'${tenantId}'`)}; end $$`,
  );

describe('the audit log', () => {
  test('says who did what to what, newest first, and holds', async () => {
    const store = await app.newStore();
    const issued = await app.bus.execute(new IssueApiKey(store.actor, { name: 'erp', scopes: ['stock:read'] }));
    await app.bus.execute(new RevokeApiKey(store.actor, uuid('apiKey', issued.id)));
    const log = await entries(store);
    expect(log.map(({ seq, action, subject }) => ({ seq, action, subject }))).toEqual([
      { seq: 4, action: 'api-key.revoked', subject: issued.id },
      { seq: 3, action: 'api-key.issued', subject: issued.id },
      { seq: 2, action: 'api-key.issued', subject: store.key.id },
      { seq: 1, action: 'tenant.created', subject: formatId('tenant', store.tenantId) },
    ]);
    expect(log[0]).toMatchObject({ actor: { kind: 'key', id: store.key.id, name: 'first' }, details: { name: 'erp' } });
    expect(log[3]).toMatchObject({
      actor: { kind: 'operator', id: null, name: 'operator' },
      details: { mode: 'test' },
    });
    expect(log[1]?.details).toEqual({
      name: 'erp',
      prefix: issued.prefix,
      scopes: ['stock:read'],
      allowedIps: [],
      expiresAt: null,
    });
    expect(await verify(store.tenantId)).toEqual({ tenantId: store.tenantId, entries: 4, broken: null });
  });

  test('can be filtered by action, actor and time', async () => {
    const store = await storeWith(4);
    expect(await entries(store, { 'filter[action]': 'tenant.renamed' })).toHaveLength(2);
    expect(await entries(store, { 'filter[actor]': 'operator' })).toHaveLength(4);
    expect(await entries(store, { 'filter[actor]': store.key.id })).toHaveLength(0);
    const [newest] = await entries(store);
    const at = String(newest?.at);
    expect((await entries(store, { 'filter[at][gte]': at }))[0]).toEqual(newest);
    expect(await entries(store, { 'filter[at][gt]': at })).toEqual([]);
    expect(await entries(store, { 'filter[at][lt]': at })).not.toContainEqual(newest);
  });

  test('of a store is read by the operator too, and by no other store', async () => {
    const [store, other] = [await app.newStore(), await app.newStore()];
    const read = await app.bus.execute(new ListAuditLog(operatorActor(), listed(AUDIT_LOG), store.tenantId));
    expect(read.data).toEqual(await entries(store));
    expect((await entries(other)).map((entry) => entry.id)).not.toContain(read.data[0]?.id);
    const foreign = app.bus.execute(new ListAuditLog(other.actor, listed(AUDIT_LOG), store.tenantId));
    await expect(foreign).rejects.toMatchObject({ problem: 'not-found' });
  });

  test('has no gap and no fork, however many actions happen at the same time', async () => {
    const store = await app.newStore();
    const issue = (i: number) => app.bus.execute(new IssueApiKey(store.actor, { name: `key ${i}` }));
    const byOperator = (i: number) => app.bus.execute(new IssueApiKey(operator, { name: `op ${i}` }, store.tenantId));
    await Promise.all(Array.from({ length: 15 }, (_, i) => [issue(i), byOperator(i)]).flat());
    expect(await verify(store.tenantId)).toEqual({ tenantId: store.tenantId, entries: 32, broken: null });
    const at = (await entries(store)).map((entry) => entry.at);
    expect(at).toEqual([...at].sort().reverse());
  });

  test('has no entry of an action that was rolled back', async () => {
    const store = await app.newStore();
    const suspend = () => app.bus.execute(new SuspendTenant(operator, store.tenantId, { input: { reason: 'unpaid' } }));
    const failing = app.work.run({ tenantId: operator.tenantId, pool: 'platform' }, async () => {
      await suspend();
      throw new Error('after all');
    });
    await expect(failing).rejects.toThrow('after all');
    expect(await entries(store)).toHaveLength(2);
    await suspend();
    expect(await verify(store.tenantId)).toMatchObject({ entries: 3, broken: null });
  });

  test('of a tenant without any entry holds', async () => {
    const { tenantId } = systemActor('00000000-0000-7000-8000-000000000001', 'x');
    expect(await verify(tenantId)).toEqual({ tenantId, entries: 0, broken: null });
  });

  test('is verified across pages, while entries are being added', async () => {
    const store = await app.newStore();
    const record = (i: number) =>
      app.get(AuditLog).record({
        actor: store.actor,
        tenantId: store.tenantId,
        action: 'tenant.renamed',
        subject: 'x',
        details: { i },
      });
    const many = async (count: number) => {
      for (let i = 0; i < count; i++) await record(i);
    };
    for (let i = 0; i < 22; i++) await app.work.run({ tenantId: store.tenantId }, () => many(50));
    const adding = (async () => {
      for (let i = 0; i < 20; i++) await app.work.run({ tenantId: store.tenantId }, () => many(1));
    })();
    const during = await Promise.all(Array.from({ length: 5 }, () => verify(store.tenantId)));
    await adding;
    for (const { broken } of during) expect(broken).toBeNull();
    expect(await verify(store.tenantId)).toMatchObject({ entries: 1_122, broken: null });
  });
});

describe('an audit log that somebody has touched', () => {
  const flipped = (column: string): string => {
    switch (column) {
      case 'seq':
        return 'seq = 1000 + seq';
      case 'at':
        return `at = at + interval '1 millisecond'`;
      case 'tenant_id':
      case 'id':
        return `${column} = overlay(${column}::text placing case substr(${column}::text, 36, 1) when '0' then '1' else '0' end from 36)::uuid`;
      case 'prev_hash':
      case 'hash':
        return `${column} = set_byte(${column}, 31, get_byte(${column}, 31) # 1)`;
      case 'actor':
        return `actor = replace(actor::text, 'operator', 'operatos')::json`;
      case 'details':
        return `details = replace(details::text, 'name ', 'mame ')::json`;
      default:
        return `${column} = 'x' || substr(${column}, 2)`;
    }
  };

  test.each(['tenant_id', 'seq', 'id', 'at', 'actor', 'action', 'subject', 'details', 'prev_hash', 'hash'])(
    'in the column %s of one entry is broken at that entry',
    async (column) => {
      const { tenantId } = await storeWith(6);
      await tamper(tenantId, `update identity.audit_entry set ${flipped(column)} where tenant_id = TENANT and seq = 4`);
      const { broken } = await verify(tenantId);
      expect(broken?.seq).toBe(4);
    },
  );

  test('in the white space of a JSON text is broken: the hash covers what is stored, not what it means', async () => {
    const { tenantId } = await storeWith(6);
    await tamper(
      tenantId,
      `update identity.audit_entry set details = (details::text || ' ')::json where tenant_id = TENANT and seq = 5`,
    );
    expect((await verify(tenantId)).broken).toMatchObject({ seq: 5, problem: 'altered' });
  });

  test.each([
    [
      'the first entry is deleted',
      'delete from identity.audit_entry where tenant_id = TENANT and seq = 1',
      1,
      'missing',
    ],
    [
      'a middle entry is deleted',
      'delete from identity.audit_entry where tenant_id = TENANT and seq = 3',
      3,
      'missing',
    ],
    [
      'the last entry is deleted',
      'delete from identity.audit_entry where tenant_id = TENANT and seq = 6',
      6,
      'missing',
    ],
    ['all entries are deleted', 'delete from identity.audit_entry where tenant_id = TENANT', 1, 'missing'],
    ['the head is deleted', 'delete from identity.audit_head where tenant_id = TENANT', 6, 'head'],
    ['the head names an earlier entry', 'update identity.audit_head set seq = 5 where tenant_id = TENANT', 6, 'head'],
    [
      'the head has another hash',
      `update identity.audit_head set hash = decode(repeat('00', 32), 'hex') where tenant_id = TENANT`,
      6,
      'head',
    ],
    [
      'two entries are swapped',
      `update identity.audit_entry set seq = case seq when 2 then 1005 else 1002 end where tenant_id = TENANT and seq in (2, 5);
       update identity.audit_entry set seq = seq - 1000 where tenant_id = TENANT and seq > 1000`,
      2,
      'altered',
    ],
    [
      'an entry is put before the first',
      `alter table identity.audit_entry drop constraint audit_entry_seq_check;
       insert into identity.audit_entry select tenant_id, -1, gen_random_uuid(), at, actor, action, subject, details, prev_hash, hash
         from identity.audit_entry where tenant_id = TENANT and seq = 1`,
      1,
      'missing',
    ],
  ])('because %s is broken there', async (_, sql, seq, problem) => {
    const { tenantId } = await storeWith(6);
    expect(await verify(tenantId)).toMatchObject({ entries: 6, broken: null });
    await tamper(tenantId, sql);
    expect((await verify(tenantId)).broken).toMatchObject({ seq, problem });
  });
});

describe('what the roles of the database may do with the audit log', () => {
  const roles = ['rtUrl', 'workerUrl', 'platformUrl', 'roUrl'] as const;
  const statements = [
    `update identity.audit_entry set action = 'x'`,
    'delete from identity.audit_entry',
    'truncate identity.audit_entry',
    'delete from identity.audit_head',
    'truncate identity.audit_head',
    'alter table identity.audit_entry disable row level security',
  ];

  test.each(roles.flatMap((role) => statements.map((sql) => [role, sql] as const)))(
    '%s cannot: %s',
    async (role, sql) => {
      const { Client } = await import('pg');
      const client = new Client({ connectionString: db[role] });
      await client.connect();
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
      await client.end();
    },
  );
});
