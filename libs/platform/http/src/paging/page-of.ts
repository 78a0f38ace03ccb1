import type { Unit } from '#platform/persistence';
import type { CursorRow, ListPlan, Page } from './list-plan.js';

/** Where the rows of a list come from. */
export interface ListSource<R extends CursorRow, T> {
  readonly columns: string;
  /** Tables and the conditions that always hold: `from` of the statement up to its last condition. */
  readonly from: string;
  readonly view: (row: R) => T;
}

/** Runs a list's statement and, where the caller asked for the total, its count. */
export async function pageOf<R extends CursorRow, T>(
  unit: Unit,
  list: ListPlan,
  { columns, from, view }: ListSource<R, T>,
): Promise<Page<T>> {
  const rows = await unit.rows<R>(
    `select ${columns}, ${list.cursorKey} from ${from} and ${list.where} order by ${list.orderBy} limit ${list.limit}`,
    list.values,
  );
  const count = list.count(from);
  const counted = count && (await unit.row<{ count: number }>(count.sql, count.values));
  return list.page(rows, view, counted?.count);
}
