import type { Unit } from '#platform/persistence';

/** The database's clock, to the millisecond: states and deadlines are judged by it, never by a process's own. */
export async function databaseNow(unit: Unit): Promise<Date> {
  const row = await unit.row<{ now: Date }>('select clock_timestamp()::timestamptz(3) as now');
  if (!row) throw new Error('a select without a condition has one row');
  return row.now;
}
