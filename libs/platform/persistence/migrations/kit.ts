/** Pieces of SQL that every migration shares, so that no tenant table can lack one of its guards. */

/** The tenant the transaction was opened for, as an init plan; none set means no row (docs/adr/0002 says why). */
export const CURRENT_TENANT = `(select nullif(current_setting('app.tenant_id', true), '')::uuid)`;

/** What each role may do with a table, such as `{ app_rt: 'select, insert' }`. */
export type Grants = Partial<Record<'app_rt' | 'app_worker' | 'app_platform' | 'app_ro', string>>;

/** Makes a schema of a context and lets the roles look into it. */
export function schema(name: string): string[] {
  return [`create schema ${name}`, `grant usage on schema ${name} to app_rt, app_worker, app_platform, app_ro`];
}

/** Row-level security, enabled and forced, with the tenant's policy, and the grants. Call it for every tenant table. */
export function guard(table: string, grants: Grants): string[] {
  return [
    `alter table ${table} enable row level security`,
    `alter table ${table} force row level security`,
    `create policy tenant on ${table} using (tenant_id = ${CURRENT_TENANT}) with check (tenant_id = ${CURRENT_TENANT})`,
    ...Object.entries(grants).map(([role, rights]) => `grant ${rights} on ${table} to ${role}`),
  ];
}

/**
 * Lets one role see rows of all tenants. Every use is listed by name in the catalog test; without an entry there it fails.
 */
export function acrossTenants(table: string, role: string, command: 'all' | 'select' = 'all'): string {
  const check = command === 'all' ? ' with check (true)' : '';
  return `create policy across_tenants_${role} on ${table} for ${command} to ${role} using (true)${check}`;
}
