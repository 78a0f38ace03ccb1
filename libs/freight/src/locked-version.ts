import type { Unit } from '#platform/persistence';

/**
 * Locks what a store has one of until the unit ends, and tells its version. Where it was never set, a row of version 0 is made to
 * be locked, so that of two who set it first under the same condition one is refused.
 */
export async function lockedVersion(
  unit: Unit,
  table: 'retry_policy' | 'grade_vocabulary',
  document: 'policy' | 'words',
): Promise<number> {
  await unit.run(
    `insert into freight.${table} (tenant_id, ${document}, version) values ($1, '{}', 0) on conflict do nothing`,
    [unit.tenantId],
  );
  const row = await unit.row<{ version: number }>(
    `select version from freight.${table} where tenant_id = $1 for update`,
    [unit.tenantId],
  );
  return row?.version ?? 0;
}
