import type { FailureClass } from './failure-class.js';

/** What became of a record, in the order of the numbers that stand for them in the log, from 1. */
export const OUTCOMES = ['created', 'updated', 'unchanged', 'skipped', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What a target answered for one record. */
export type TargetResult =
  | { readonly outcome: 'created' | 'updated' | 'unchanged'; readonly id: string; readonly version: number }
  | {
      readonly outcome: 'failed';
      readonly class: FailureClass;
      readonly code: string;
      readonly field?: string | undefined;
      readonly message: string;
    };

/** Why a record was not taken over. */
export interface Reason {
  readonly class: FailureClass;
  readonly code: string;
  readonly field?: string | undefined;
  readonly message: string;
}

/** One line of the log. */
export interface RecordResult {
  readonly rowNo: number;
  readonly outcome: Outcome;
  readonly reason?: Reason;
  readonly key?: string | undefined;
  readonly release?: TargetResult;
  readonly stock?: TargetResult;
}

/**
 * The one outcome of a record that may have made two things: it failed if either failed; else what the stock item says, or the
 * release where there is none; and where that did not change although the other did, it was updated.
 */
export function outcomeOf(release: TargetResult | undefined, stock: TargetResult | undefined): Outcome {
  if (release?.outcome === 'failed' || stock?.outcome === 'failed') return 'failed';
  const main = stock ?? release;
  if (!main) return 'skipped';
  const isOtherChanged = stock !== undefined && release !== undefined && release.outcome !== 'unchanged';
  return main.outcome === 'unchanged' && isOtherChanged ? 'updated' : main.outcome;
}
