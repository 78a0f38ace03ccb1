import type { Reason } from './record-outcome.js';
import { CODES } from './codes.js';

export const DUPLICATE_POLICIES = ['last_wins', 'first_wins', 'fail'] as const;
/** Which of several records with the same key counts. */
export type DuplicatePolicy = (typeof DUPLICATE_POLICIES)[number];

/** What becomes of a record that planning found to be taken over by another row of the file. */
export function fateOfDuplicate(
  policy: DuplicatePolicy,
  byRow: number,
): { outcome: 'skipped' | 'failed'; reason: Reason } {
  const place = policy === 'last_wins' ? 'The later' : 'The earlier';
  const message = `${place} record ${byRow} of the file has the same key.`;
  const reason = { class: 'conflict', code: CODES.duplicateInFile, message } as const;
  return { outcome: policy === 'fail' ? 'failed' : 'skipped', reason };
}
