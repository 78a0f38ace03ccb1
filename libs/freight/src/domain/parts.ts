/** Three rounds take a batch of a thousand down to one row; halves would take ten, and each may cost a worker. */
const PARTS = 10;

/** Cuts rows into at most ten parts of nearly the same size, in order. */
export function partsOf(rows: readonly number[]): number[][] {
  const size = Math.ceil(rows.length / PARTS);
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, part) => rows.slice(part * size, (part + 1) * size));
}
