import { Inject, Injectable } from '@nestjs/common';
import { Tasks, WorkControl } from '#platform/jobs';
import type { Unit } from '#platform/persistence';
import { addBatches, type BatchRow, BATCH_COLUMNS } from './batch-rows.js';
import type { FailureClass } from './domain/failure-class.js';
import { FAILURE_CLASSES } from './domain/failure-class.js';
import { changeJob, FINISH_LOOK_MS, type JobRow, WORK } from './job-rows.js';
import { outcomeNo } from './record-log.js';

/** Which failed records to try again; nothing given: all. */
export interface RetryOf {
  readonly classes?: readonly FailureClass[] | undefined;
  readonly codes?: readonly string[] | undefined;
  readonly rows?: readonly number[] | undefined;
}

/** What was begun again. */
export interface Begun {
  readonly batches: number;
  readonly records: number;
}

/** Begins anew what failed: each record once more, as a further attempt in its log. */
@Injectable()
export class Retries {
  constructor(
    @Inject(Tasks) private readonly tasks: Tasks,
    @Inject(WorkControl) private readonly control: WorkControl,
  ) {}

  /**
   * New batches for the failed records, one per batch and attempt in which they failed last; a batch that gave up is not told apart
   * from others: its rows have failed.
   */
  async failedRecords(unit: Unit, job: JobRow, only: RetryOf): Promise<Begun> {
    const groups = await unit.rows<BatchRow & { failedRows: number[]; lastAttempt: number } & Record<string, unknown>>(
      FAILED_BY_BATCH,
      [
        unit.tenantId,
        job.id,
        outcomeNo('failed'),
        only.classes ? only.classes.map((name) => FAILURE_CLASSES.indexOf(name) + 1) : null,
        only.codes ?? null,
        only.rows ?? null,
      ],
    );
    const batches = groups.map(({ failedRows, lastAttempt, rowFrom, byteFrom, byteTo, lineFrom, occurrences }) => ({
      origin: 'retry' as const,
      ...{ rowFrom, byteFrom, byteTo, lineFrom, occurrences },
      rows: failedRows,
      rowCount: failedRows.length,
      recordAttempt: lastAttempt + 1,
    }));
    await addBatches(unit, this.tasks, {
      order: { jobId: job.id, priority: job.priority, held: false, losses: 0 },
      batches,
    });
    return { batches: batches.length, records: batches.reduce((sum, { rowCount }) => sum + rowCount, 0) };
  }

  /** Batches that were cancelled before they began are begun after all. */
  async cancelledBatches(unit: Unit, job: JobRow): Promise<Begun> {
    const rows = await unit.rows<{ id: string; rowCount: number }>(
      `update freight.batch set state = 'waiting', finished_at = null
       where tenant_id = $1 and job_id = $2 and state = 'cancelled' returning id, row_count as "rowCount"`,
      [unit.tenantId, job.id],
    );
    await this.control.revive(rows.map(({ id }) => id));
    return { batches: rows.length, records: rows.reduce((sum, { rowCount }) => sum + rowCount, 0) };
  }

  /** The job runs again, and somebody will end it. A job that still runs goes on as it is. */
  async reopen(unit: Unit, job: JobRow): Promise<void> {
    if (job.phase !== 'done') return;
    await changeJob(unit, job.id, { state: 'running', phase: 'records', failure: null, finished: false });
    await this.tasks.enqueue({
      tenantId: unit.tenantId,
      kind: WORK.finish,
      parentId: job.id,
      priority: 'interactive',
      runAt: new Date(Date.now() + FINISH_LOOK_MS),
    });
  }
}

/** The latest line of a row counts; a row whose repetition is under way has not failed yet again. */
const FAILED_BY_BATCH = `
  with failed as (
    select l.batch_no, l.attempt, array_agg(l.row_no::float8 order by l.row_no) as rows
    from freight.record_log l
    where l.tenant_id = $1 and l.job_id = $2 and l.outcome = $3
      and ($4::smallint[] is null or l.class = any($4)) and ($5::text[] is null or l.code = any($5))
      and ($6::bigint[] is null or l.row_no = any($6))
      and not exists (select from freight.record_log later where later.tenant_id = l.tenant_id and later.job_id = l.job_id
        and later.row_no = l.row_no and later.attempt > l.attempt)
      and not exists (select from freight.batch w where w.tenant_id = l.tenant_id and w.job_id = l.job_id and w.state = 'waiting'
        and l.row_no = any(w.rows))
    group by l.batch_no, l.attempt)
  select ${BATCH_COLUMNS}, failed.rows as "failedRows", failed.attempt as "lastAttempt"
  from failed join freight.batch b on b.tenant_id = $1 and b.job_id = $2 and b.no = failed.batch_no order by b.no`;
