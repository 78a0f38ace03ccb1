/** Lane of repetitions that are due: they go first. Lanes 1 to 3 are the priorities interactive, normal and bulk. */
export const AGAIN = 0;
/** All lanes, most urgent first. */
export const LANES = [AGAIN, 1, 2, 3] as const;

/**
 * The order in which a tenant's lanes are served: by urgency, but a lane that was not served for `ageMs` counts as one lane
 * more urgent, after twice that as two. So bulk work waits behind interactive work, and not for ever.
 * @param waitedMs per lane, how long its work has not been served
 */
export function laneOrder(waitedMs: readonly number[], ageMs: number): number[] {
  const rank = (lane: number): number => lane - (waitedMs[lane] ?? 0) / ageMs;
  return [...LANES].sort((a, b) => rank(a) - rank(b));
}

/** Splits a tenant's share among its lanes. @param ready per lane, how much waits in it */
export function takesByLane(share: number, ready: readonly number[], order: readonly number[]): number[] {
  const takes = LANES.map(() => 0);
  let left = share;
  for (const lane of order) {
    takes[lane] = Math.min(left, ready[lane] ?? 0);
    left -= takes[lane];
  }
  return takes;
}
