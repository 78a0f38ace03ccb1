import { field, IdOf, Instant, type ValueRule } from '#platform/http';
import { formatId } from '#platform/kernel';
import type { JobPhase, JobState } from './domain/job-lifecycle.js';
import type { JobCounts, JobRow } from './job-rows.js';

/** Any JSON object; its own document says what may be in it. */
export const objectRule: ValueRule = {
  name: 'object',
  refuse: (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? undefined
      : { code: 'object', message: 'must be an object' },
  schema: { type: 'object', additionalProperties: true },
};

/** What was made of one kind. */
export class TargetCountsView {
  /** @example 300 */
  created!: number;
  /** @example 4 */
  updated!: number;
  /** @example 8 */
  unchanged!: number;
}

/** Records by their latest outcome; they add up to the records of the source when the job is over. */
export class JobCountsView {
  /**
   * Records of the source; null until it has been read.
   * @example 316
   */
  total!: number | null;
  /** @example 300 */
  created!: number;
  /** @example 4 */
  updated!: number;
  /** @example 8 */
  unchanged!: number;
  /** @example 0 */
  skipped!: number;
  /** @example 4 */
  failed!: number;
  /**
   * Repetitions of records that had failed.
   * @example 0
   */
  retried!: number;
}

/** How far a job has come. */
export class JobProgressView {
  /**
   * Records with an outcome.
   * @example 316
   */
  done!: number;
  /**
   * Share of the source, in basis points; null until it has been read.
   * @example 10000
   */
  doneBps!: number | null;
  /**
   * Records per minute since the job began.
   * @example 52000
   */
  recordsPerMinute!: number | null;
  /** When the job will be over at this rate. */
  @Instant({ nullable: true })
  estimatedEndAt!: string | null;
}

/** What a job reads. */
export class JobSourceView {
  @IdOf('upload')
  uploadId!: string;
  /** @example "collection.csv" */
  filename!: string | null;
  /** @example 81920 */
  sizeBytes!: number;
  /**
   * SHA-256 of the content, as hex.
   * @example "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
   */
  sha256!: string;
}

/** Why a job failed as a whole. */
export class JobFailureView {
  /** @example "source.empty" */
  code!: string;
  /** @example "The file is empty." */
  message!: string;
}

/** A text of the source that nothing is known of, and was left out. */
export class UnmappedView {
  /** @example "stock.mediaGrade" */
  field!: string;
  /** @example "Top" */
  value!: string;
  /** @example 12 */
  count!: number;
}

/** A migration job. */
export class JobView {
  /** `job_` and 26 letters. */
  @IdOf('job')
  id!: string;
  /** @example "import" */
  kind!: 'import';
  state!: JobState;
  /** What it is at: reading its source, or taking records over. */
  phase!: JobPhase;
  source!: JobSourceView;
  /**
   * How the source is read, as detected or declared; null until it has been looked at.
   * @example {"kind":"csv","encoding":"utf-8","delimiter":",","header":["release_id","Title"]}
   */
  format!: Record<string, unknown> | null;
  /**
   * The mapping it goes by, with defaults filled in.
   * @example {"source":"discogs","release":{"externalId":{"column":"release_id"},"exactKey":false,"title":{"column":"Title"}}}
   */
  mapping!: Record<string, unknown>;
  /** @example {"duplicates":"last_wins","batchSize":null} */
  options!: Record<string, unknown>;
  /** @example "normal" */
  priority!: string;
  counts!: JobCountsView;
  releases!: TargetCountsView;
  stock!: TargetCountsView;
  progress!: JobProgressView;
  /** Texts that were left out because nothing is known of them, the most frequent first. */
  unmapped!: UnmappedView[];
  @field(objectRule, { nullable: true })
  failure!: JobFailureView | null;
  @Instant()
  createdAt!: string;
  @Instant({ nullable: true })
  startedAt!: string | null;
  @Instant({ nullable: true })
  finishedAt!: string | null;
  /**
   * Grows with every command and change of state; the ETag is made of it.
   * @example 3
   */
  version!: number;
}

/** A job's row with its counts and the database's clock. */
export interface JobWithCounts extends JobRow, JobCounts {
  readonly now: Date;
}

export function jobView(job: JobWithCounts): JobView {
  const { created, updated, unchanged, skipped, failed, retried } = job;
  return {
    id: formatId('job', job.id),
    kind: 'import',
    state: job.state,
    phase: job.phase,
    source: {
      uploadId: formatId('upload', job.uploadId),
      filename: job.sourceName,
      sizeBytes: job.sourceBytes,
      sha256: job.sourceSha256,
    },
    format: job.format && { ...job.format },
    mapping: job.mapping,
    options: optionsView(job),
    priority: job.priority,
    counts: { total: job.totalRows, created, updated, unchanged, skipped, failed, retried },
    releases: { created: job.releaseCreated, updated: job.releaseUpdated, unchanged: job.releaseUnchanged },
    stock: { created: job.stockCreated, updated: job.stockUpdated, unchanged: job.stockUnchanged },
    progress: progressOf(job),
    unmapped: job.unmapped.map((text) => ({ ...text })),
    failure: job.failureCode === null ? null : { code: job.failureCode, message: job.failureMessage ?? '' },
    createdAt: job.createdAt.toISOString(),
    startedAt: instant(job.startedAt),
    finishedAt: instant(job.finishedAt),
    version: job.version,
  };
}

function optionsView({ options, maxFailed, maxFailedBps, onBudget }: JobRow): Record<string, unknown> {
  const { locationId } = options;
  return {
    ...options,
    locationId: locationId && formatId('location', locationId),
    errorBudget: { maxFailed, maxFailedBps, action: onBudget },
  };
}

/** The rate counts from the job's beginning: pauses make it lower, as they make the job longer. */
function progressOf(job: JobWithCounts): JobProgressView {
  const done = job.created + job.updated + job.unchanged + job.skipped + job.failed;
  const total = job.totalRows;
  const elapsedMs = job.startedAt ? (job.finishedAt ?? job.now).getTime() - job.startedAt.getTime() : 0;
  const perMs = elapsedMs > 0 && done > 0 ? done / elapsedMs : null;
  const isRunning = job.state === 'running' && perMs !== null && total !== null;
  return {
    done,
    doneBps: total === null ? null : total === 0 ? 10_000 : Math.floor((done * 10_000) / total),
    recordsPerMinute: perMs === null ? null : Math.round(perMs * 60_000),
    estimatedEndAt: isRunning ? new Date(job.now.getTime() + Math.max(0, total - done) / perMs).toISOString() : null,
  };
}

/** What a store is told of an attempt that failed: what was thrown may name places of this machine and stands in the log. */
export function saidOfAttempt(error: string | null | undefined): string | null {
  return error ? 'The last attempt did not go through. It is repeated.' : null;
}

/** An instant as the API writes it. */
export function instant(at: Date | null): string | null {
  return at && at.toISOString();
}
