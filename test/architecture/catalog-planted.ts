import { acrossTenants, CURRENT_TENANT, guard } from '../../libs/platform/persistence/migrations/kit.js';

/** A table with every guard. */
export const GOOD = [
  `create table http.planted (tenant_id uuid not null, id uuid not null, other uuid, name text, primary key (tenant_id, id))`,
  ...guard('http.planted', { app_rt: 'select, insert, update, delete' }),
];
const policy = (name: string, text: string) => `create policy ${name} on http.planted ${text}`;
const without = (sql: string) => [...GOOD, sql];
/** A tenant's policy written so that it is evaluated for every row. */
const PER_ROW = `nullif(current_setting('app.tenant_id', true), '')::uuid`;

/** For each guard something that lacks it, and what the checker says of it. */
export const PLANTED: [string, string[], string][] = [
  [
    'a table without tenant',
    ['create table http.planted (id uuid primary key)'],
    'http.planted: no tenant_id uuid not null',
  ],
  [
    'a tenant that may be null',
    without('alter table http.planted drop constraint planted_pkey, alter tenant_id drop not null'),
    'no tenant_id uuid not null',
  ],
  ['a tenant that is text', ['create table http.planted (tenant_id text primary key)'], 'no tenant_id uuid not null'],
  ['no row-level security', without('alter table http.planted disable row level security'), 'not enabled and forced'],
  [
    'row-level security that its owner escapes',
    without('alter table http.planted no force row level security'),
    'not enabled and forced',
  ],
  ['no policy', without('drop policy tenant on http.planted'), 'no tenant policy'],
  [
    'a policy that is evaluated per row',
    [
      ...without('drop policy tenant on http.planted'),
      policy('tenant', `using (tenant_id = ${PER_ROW}) with check (tenant_id = ${PER_ROW})`),
    ],
    'no tenant policy',
  ],
  [
    'a restrictive policy that nobody listed',
    [...GOOD, policy('narrow', 'as restrictive for select using (true)')],
    'policy not listed: http.planted everybody select',
  ],
  [
    'a policy that does not check what is written',
    [
      ...without('drop policy tenant on http.planted'),
      policy('tenant', `using (tenant_id = ${CURRENT_TENANT}) with check (true)`),
    ],
    'no tenant policy',
  ],
  [
    'a policy for reading only',
    [
      ...without('drop policy tenant on http.planted'),
      policy('tenant', `for select using (tenant_id = ${CURRENT_TENANT})`),
    ],
    'no tenant policy',
  ],
  [
    'a policy for one role only',
    [
      ...without('drop policy tenant on http.planted'),
      policy('tenant', `to app_rt using (tenant_id = ${CURRENT_TENANT}) with check (tenant_id = ${CURRENT_TENANT})`),
    ],
    'no tenant policy',
  ],
  [
    'rows of all tenants for a role',
    without(acrossTenants('http.planted', 'app_rt', 'select')),
    'policy not listed: http.planted app_rt select',
  ],
  [
    'rows of all tenants for everybody',
    without(policy('open', 'using (true)')),
    'policy not listed: http.planted everybody all',
  ],
  [
    'a policy of another kind',
    without(policy('own', `for update to app_worker using (name = 'x')`)),
    'http.planted app_worker update with a condition of its own',
  ],
  [
    'a listed policy that has gone',
    ['drop policy across_tenants_app_worker on jobs.task'],
    'listed, but no policy: jobs.task app_worker all',
  ],
  [
    'no primary key',
    without('alter table http.planted drop constraint planted_pkey'),
    'primary key does not begin with tenant_id',
  ],
  [
    'a primary key that begins with another column',
    without('alter table http.planted drop constraint planted_pkey, add primary key (id, tenant_id)'),
    'primary key does not begin with tenant_id',
  ],
  [
    'a unique constraint over all tenants',
    without('alter table http.planted add unique (name)'),
    'unique index planted_name_key does not begin',
  ],
  [
    'a unique index over an expression',
    without('create unique index planted_lower on http.planted (lower(name))'),
    'unique index planted_lower does not begin',
  ],
  [
    'a foreign key without the tenant',
    without(
      'alter table http.planted add unique (tenant_id), add foreign key (id) references http.planted (tenant_id)',
    ),
    'foreign key planted_id_fkey does not begin',
  ],
  [
    'a foreign key that may lead to another tenant',
    without(
      'alter table http.planted add unique (tenant_id, other), add foreign key (other, tenant_id) references http.planted (tenant_id, other)',
    ),
    'foreign key planted_other_tenant_id_fkey does not begin',
  ],
  [
    'a foreign key into another schema',
    without('alter table http.planted add foreign key (tenant_id) references identity.tenant (tenant_id)'),
    'leaves the schema',
  ],
  ['TRUNCATE', without('grant truncate on http.planted to app_rt'), 'http.planted: app_rt has TRUNCATE'],
  ['TRIGGER', without('grant trigger on http.planted to app_worker'), 'http.planted: app_worker has TRIGGER'],
  [
    'REFERENCES on a column',
    without('grant references (id) on http.planted to app_platform'),
    'http.planted: app_platform has REFERENCES',
  ],
  [
    'a right to hand on',
    without('grant select on http.planted to app_ro with grant option'),
    'app_ro has SELECT with grant option',
  ],
  ['a right of everybody', without('grant select on http.planted to public'), 'everybody has SELECT'],
  ['a superuser', ['alter role app_rt superuser'], 'role app_rt is superuser'],
  [
    'a role that bypasses row-level security',
    ['alter role app_worker bypassrls'],
    'role app_worker is superuser or bypasses',
  ],
  ['a role that makes roles', ['alter role app_platform createrole'], 'makes roles'],
  [
    'a writer that bypasses row-level security',
    ['alter role es_writer bypassrls'],
    'role es_writer is superuser or bypasses',
  ],
  ['a membership', ['grant pg_read_all_data to app_ro'], 'role app_ro is a member of pg_read_all_data'],
  ['a table that an app owns', without('alter table http.planted owner to app_rt'), 'role app_rt owns http.planted'],
  [
    'a schema that an app owns',
    ['create schema planted authorization app_worker'],
    'role app_worker owns schema planted',
  ],
  [
    'a function that an app owns',
    ['create function http.f() returns int language sql as $$ select 1 $$', 'alter function http.f() owner to app_rt'],
    'role app_rt owns http.f()',
  ],
  ['a schema to create in', ['grant create on schema http to app_rt'], 'role app_rt may create in http'],
  ['public to create in', ['grant create on schema public to public'], 'role app_rt may create in public'],
  [
    'a database to create schemas in',
    [`do $$ begin execute format('grant create on database %I to app_rt', current_database()); end $$`],
    'role app_rt may create schemas',
  ],
  [
    'a function that runs as its owner',
    ['create function http.f() returns int language sql security definer as $$ select 1 $$'],
    'http.f(): SECURITY DEFINER',
  ],
  [
    'an append function of another owner',
    [
      'create schema if not exists es',
      'create function es.append_x() returns int language sql security definer set search_path = pg_catalog as $$ select 1 $$',
    ],
    'es.append_x(): SECURITY DEFINER',
  ],
  [
    'a view that runs as its owner',
    without('create view http.v as select * from http.planted'),
    'http.v: a view without security_invoker',
  ],
  [
    'a materialized view to read',
    without('create materialized view http.m as select * from http.planted').concat('grant select on http.m to app_ro'),
    'http.m: app_ro can read a materialized view',
  ],
];
