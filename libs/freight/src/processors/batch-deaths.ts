import { Inject, Injectable } from '@nestjs/common';
import { type ClaimedTask, type Death, MOST_LOSSES, Tasks } from '#platform/jobs';
import type { Unit } from '#platform/persistence';
import { addBatches, type BatchRow, findBatch, rowsOf } from '../batch-rows.js';
import type { FailureClass } from '../domain/failure-class.js';
import { partsOf } from '../domain/parts.js';
import type { Reason } from '../domain/record-outcome.js';
import { freightMetrics } from '../freight.metrics.js';
import { addCounts, findJob, type JobRow } from '../job-rows.js';
import { appendFailures } from '../record-log.js';
import { SourceRefused } from '../sources/source-refused.js';
import { DeadLetters } from './dead-letters.js';
import { JobProgress } from './job-progress.js';
import { CODES } from '../domain/codes.js';

/** A part of a batch that cost workers ends as poison at its first loss, so that three rounds find the row. */
const LOSSES_OF_PARTS = MOST_LOSSES - 1;

/** What happens to a batch that will not be done as it is. All in the transaction that ends its unit of work. */
@Injectable()
export class BatchDeaths {
  constructor(
    @Inject(Tasks) private readonly tasks: Tasks,
    @Inject(DeadLetters) private readonly deadLetters: DeadLetters,
    @Inject(JobProgress) private readonly progress: JobProgress,
  ) {}

  /** Splits a batch that kills its workers; any other, and one that cannot be split, leaves a failure for each of its rows. */
  async bury(unit: Unit, task: ClaimedTask, death: Death & { readonly class: FailureClass }): Promise<void> {
    const batch = await findBatch(unit, task.id);
    const job = await findJob(unit, task.parentId);
    if (!batch || !job || batch.state !== 'waiting') return;
    freightMetrics.batches.inc({ class: death.class });
    if (death.reason === 'poison' && rowsOf(batch).length > 1) return this.split(unit, job, batch);
    const reason = reasonOf(death);
    const { jobId, no: batchNo, recordAttempt: attempt } = batch;
    const rows = rowsOf(batch);
    await this.end(unit, batch, { state: 'dead', reason, failed: rows.length });
    await appendFailures(unit, { jobId, batchNo, attempt }, rows, reason);
    const isRepetition = attempt > 1;
    await addCounts(unit, { jobId, batchNo }, isRepetition ? { retried: rows.length } : { failed: rows.length });
    const rowNo = rows.length === 1 ? (rows[0] ?? null) : null;
    await this.deadLetters.add(unit, batch, { rowNo, reason, raw: null });
    await this.progress.batchIsOver(unit, job, true);
  }

  private async split(unit: Unit, job: JobRow, batch: BatchRow): Promise<void> {
    const reason: Reason = {
      class: 'poison_batch',
      code: CODES.split,
      message: 'It kept costing workers and was split.',
    };
    await this.end(unit, batch, { state: 'split', reason, failed: 0 });
    const batches = partsOf(rowsOf(batch)).map((rows) => ({
      ...batch,
      origin: 'part' as const,
      rows,
      rowCount: rows.length,
      rowFrom: batch.rowFrom,
    }));
    const order = { jobId: job.id, priority: job.priority, held: job.state === 'paused', losses: LOSSES_OF_PARTS };
    await addBatches(unit, this.tasks, { order, batches });
  }

  private async end(
    unit: Unit,
    { id }: BatchRow,
    { state, reason, failed }: { state: 'dead' | 'split'; reason: Reason; failed: number },
  ): Promise<void> {
    await unit.run(
      `update freight.batch set state = $3, error_class = $4, error_code = $5, error = $6, failed = $7, finished_at = clock_timestamp()
       where tenant_id = $1 and id = $2`,
      [unit.tenantId, id, state, reason.class, reason.code, reason.message.slice(0, 500), failed],
    );
  }
}

/** What a store is told of a batch that gave up: what was thrown may name places of this machine and stands in the log. */
const GAVE_UP: Partial<Record<FailureClass, string>> = {
  transient: 'What it needs was not available at any of its attempts. Retry it later.',
  rate_limited: 'It was told to wait at every attempt. Retry it later.',
  permanent: 'The database refuses it. Look at its records.',
};
const OUR_FAULT = 'Something of ours went wrong at every attempt. Retry it later; if it stays so, tell us its id.';

function reasonOf({ reason, class: failure, cause }: Death & { readonly class: FailureClass }): Reason {
  if (reason === 'poison') {
    return {
      class: failure,
      code: CODES.killsWorkers,
      message: 'Every worker that took the record on died or froze over it.',
    };
  }
  if (cause instanceof SourceRefused) return { class: failure, code: cause.code, message: cause.message };
  return { class: failure, code: CODES.batchDead, message: `The batch gave up. ${GAVE_UP[failure] ?? OUR_FAULT}` };
}
