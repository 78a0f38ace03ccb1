import { IdOf, Instant } from '#platform/http';
import { formatId } from '#platform/kernel';
import type { FailureClass } from './domain/failure-class.js';

export const DEAD_LETTER_STATES = ['open', 'requeued', 'resolved', 'discarded'] as const;
export type DeadLetterState = (typeof DEAD_LETTER_STATES)[number];

/** A record or a batch that gave up. */
export class DeadLetterView {
  /** `dlq_` and 26 letters. */
  @IdOf('deadLetter')
  id!: string;
  @IdOf('job')
  jobId!: string;
  @IdOf('batch')
  batchId!: string;
  /**
   * The record; null: a whole batch.
   * @example 17
   */
  row!: number | null;
  class!: FailureClass;
  /** @example "database.23514" */
  code!: string;
  /** @example "The database refuses the record (release_weight_check)." */
  message!: string;
  /** @example 1 */
  attempts!: number;
  state!: DeadLetterState;
  @Instant()
  firstAt!: string;
  @Instant()
  lastAt!: string;
  /**
   * Grows with every change; the ETag is made of it.
   * @example 1
   */
  version!: number;
}

/** A dead letter with the record as it stood in the file. */
export class DeadLetterDetailView extends DeadLetterView {
  /**
   * Cells or members as JSON, up to 16 KiB; null where they were not kept.
   * @example "[\"2568011\",\"Nevermind\"]"
   */
  raw!: string | null;
}

/** A dead letter as its row says. */
export interface DeadLetterRow {
  readonly id: string;
  readonly jobId: string;
  readonly batchId: string;
  readonly rowNo: number | null;
  readonly class: FailureClass;
  readonly code: string;
  readonly message: string;
  readonly raw: string | null;
  readonly attempts: number;
  readonly state: DeadLetterState;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly version: number;
}

/** Columns of `freight.dead_letter as d` by the names of DeadLetterRow. */
export const DEAD_LETTER_COLUMNS = `d.id, d.job_id as "jobId", d.batch_id as "batchId", d.row_no as "rowNo", d.class, d.code, d.message, d.raw,
  d.attempts, d.state, d.first_at as "firstAt", d.last_at as "lastAt", d.version`;

export function deadLetterView(row: DeadLetterRow): DeadLetterView {
  const { class: failure, code, message, attempts, state, version } = row;
  return {
    id: formatId('deadLetter', row.id),
    jobId: formatId('job', row.jobId),
    batchId: formatId('batch', row.batchId),
    row: row.rowNo,
    class: failure,
    ...{ code, message, attempts, state },
    firstAt: row.firstAt.toISOString(),
    lastAt: row.lastAt.toISOString(),
    version,
  };
}
