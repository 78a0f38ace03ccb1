/** Bounds of an adaptive batch: below, overheads dominate; above, a retry repeats too much. */
export const BATCH_ROWS = { min: 250, start: 2_000, max: 5_000 } as const;
/**
 * A batch of several rows has no more of the source than this, however many rows it was to have: it is held in memory as cells, as
 * records and as parameters, for each of a worker's slots.
 */
export const BATCH_BYTES = 393_216;
/**
 * A batch should take about so long: short enough for a fair turn and a quick stop, long enough that its fixed costs do not count. Taking
 * a batch and telling those who follow its events costs about as much CPU as 200 releases do (npm run bench -- freight releases).
 */
const AIM_MS = 400;

/**
 * Rows of the next job's batches: as many as took about 400 ms lately, in steps of two.
 * @param msPerRow what a row took in the tenant's last batches; undefined when there were none
 */
export function batchRows(msPerRow: number | undefined): number {
  if (msPerRow === undefined || msPerRow <= 0) return BATCH_ROWS.start;
  const step = 2 ** Math.round(Math.log2(AIM_MS / msPerRow / BATCH_ROWS.start));
  return Math.round(Math.min(BATCH_ROWS.max, Math.max(BATCH_ROWS.min, BATCH_ROWS.start * step)));
}
