import { parseId } from '#platform/kernel';
import type { TestDatabase } from './database.js';

/** What changes by being asked: request counts, and the minute of a key's last use. */
const UNCOUNTED = { tables: ['identity.usage_daily'], columns: ['last_used_at'] };

const TABLES = `
  select format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
   where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   order by 1`;

/**
 * One text per tenant table that changes with any of its rows: two equal digests mean that nothing changed.
 * @param tenantId only the rows of this store
 */
export async function digestOf(database: TestDatabase, tenantId?: string): Promise<Record<string, string>> {
  const ofTenant = tenantId === undefined ? 'true' : `tenant_id = '${parseId('tenant', tenantId)}'`;
  const tables = await database.admin<{ name: string }>(TABLES);
  const names = tables.map(({ name }) => name).filter((name) => !UNCOUNTED.tables.includes(name));
  if (names.length === 0) throw new Error('no tenant table was found');
  const digests = names.map(
    (name) =>
      `select '${name}' as name, count(*) || ' ' || coalesce(md5(string_agg(row, e'\\n' order by row)), '') as digest
         from (select (to_jsonb(t) - '{${UNCOUNTED.columns.join(',')}}'::text[])::text as row from ${name} t where ${ofTenant}) as rows`,
  );
  const rows = await database.admin<{ name: string; digest: string }>(digests.join(' union all '));
  return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]));
}
