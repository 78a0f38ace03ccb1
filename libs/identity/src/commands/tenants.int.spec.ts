import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { formatId, newUuid, systemActor } from '#platform/kernel';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { IdentityApp, listed, operator, uuid } from '../../test/identity-app.js';
import {
  TENANT_COMMANDS,
  type TenantCommand,
  allowedForTenant,
  TENANT_STATES,
  type TenantState,
} from '../domain/tenant-lifecycle.js';
import type { TenantView } from '../identity.views.js';
import { GetTenant } from '../queries/get-tenant.query.js';
import { ListAuditLog, AUDIT_LOG } from '../queries/list-audit-log.query.js';
import { ListTenantStates } from '../queries/list-tenant-states.query.js';
import { ListTenants, TENANTS } from '../queries/list-tenants.query.js';
import { CreateTenant } from './create-tenant.command.js';
import { DeleteTenant } from './delete-tenant.command.js';
import { IssueApiKey } from './issue-api-key.command.js';
import { RenameTenant } from './rename-tenant.command.js';
import { ResumeTenant } from './resume-tenant.command.js';
import { SetTenantLimits } from './set-tenant-limits.command.js';
import { SuspendTenant } from './suspend-tenant.command.js';

let db: TestDatabase;
let app: IdentityApp;

beforeAll(async () => {
  db = await createTestDatabase();
  app = await IdentityApp.start(db);
});
afterAll(async () => {
  await app.close();
  await db.drop();
});

const create = (name = 'Vinyl & Sons', mode: 'test' | 'live' = 'test') =>
  app.bus.execute(new CreateTenant(operator, { name, mode }));
const idOf = (tenant: TenantView) => uuid('tenant', tenant.id);
const get = (id: string) => app.bus.execute(new GetTenant(operator, id));
const actionsOf = async (id: string) =>
  (await app.bus.execute(new ListAuditLog(operator, listed(AUDIT_LOG), id))).data.map((entry) => entry.action);

/** Each command of the life of a tenant, sent through the bus. */
const SEND: Record<TenantCommand, (id: string, ifMatch?: readonly string[]) => Promise<unknown>> = {
  rename: (id, ifMatch) => app.bus.execute(new RenameTenant(operator, id, { input: { name: 'Other' }, ifMatch })),
  set_limits: (id, ifMatch) => {
    const input = { requestsPerMinute: 5, concurrentRequests: 1 };
    return app.bus.execute(new SetTenantLimits(operator, id, { input, ifMatch }));
  },
  issue_key: (id) => app.bus.execute(new IssueApiKey(operator, { name: 'k' }, id)),
  suspend: (id, ifMatch) => app.bus.execute(new SuspendTenant(operator, id, { input: { reason: 'unpaid' }, ifMatch })),
  resume: (id, ifMatch) => app.bus.execute(new ResumeTenant(operator, id, ifMatch)),
  delete: (id, ifMatch) => app.bus.execute(new DeleteTenant(operator, id, ifMatch)),
};

async function inState(state: TenantState): Promise<TenantView> {
  const tenant = await create();
  if (state === 'suspended') await SEND.suspend(idOf(tenant));
  if (state === 'deleted') await SEND.delete(idOf(tenant));
  return get(idOf(tenant));
}

describe('a tenant', () => {
  test('is taken in with default limits, as version 1, and can be read', async () => {
    const tenant = await create('  Ünïcode <b>& more', 'live');
    expect(tenant).toMatchObject({
      name: '  Ünïcode <b>& more',
      mode: 'live',
      state: 'active',
      limits: { requestsPerMinute: 1_000, keyRequestsPer10Seconds: 200, concurrentRequests: 50 },
      suspendedAt: null,
      suspendedReason: null,
      deletedAt: null,
      version: 1,
    });
    expect(tenant.id).toMatch(/^ten_/);
    expect(tenant.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(await get(idOf(tenant))).toEqual(tenant);
  });

  test('goes through its life: every step is a version, and stands in the audit log', async () => {
    const tenant = await create();
    const id = idOf(tenant);
    await SEND.rename(id);
    await SEND.suspend(id);
    expect(await get(id)).toMatchObject({ state: 'suspended', suspendedReason: 'unpaid', version: 3, name: 'Other' });
    await SEND.resume(id);
    expect(await get(id)).toMatchObject({ state: 'active', suspendedReason: null, suspendedAt: null, version: 4 });
    await SEND.set_limits(id);
    await SEND.delete(id);
    const deleted = await get(id);
    expect(deleted).toMatchObject({ state: 'deleted', version: 6, limits: { keyRequestsPer10Seconds: 5 } });
    expect(deleted.deletedAt).toBe(deleted.updatedAt);
    expect((await actionsOf(id)).reverse()).toEqual([
      'tenant.created',
      'tenant.renamed',
      'tenant.suspended',
      'tenant.resumed',
      'tenant.limits-changed',
      'tenant.deleted',
    ]);
  });

  test('keeps its version when it is given the name it has, or none', async () => {
    const tenant = await create('Same');
    const renamed = await app.bus.execute(new RenameTenant(operator, idOf(tenant), { input: { name: 'Same' } }));
    expect(await app.bus.execute(new RenameTenant(operator, idOf(tenant), { input: {} }))).toEqual(renamed);
    expect(renamed).toEqual(tenant);
    expect(await actionsOf(idOf(tenant))).toEqual(['tenant.created']);
  });

  const pairs = TENANT_STATES.flatMap((state) => TENANT_COMMANDS.map((command) => [state, command] as const));
  test.each(pairs)(
    'that is %s, told to %s, does it or says what is possible and changes nothing',
    async (state, command) => {
      const tenant = await inState(state);
      const id = idOf(tenant);
      const allowed = allowedForTenant(state);
      if (allowed.includes(command)) return void (await SEND[command](id));
      const before = await actionsOf(id);
      await expect(SEND[command](id)).rejects.toMatchObject({
        problem: 'invalid-transition',
        members: { currentState: state, allowed },
      });
      expect(await get(id)).toEqual(tenant);
      expect(await actionsOf(id)).toEqual(before);
    },
  );

  test.each(['rename', 'set_limits', 'suspend', 'delete'] as const)(
    'that has changed since it was read refuses to %s',
    async (command) => {
      const tenant = await create();
      await expect(SEND[command](idOf(tenant), ['"v7"'])).rejects.toMatchObject({ problem: 'precondition-failed' });
      expect(await get(idOf(tenant))).toEqual(tenant);
      await SEND[command](idOf(tenant), ['"v1"']);
    },
  );

  test('that does not exist is not found, by any command', async () => {
    for (const command of TENANT_COMMANDS) {
      await expect(SEND[command](newUuid())).rejects.toMatchObject({ problem: 'not-found', code: 'http.not_found' });
    }
    await expect(get(newUuid())).rejects.toMatchObject({ problem: 'not-found' });
    await expect(app.bus.execute(new ListAuditLog(operator, listed(AUDIT_LOG), newUuid()))).rejects.toMatchObject({
      problem: 'not-found',
    });
  });

  test('takes one of many commands that are sent at the same time, and refuses the others', async () => {
    const tenant = await create();
    const sent = Array.from({ length: 8 }, () => SEND.suspend(idOf(tenant)));
    const outcomes = await Promise.allSettled(sent);
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1);
    expect(await get(idOf(tenant))).toMatchObject({ state: 'suspended', version: 2 });
  });
});

describe('the list of tenants', () => {
  const names = (page: { data: readonly TenantView[] }) => page.data.map((tenant) => tenant.name);
  const list = (parameters: Record<string, string>) =>
    app.bus.execute(new ListTenants(operator, listed(TENANTS, parameters)));

  beforeAll(async () => {
    for (const name of ['Alpha 50%', 'beta_x', 'Gamma', 'ALPHA two', 'delta']) {
      await create(`list ${name}`, name === 'Gamma' ? 'live' : 'test');
    }
    const [delta] = (await list({ search: 'list delta' })).data;
    if (delta) await SEND.suspend(idOf(delta));
  });

  test('is searched by part of the name, in either case, without wildcards', async () => {
    expect(names(await list({ search: 'list alpha', sort: 'createdAt' }))).toEqual([
      'list Alpha 50%',
      'list ALPHA two',
    ]);
    expect(names(await list({ search: '0%' }))).toEqual(['list Alpha 50%']);
    expect(names(await list({ search: 'list %' }))).toEqual([]);
    expect(names(await list({ search: 'a_x' }))).toEqual(['list beta_x']);
  });

  test('is filtered by state and mode, and sorted', async () => {
    expect(names(await list({ search: 'list ', 'filter[mode]': 'live' }))).toEqual(['list Gamma']);
    expect(names(await list({ search: 'list ', 'filter[state]': 'suspended,deleted' }))).toEqual(['list delta']);
    expect(names(await list({ search: 'list ', sort: 'name', limit: '2' }))).toEqual([
      'list ALPHA two',
      'list Alpha 50%',
    ]);
  });

  test('is read page by page, with every tenant exactly once', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await list({ search: 'list ', limit: '2', ...(cursor === null ? {} : { cursor }) });
      seen.push(...names(page));
      cursor = page.page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(['list delta', 'list ALPHA two', 'list Gamma', 'list beta_x', 'list Alpha 50%']);
  });

  test('refuses a cursor of another search', async () => {
    const { page } = await list({ search: 'list ', limit: '1' });
    await expect(list({ search: 'other', cursor: String(page.nextCursor) })).rejects.toMatchObject({
      problem: 'invalid-cursor',
    });
  });

  test('counts on request', async () => {
    expect((await list({ search: 'list ', include: 'total', limit: '1' })).page.total).toEqual({
      count: 5,
      capped: false,
    });
  });
});

describe('what the roles of the database may do with tenants', () => {
  test('a tenant sees its own row and cannot change it', async () => {
    const [a, b] = [await create(), await create()];
    const scope = { tenantId: idOf(a) };
    const seen = await app.work.run(scope, (unit) => unit.rows('select tenant_id from identity.tenant'));
    expect(seen).toEqual([{ tenant_id: idOf(a) }]);
    for (const sql of [
      `update identity.tenant set requests_per_minute = 1000000`,
      `update identity.tenant set state = 'active'`,
      `delete from identity.tenant`,
      `insert into identity.tenant (tenant_id) values ('${newUuid()}')`,
    ]) {
      await expect(app.work.run(scope, (unit) => unit.run(sql))).rejects.toMatchObject({ code: '42501' });
    }
    await expect(
      app.work.run(scope, (unit) => unit.row('select 1 from identity.tenant where tenant_id = $1', [idOf(b)])),
    ).resolves.toBeUndefined();
  });

  test('the worker sees ids and states of all tenants, and no names', async () => {
    const worker = await IdentityApp.startWorker(db);
    const tenant = await inState('suspended');
    const states = await worker.bus.execute(new ListTenantStates());
    expect(states).toContainEqual({ tenantId: idOf(tenant), state: 'suspended' });
    const actor = systemActor(idOf(tenant), 'test');
    const reading = (sql: string) => worker.work.run({ tenantId: actor.tenantId }, (unit) => unit.rows(sql));
    for (const table of ['tenant', 'api_key', 'credential_index', 'cors_origin', 'usage_daily']) {
      await expect(reading(`select * from identity.${table}`)).rejects.toMatchObject({ code: '42501' });
    }
    await worker.close();
  });

  test('a typed id of a tenant is its tenant id', async () => {
    const tenant = await create();
    expect(formatId('tenant', idOf(tenant))).toBe(tenant.id);
  });
});
