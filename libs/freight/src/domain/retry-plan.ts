import type { FailureClass } from './failure-class.js';

/** How failed attempts of one class are spaced. */
export interface RetryRule {
  /** Attempts of a batch in all, from 1. */
  readonly maxAttempts: number;
  /** Longest pause after the first failed attempt. */
  readonly baseMs: number;
  /** Longest pause at all. */
  readonly capMs: number;
  /** By how much the longest pause grows with each attempt. */
  readonly multiplier: number;
  /** `full`: a random pause up to the longest, so that what failed together does not come back together. */
  readonly jitter: 'full' | 'none';
}

/** Classes whose failures another attempt can cure. */
export const RETRIED_CLASSES = ['transient', 'rate_limited', 'internal'] as const;
export type RetriedClass = (typeof RETRIED_CLASSES)[number];

/** A tenant's rules; classes without their own go by the default. */
export interface RetryPolicy extends RetryRule {
  readonly perClass: Readonly<Partial<Record<RetriedClass, RetryRule>>>;
}

/** No pause is shorter: a failing batch never spins. */
const FLOOR_MS = 50;

/** 200 ms doubled up to a minute, 6 attempts; what is not known to pass is tried once more only. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  maxAttempts: 6,
  baseMs: 200,
  capMs: 60_000,
  multiplier: 2,
  jitter: 'full',
  perClass: { internal: { maxAttempts: 2, baseMs: 200, capMs: 60_000, multiplier: 2, jitter: 'full' } },
};

/** The rule for a class, or undefined when another attempt cannot help. */
export function ruleFor(policy: RetryPolicy, failure: FailureClass): RetryRule | undefined {
  const retried = RETRIED_CLASSES.find((name) => name === failure);
  return retried && (policy.perClass[retried] ?? policy);
}

/**
 * When to try again, in ms from now.
 * @param attempt the one that failed, from 1
 * @param random from 0 up to, not including, 1
 */
export function pauseMs({ baseMs, capMs, multiplier, jitter }: RetryRule, attempt: number, random: number): number {
  const longest = Math.min(capMs, baseMs * multiplier ** (attempt - 1));
  return Math.max(FLOOR_MS, Math.round(jitter === 'full' ? random * longest : longest));
}
