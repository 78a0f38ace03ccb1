import { jobsMetrics } from '../jobs.metrics.js';
import type { TaskRun } from '../task-run.js';

/** Rows per statement: some 10 ms of locks and write-ahead log, whatever has gathered. */
const BATCH_ROWS = 1_000;

/**
 * Repeats a `delete` that ends in `limit $1` until nothing is left, each batch in a transaction of its own.
 * @returns how many rows were removed
 */
export async function deleteInBatches(task: TaskRun, sql: string, values: readonly unknown[] = []): Promise<number> {
  for (let removed = 0; ;) {
    const batch = await task.step((unit) => unit.run(sql, [BATCH_ROWS, ...values]));
    removed += batch;
    jobsMetrics.rowsRemoved.inc({ kind: task.kind }, batch);
    if (batch < BATCH_ROWS) return removed;
  }
}
