/** How failed attempts are spaced. */
export interface Backoff {
  /** Longest pause after the first failed attempt; it doubles with each further one. */
  readonly baseMs: number;
  /** Longest pause at all. */
  readonly capMs: number;
}

/** No pause is shorter: a failing task never spins. */
const FLOOR_MS = 50;

/** The pauses of tasks that do not say otherwise. */
export const DEFAULT_BACKOFF: Backoff = { baseMs: 200, capMs: 60_000 };
/** Attempts of such tasks. */
export const DEFAULT_MAX_ATTEMPTS = 6;

/**
 * Pause before the next attempt, in ms: full jitter, so that tasks that failed together do not come back together.
 * @param attempt the one that failed, from 1
 * @param random from 0 up to, not including, 1
 */
export function backoffMs(attempt: number, random: number, { baseMs, capMs }: Backoff = DEFAULT_BACKOFF): number {
  return Math.max(FLOOR_MS, Math.round(random * Math.min(capMs, baseMs * 2 ** (attempt - 1))));
}
