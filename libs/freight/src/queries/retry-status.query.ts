import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { IdOf, Instant, notFound } from '#platform/http';
import { type WorkView, WorkViews } from '#platform/jobs';
import { type Actor, formatId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { instant, saidOfAttempt } from '../freight.views.js';
import { countsOf, findJob, WORK } from '../job-rows.js';

/** Waiting batches that are listed. */
const MOST_LISTED = 100;

/** A batch that waits for another attempt. */
export class WaitingRetryView {
  @IdOf('batch')
  batchId!: string;
  /** @example 2 */
  attempts!: number;
  @Instant({ nullable: true })
  nextAttemptAt!: string | null;
  /** @example "The last attempt did not go through. It is repeated." */
  error!: string | null;
}

/** What of a job is being tried again, and what could be. */
export class RetryStatusView {
  /** Batches that wait for another attempt, the next one first; at most 100. */
  waiting!: WaitingRetryView[];
  /**
   * Batches that gave up.
   * @example 0
   */
  deadBatches!: number;
  /**
   * Records whose latest attempt failed.
   * @example 4
   */
  failedRecords!: number;
  /**
   * Repetitions of records so far.
   * @example 0
   */
  retriedRecords!: number;
}

/** Where the repetitions of a job stand. @throws http.not_found */
export class GetRetryStatus extends Query<RetryStatusView> {
  constructor(
    readonly actor: Actor,
    readonly jobId: string,
  ) {
    super();
  }
}

@QueryHandler(GetRetryStatus)
export class GetRetryStatusHandler implements IQueryHandler<GetRetryStatus> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly views: WorkViews,
  ) {}

  async execute({ jobId }: GetRetryStatus): Promise<RetryStatusView> {
    const unit = this.work.current();
    if (!(await findJob(unit, jobId))) throw notFound();
    const waiting = await this.views.retrying({ parentId: jobId, kind: WORK.batch }, MOST_LISTED);
    const dead = await unit.row<{ count: number }>(
      `select count(*)::int as count from freight.batch where tenant_id = $1 and job_id = $2 and state = 'dead'`,
      [unit.tenantId, jobId],
    );
    const { failed, retried } = await countsOf(unit, jobId);
    return {
      waiting: waiting.map(waitingView),
      deadBatches: dead?.count ?? 0,
      failedRecords: failed,
      retriedRecords: retried,
    };
  }
}

function waitingView({ id, attempt, nextRunAt, error }: WorkView): WaitingRetryView {
  return {
    batchId: formatId('batch', id),
    attempts: attempt,
    nextAttemptAt: instant(nextRunAt),
    error: saidOfAttempt(error),
  };
}
