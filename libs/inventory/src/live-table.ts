import type { Unit } from '#platform/persistence';

/**
 * The table that a read model's view shows now, for lists that walk an index in its order: PostgreSQL does not look through the
 * condition of a view over two tables and would sort all rows of a tenant for each page. The other table stays filled until the
 * next rebuild begins, so that a list that was being read when the view turned is still whole.
 */
export async function liveTable(unit: Unit, projection: string, view: string): Promise<string> {
  const [row] = await unit.prepared<{ slot: 'a' | 'b' | null }>(
    'inventory.live-slot',
    'select es.live_slot($1) as slot',
    [projection],
  );
  return `${view}_${row?.slot ?? 'a'}`;
}
