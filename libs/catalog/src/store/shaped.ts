import { hash } from 'node:crypto';
import type { QueryResultRow } from 'pg';
import type { Unit } from '#platform/persistence';

/**
 * Runs a statement whose text is put together from a request's shape: filters, sort, with a cursor or without. There are some
 * hundreds of shapes, so that each is prepared once per connection; what the caller sent is in the values alone.
 */
export function shaped<R extends QueryResultRow>(unit: Unit, sql: string, values: readonly unknown[]): Promise<R[]> {
  return unit.prepared<R>(`catalog.${hash('sha1', sql)}`, sql, values);
}
