import { parseId } from '#platform/kernel';
import type { TestDatabase } from './database.js';

/** What changes by being asked: request counts, and the minute of a key's last use. */
const UNCOUNTED = { tables: ['identity.usage_daily'], columns: ['last_used_at'] };

const TABLES = `
  select format('%I.%I', n.nspname, c.relname) as name,
         exists(select from pg_attribute o where o.attrelid = c.oid and o.attname = any($1)) as part
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
   where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   order by 1`;

/** Rows with their contents, where some columns do not count. */
const CONTENTS = `coalesce(md5(string_agg((to_jsonb(t) - '{${UNCOUNTED.columns.join(',')}}'::text[])::text, e'\\n'
  order by (to_jsonb(t) - '{${UNCOUNTED.columns.join(',')}}'::text[])::text)), '')`;
/** Rows with the transactions that wrote them: cheaper, and told by a write that changes nothing, too. */
const WRITERS = `coalesce(sum(xmin::text::bigint * (1 + (hashtext(t.ctid::text)::bigint & 65535))), 0)`;

/** The statement of each database that was asked. */
const statements = new WeakMap<TestDatabase, Promise<string>>();

/**
 * One text per tenant table that changes with any of its rows: two equal digests mean that nothing changed.
 * @param tenantId only the rows of this store
 */
export async function digestOf(database: TestDatabase, tenantId?: string): Promise<Record<string, string>> {
  const statement = statements.get(database) ?? statementFor(database);
  statements.set(database, statement);
  const tenant = tenantId === undefined ? null : parseId('tenant', tenantId);
  const rows = await database.admin<{ name: string; digest: string }>(await statement, [tenant], 'digest');
  return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]));
}

async function statementFor(database: TestDatabase): Promise<string> {
  const tables = await database.admin<{ name: string; part: boolean }>(TABLES, [UNCOUNTED.columns]);
  const counted = tables.filter(({ name }) => !UNCOUNTED.tables.includes(name));
  if (counted.length === 0) throw new Error('no tenant table was found');
  const digests = counted.map(
    ({ name, part }) =>
      `select '${name}' as name, count(*) || ' ' || ${part ? CONTENTS : WRITERS} as digest from ${name} t
        where $1::uuid is null or tenant_id = $1`,
  );
  return digests.join(' union all ');
}
