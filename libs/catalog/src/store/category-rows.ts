import { checkIfMatch, type IfMatchCondition, notFound } from '#platform/http';
import { isUniqueViolation, type Unit } from '#platform/persistence';
import { CATEGORY_COLUMNS, type CategoryRow, type CategoryView, categoryView } from '../catalog.views.js';
import { catalogErrors } from '../domain/catalog.errors.js';
import type { CategoryPlace } from '../domain/category-tree.js';

/** Makes this unit the only one that changes the store's tree, until it ends: a move is decided on the whole of it. */
export async function lockTree(unit: Unit): Promise<CategoryPlace[]> {
  await unit.rows(`select pg_advisory_xact_lock(hashtextextended('catalog.categories ' || $1, 0))`, [unit.tenantId]);
  const sql = `select id, parent_id as "parentId", place from catalog.category where tenant_id = $1`;
  return unit.rows<CategoryPlace & Record<string, unknown>>(sql, [unit.tenantId]);
}

/** Writes the places of siblings that have new ones. */
export async function savePlaces(unit: Unit, places: readonly CategoryPlace[]): Promise<void> {
  await unit.run(
    `update catalog.category c set place = n.place, parent_id = n.parent_id
       from unnest($2::uuid[], $3::uuid[], $4::integer[]) as n (id, parent_id, place)
      where c.tenant_id = $1 and c.id = n.id and (c.place <> n.place or c.parent_id is distinct from n.parent_id)`,
    [
      unit.tenantId,
      places.map(({ id }) => id),
      places.map(({ parentId }) => parentId),
      places.map(({ place }) => place),
    ],
  );
}

/** @throws http.not_found */
export async function readCategory(unit: Unit, id: string): Promise<CategoryView> {
  const sql = `select ${CATEGORY_COLUMNS} from catalog.category c where c.tenant_id = $1 and c.id = $2`;
  const row = await unit.row<CategoryRow & Record<string, unknown>>(sql, [unit.tenantId, id]);
  if (!row) throw notFound();
  return categoryView(row);
}

/** The category's version, locked until the unit ends. @throws http.not_found, http.precondition_failed */
export async function lockCategory(unit: Unit, id: string, ifMatch?: IfMatchCondition): Promise<void> {
  const sql = 'select version from catalog.category where tenant_id = $1 and id = $2 for update';
  const row = await unit.row<{ version: number }>(sql, [unit.tenantId, id]);
  if (!row) throw notFound();
  checkIfMatch(ifMatch, row.version);
}

/** Runs what may give a category a name that a sibling has. @throws catalog.category_name_taken */
export async function namedOnce<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isUniqueViolation(error, 'category_name')) throw error;
    throw catalogErrors.category_name_taken(`A category beside it is called ${name} already. Choose another name.`);
  }
}

/** Categories and all below them. Those of nobody are left out. */
export async function subtreeOf(unit: Unit, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await unit.prepared<{ id: string }>('catalog.subtree', SUBTREE, [unit.tenantId, ids]);
  return rows.map(({ id }) => id);
}

const SUBTREE = `
  with recursive below as (
    select c.id from catalog.category c where c.tenant_id = $1 and c.id = any($2::uuid[])
    union
    select c.id from below b join catalog.category c on c.tenant_id = $1 and c.parent_id = b.id)
  select id from below`;
