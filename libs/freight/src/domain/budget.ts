/** How many failed records a job bears, and what happens beyond. */
export interface ErrorBudget {
  /** Records; null: no bound. */
  readonly maxFailed: number | null;
  /** Share of all records of the source, in basis points; null: no bound. */
  readonly maxFailedBps: number | null;
  readonly onBudget: OnBudget;
}

export const ON_BUDGET = ['pause', 'fail', 'continue'] as const;
/** `pause` waits for somebody to look, `fail` ends the job, `continue` only counts. */
export type OnBudget = (typeof ON_BUDGET)[number];

/** Whether more records have failed than the job bears. @param totalRows records of the source */
export function isSpent(
  { maxFailed, maxFailedBps, onBudget }: ErrorBudget,
  failed: number,
  totalRows: number,
): boolean {
  if (onBudget === 'continue') return false;
  if (maxFailed !== null && failed > maxFailed) return true;
  return maxFailedBps !== null && failed * 10_000 > maxFailedBps * totalRows;
}
