import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { newUuid } from '#platform/kernel';
import { counted, counter, newCounter } from '../../testing/counter.js';
import { openPostgresStore, type PostgresStore } from '../../testing/postgres.js';

const [A, B] = [newUuid(), newUuid()];
const ROLES = ['app_rt', 'app_worker', 'app_platform', 'app_ro'] as const;
type Role = (typeof ROLES)[number];
/** What nobody but es_writer may write to. */
const HISTORY = ['es.events', 'es.streams', 'es.events_archive'];
const EVENT = `p_ids => array['${newUuid()}'::uuid], p_types => array['test.counted'], p_schemas => array[1::smallint], p_data => '[{"by":1}]', p_meta => '{}'`;

describe('the isolation of the event store', () => {
  let under: PostgresStore;
  const clients = new Map<Role, Client>();

  beforeAll(async () => {
    under = await openPostgresStore();
    const { rtUrl, workerUrl, platformUrl, roUrl } = under.database;
    for (const [index, url] of [rtUrl, workerUrl, platformUrl, roUrl].entries()) {
      const client = new Client({ connectionString: url });
      await client.connect();
      clients.set(ROLES[index] ?? 'app_ro', client);
    }
    for (const tenantId of [A, B]) {
      const commands = [{ command: 'test.count', payload: {} }];
      await under.store.append(newCounter(tenantId), [counted(1), counted(2)], { commandId: newUuid(), commands });
    }
    await under.database.admin(
      `insert into es.parked (tenant_id, name, stream_id, position) select tenant_id, 'test', stream_id, position from es.events`,
    );
    await under.database.admin(
      'insert into es.subject_keys (tenant_id, subject_id) select distinct tenant_id, gen_random_uuid() from es.events',
    );
    await under.database.admin('insert into es.events_archive select * from es.events');
  });
  afterAll(async () => {
    for (const client of clients.values()) await client.end();
    await under.dispose();
  });

  /** Runs statements in one transaction of a tenant, or of none, and takes it back. */
  async function as(role: Role, tenantId: string | undefined, sql: string): Promise<Record<string, unknown>[]> {
    const client = clients.get(role);
    if (!client) throw new Error(`no client for ${role}`);
    await client.query('begin');
    try {
      if (tenantId) await client.query(`set local app.tenant_id = '${tenantId}'`);
      return (await client.query(sql)).rows as Record<string, unknown>[];
    } finally {
      await client.query('rollback');
    }
  }
  const code = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'allowed',
      (error: unknown) => Reflect.get(Object(error), 'code'),
    );

  describe.each(ROLES)('%s', (role) => {
    it.each(HISTORY)('can neither add to, change, remove nor empty %s', async (table) => {
      for (const sql of [
        `insert into ${table} select * from ${table}`,
        `update ${table} set version = 1`,
        `delete from ${table}`,
        `truncate ${table}`,
        `select 1 from ${table} for update`,
      ]) {
        expect([sql, await code(as(role, A, sql))]).toEqual([sql, '42501']);
      }
    });

    it('cannot draw a position, nor set the next', async () => {
      for (const sql of [`select nextval('es.event_position')`, `select setval('es.event_position', 1)`]) {
        expect([sql, await code(as(role, A, sql))]).toEqual([sql, '42501']);
      }
    });

    it('cannot call what the append functions are made of', async () => {
      for (const sql of [
        `select es.claim_stream('${A}', '${newUuid()}', 'test', null, 1, null, null)`,
        `select es.refuse_stream('${A}', '${newUuid()}', 1, false)`,
        `select es.find_append('${A}', null, '${newUuid()}', 1, '{}')`,
      ]) {
        expect([sql, await code(as(role, A, sql))]).toEqual([sql, '42501']);
      }
    });

    it('cannot touch the keys of data subjects, nor write what a command has answered', async () => {
      for (const sql of [
        'select 1 from es.subject_keys',
        `insert into es.commands (tenant_id, command_id, result) values ('${A}', '${newUuid()}', '{}')`,
        'update es.commands set at = now()',
      ]) {
        expect([sql, await code(as(role, A, sql))]).toEqual([sql, '42501']);
      }
    });

    it('sees of every table nothing without a tenant, and with one only its own, where not ruled otherwise', async () => {
      const acrossTenants: Partial<Record<Role, string[]>> = {
        app_worker: ['commands', 'events', 'outbox', 'parked'],
        app_platform: ['outbox', 'parked'],
      };
      const tables = await under.database.admin<{ name: string }>(
        `select c.relname as name from pg_class c where c.relnamespace = 'es'::regnamespace and c.relkind = 'r' and c.relname <> 'projections'
           and has_table_privilege($1, c.oid, 'select') order by 1`,
        [role],
      );
      expect(tables.length).toBeGreaterThanOrEqual(3);
      for (const { name } of tables) {
        const sql = `select distinct tenant_id from es.${name}`;
        const all = acrossTenants[role]?.includes(name) ? [{ tenant_id: A }, { tenant_id: B }] : undefined;
        const seen = async (tenantId?: string): Promise<unknown> =>
          (await as(role, tenantId, sql)).sort((a, b) => (String(a['tenant_id']) < String(b['tenant_id']) ? -1 : 1));
        const sorted = all?.toSorted((a, b) => (a.tenant_id < b.tenant_id ? -1 : 1));
        expect([name, await seen()]).toEqual([name, sorted ?? []]);
        expect([name, await seen(A)]).toEqual([name, sorted ?? [{ tenant_id: A }]]);
      }
    });
  });

  it.each(['app_rt', 'app_worker', 'app_platform'] as const)(
    'lets %s append for its own tenant and for no other',
    async (role) => {
      const append = (tenantId: string): string =>
        `select es.append(p_tenant => '${tenantId}', p_stream => '${newUuid()}', p_category => 'test.counter', p_expected => 0, ${EVENT})`;
      const bulk = (name: string, tenantId: string): string =>
        `select es.${name}(p_tenant => '${tenantId}', p_command => '${newUuid()}', p_streams => array['${newUuid()}'::uuid], p_counts => '{1}', p_of => '{1}', p_nth => '{1}', ${EVENT},
        ${name === 'append_many' ? `p_categories => '{test}', p_expected => '{0}', p_states => null, p_state_schemas => null` : `p_category => 'test', p_expected => 0, p_states => null, p_state_schema => null`})`;
      const lock = (tenantId: string): string =>
        `select * from es.append_lock('${tenantId}', array['${newUuid()}'::uuid], null)`;
      for (const sql of [
        append,
        lock,
        (tenantId: string) => bulk('append_many', tenantId),
        (tenantId: string) => bulk('append_bulk', tenantId),
      ]) {
        expect(await code(as(role, A, sql(A)))).toBe('allowed');
        expect(await code(as(role, undefined, sql(A)))).toBe('allowed');
        expect(await code(as(role, A, sql(B)))).toBe('42501');
      }
    },
  );

  it.each(['app_rt', 'app_worker', 'app_platform'] as const)(
    'lets %s append one event to a stream of its own tenant and to no other',
    async (role) => {
      const streams = { [A]: newUuid(), [B]: newUuid() };
      for (const [tenantId, id] of Object.entries(streams))
        await under.store.append(newCounter(tenantId, id), [counted(1)], { expected: 'none' });
      const one = (tenantId: string, owner: string, version = 1): string =>
        `select es.append_one('${tenantId}', '${streams[owner]}', ${version}, '${newUuid()}', 'test.counted', 1::smallint, '{"by": 1}', '{}')`;
      expect(await code(as(role, A, one(A, A)))).toBe('allowed');
      expect(await code(as(role, undefined, one(B, B)))).toBe('allowed');
      expect(await code(as(role, A, one(B, B, 2)))).toBe('42501');
      expect(await code(as(role, A, one(A, B)))).toBe('RC002');
      for (const version of [0, -1]) expect(await code(as(role, A, one(A, A, version)))).toBe('22023');
    },
  );

  it('lets app_ro append for nobody', async () => {
    const sql = `select es.append(p_tenant => '${A}', p_stream => '${newUuid()}', p_category => 'test', p_expected => 0, ${EVENT})`;
    expect(await code(as('app_ro', A, sql))).toBe('42501');
  });

  it('forgets the tenant of an append with its transaction', async () => {
    const client = clients.get('app_rt');
    const append = `select es.append(p_tenant => '${A}', p_stream => '${newUuid()}', p_category => 'test.counter', p_expected => 0, ${EVENT})`;
    await client?.query(append);
    expect((await client?.query('select 1 from es.events'))?.rows).toEqual([]);
    await client?.query(append.replace(A, B));
  });

  it('keeps streams of the same id in two tenants apart', async () => {
    const id = newUuid();
    const [mine, theirs] = [newCounter(A, id), newCounter(B, id)];
    await under.store.append(mine, [counted(1)], { expected: 'none' });
    await under.store.append(theirs, [counted(10), counted(20)], { expected: 'none' });
    expect(await under.store.load(mine, counter)).toMatchObject({ version: 1, state: { total: 1 } });
    expect(await under.store.load(theirs, counter)).toMatchObject({ version: 2, state: { total: 30 } });
  });

  it('lets nobody log in as the writer, and gives it nothing but the functions', async () => {
    const [writer] = await under.database.admin(
      `select rolcanlogin, rolsuper, rolbypassrls from pg_roles where rolname = 'es_writer'`,
    );
    expect(writer).toEqual({ rolcanlogin: false, rolsuper: false, rolbypassrls: false });
    const owned = await under.database.admin<{ what: string }>(
      `select oid::regclass::text as what from pg_class where relowner = 'es_writer'::regrole union all
       select proname from pg_proc where proowner = 'es_writer'::regrole order by 1`,
    );
    expect(owned.map(({ what }) => what)).toEqual([
      'append',
      'append_bulk',
      'append_lock',
      'append_many',
      'append_one',
      'claim_stream',
      'find_append',
      'refuse_stream',
    ]);
    const [creates] = await under.database.admin(`select has_schema_privilege('es_writer', 'es', 'create') as may`);
    expect(creates).toEqual({ may: false });
  });

  it('refuses a state that is not the fold of exactly the events before it', async () => {
    for (const expected of ['null', '-1']) {
      const sql = `select es.append(p_tenant => '${A}', p_stream => '${newUuid()}', p_category => 'test', p_expected => ${expected}, ${EVENT}, p_command => '${newUuid()}', p_state => '{}', p_state_schema => 1)`;
      expect(await code(as('app_rt', A, sql))).toBe('22023');
    }
  });
});
