/** Runs a statement as the owner of the database. */
export type Ask = (sql: string, values?: unknown[]) => Promise<Record<string, string>[]>;

/** What stands outside the rules on purpose. */
export interface CatalogExceptions {
  /** Tables without a tenant, as `schema.table`. */
  readonly tablesWithoutTenant: readonly string[];
  /** Unique indexes of tenant tables over all tenants, as `schema.index`. */
  readonly uniqueOverTenants: readonly string[];
  /** Policies that show rows of all tenants, as `schema.table role command`. */
  readonly acrossTenants: readonly string[];
  /** Restrictive policies, which only hide rows of the tenant, in the same form. */
  readonly narrowing: readonly string[];
}

/** The roles an app connects as. */
const APP_ROLES = ['app_rt', 'app_worker', 'app_platform', 'app_ro'];
/** The one form of a tenant's policy: an init plan, evaluated once per statement; no tenant set means no row. */
const TENANT_POLICY = `(tenant_id = ( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid AS "nullif"))`;

const OURS = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;
const NAME = `n.nspname || '.' || c.relname`;
const TENANT_TABLES = `select c.oid, ${NAME} as name, c.relrowsecurity, c.relforcerowsecurity
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where ${OURS} and c.relkind in ('r', 'p', 'f') and ${NAME} <> all($1::text[])`;
/** The name of a column, by its number: keys of indexes count from 0, keys of constraints from 1. */
const COLUMN = (table: string, number: string): string =>
  `(select attname from pg_attribute where attrelid = ${table} and attnum = ${number})`;

/**
 * Each answers one row per fault; $1 are the tables without a tenant, $2 the roles of the apps, $3 the tenant's policy, $4 the
 * unique indexes over all tenants.
 */
const RULES: readonly string[] = [
  `select t.name || ': no tenant_id uuid not null' as fault from (${TENANT_TABLES}) t where not exists (
     select from pg_attribute a where a.attrelid = t.oid and a.attname = 'tenant_id' and a.attnotnull and a.atttypid = 'uuid'::regtype)`,

  `select t.name || ': row-level security is not enabled and forced' as fault
     from (${TENANT_TABLES}) t where not (t.relrowsecurity and t.relforcerowsecurity)`,

  `select t.name || ': no tenant policy in the form of an init plan' as fault from (${TENANT_TABLES}) t where not exists (
     select from pg_policy p where p.polrelid = t.oid and p.polname = 'tenant' and p.polpermissive and p.polcmd = '*' and p.polroles = '{0}'
        and pg_get_expr(p.polqual, p.polrelid) = $3 and pg_get_expr(p.polwithcheck, p.polrelid) = $3)`,

  `select t.name || ': the primary key does not begin with tenant_id' as fault from (${TENANT_TABLES}) t where not exists (
     select from pg_index i where i.indrelid = t.oid and i.indisprimary and ${COLUMN('t.oid', 'i.indkey[0]')} = 'tenant_id')`,

  `select t.name || ': the unique index ' || x.relname || ' does not begin with tenant_id' as fault
     from (${TENANT_TABLES}) t join pg_index i on i.indrelid = t.oid and i.indisunique join pg_class x on x.oid = i.indexrelid
    where ${COLUMN('t.oid', 'i.indkey[0]')} is distinct from 'tenant_id' and x.relnamespace::regnamespace || '.' || x.relname <> all($4::text[])`,

  `select t.name || ': the foreign key ' || k.conname || ' does not begin with tenant_id on both sides, or leaves the schema' as fault
     from (${TENANT_TABLES}) t join pg_constraint k on k.conrelid = t.oid and k.contype = 'f'
     join pg_class here on here.oid = k.conrelid join pg_class there on there.oid = k.confrelid
    where ${COLUMN('k.conrelid', 'k.conkey[1]')} is distinct from 'tenant_id'
       or ${COLUMN('k.confrelid', 'k.confkey[1]')} is distinct from 'tenant_id' or here.relnamespace <> there.relnamespace`,

  `select ${NAME} || ': ' || g.grantee || ' has ' || g.privilege_type || g.how as fault
     from pg_class c join pg_namespace n on n.oid = c.relnamespace,
  lateral (select coalesce(r.rolname, 'everybody') as grantee, a.privilege_type, case when a.is_grantable then ' with grant option' else '' end as how
             from (select (aclexplode(c.relacl)).* union all
                   select (aclexplode(attacl)).* from pg_attribute where attrelid = c.oid and attacl is not null) a
             left join pg_roles r on r.oid = a.grantee) g
    where ${OURS} and (g.grantee = any($2::text[]) or g.grantee = 'everybody')
      and (g.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN') or g.how <> '' or g.grantee = 'everybody')`,

  `select 'role ' || rolname || ' is superuser or bypasses row-level security or makes roles, databases or replicas' as fault
     from pg_roles where rolname = any($2::text[] || array['es_writer'])
      and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)`,

  `select 'role ' || m.rolname || ' is a member of ' || r.rolname as fault from pg_auth_members a
     join pg_roles m on m.oid = a.member join pg_roles r on r.oid = a.roleid where m.rolname = any($2::text[])`,

  `select 'role ' || r.rolname || ' owns ' || o.what as fault from pg_roles r join (
     select relowner as owner, oid::regclass::text as what from pg_class union all select proowner, oid::regprocedure::text from pg_proc union all
     select nspowner, 'schema ' || nspname from pg_namespace union all select typowner, oid::regtype::text from pg_type union all
     select datdba, 'database ' || datname from pg_database where datname = current_database()) o on o.owner = r.oid where r.rolname = any($2::text[])`,

  `select 'role ' || r.rolname || ' may create in ' || n.nspname as fault from pg_roles r, pg_namespace n
    where r.rolname = any($2::text[]) and ${OURS} and has_schema_privilege(r.oid, n.oid, 'create')`,

  `select 'role ' || r.rolname || ' may create schemas' as fault from pg_roles r
    where r.rolname = any($2::text[]) and has_database_privilege(r.oid, current_database(), 'create')`,

  `select p.oid::regprocedure::text || ': SECURITY DEFINER' as fault from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where ${OURS} and p.prosecdef and not (n.nspname = 'es' and p.proname like 'append%'
      and p.proowner = (select oid from pg_roles where rolname = 'es_writer')
      and exists (select from unnest(p.proconfig) setting where setting like 'search_path=%'))`,

  `select ${NAME} || ': a view without security_invoker' as fault from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where ${OURS} and c.relkind = 'v'
      and not coalesce((select option_value::boolean from pg_options_to_table(c.reloptions) where option_name = 'security_invoker'), false)`,

  `select ${NAME} || ': ' || r.rolname || ' can read a materialized view' as fault
     from pg_class c join pg_namespace n on n.oid = c.relnamespace, pg_roles r
    where ${OURS} and c.relkind = 'm' and r.rolname = any($2::text[]) and has_any_column_privilege(r.oid, c.oid, 'select')`,
];

const OTHER_POLICIES = `
  select ${NAME} || ' ' || coalesce(r.rolname, 'everybody') || ' '
         || case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' else 'delete' end
         || case when not p.polpermissive then '' when coalesce(pg_get_expr(p.polqual, p.polrelid), 'true') = 'true'
                  and coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'true') = 'true' then '' else ' with a condition of its own' end as policy, p.polpermissive::text as permissive
    from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace,
 lateral unnest(p.polroles) as role left join pg_roles r on r.oid = role
   where p.polname <> 'tenant' order by 1`;

/** What keeps the tenants from being separate, in words; empty when the tenants are as separate as they should be. */
export async function catalogFaults(ask: Ask, exceptions: CatalogExceptions): Promise<string[]> {
  const faults: string[] = [];
  const values = [exceptions.tablesWithoutTenant, APP_ROLES, TENANT_POLICY, exceptions.uniqueOverTenants];
  for (const rule of RULES) {
    // Every statement needs to know the type of every parameter, also of one that it does not use.
    const rows = await ask(`with parameters as (select $1::text[], $2::text[], $3::text, $4::text[]) ${rule}`, values);
    faults.push(...rows.map((row) => row['fault'] ?? rule));
  }
  const others = await ask(OTHER_POLICIES);
  for (const [permissive, allowed] of [
    ['true', exceptions.acrossTenants],
    ['false', exceptions.narrowing],
  ] as const) {
    const policies = others.filter((row) => row['permissive'] === permissive).map((row) => row['policy'] ?? '');
    const strange = policies.filter((policy) => !allowed.includes(policy));
    const gone = allowed.filter((policy) => !policies.includes(policy));
    faults.push(...strange.map((policy) => `policy not listed: ${policy}`));
    faults.push(...gone.map((policy) => `listed, but no policy: ${policy}`));
  }
  return faults;
}
