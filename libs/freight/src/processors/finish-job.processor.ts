import { Inject, Injectable, Logger } from '@nestjs/common';
import { UnpinUpload } from '#libs/files';
import {
  type ClaimedTask,
  type ITaskHandler,
  type TaskEffect,
  TaskHandler,
  type TaskRun,
  TooEarly,
} from '#platform/jobs';
import { systemActor } from '#platform/kernel';
import { Bus, type Unit } from '#platform/persistence';
import { endOf, isOver } from '../domain/job-lifecycle.js';
import { freightMetrics } from '../freight.metrics.js';
import { changeJob, countsOf, FINISH_LOOK_MS, findJob, lockedJob, WORK } from '../job-rows.js';
import { JobProgress } from './job-progress.js';
import { CODES } from '../domain/codes.js';

/** Ends a job whose batches are over, and only if every record has one outcome and its line in the log. */
@Injectable()
@TaskHandler({ kind: WORK.finish })
export class FinishJob implements ITaskHandler {
  private readonly logger = new Logger('Freight');

  constructor(
    @Inject(JobProgress) private readonly progress: JobProgress,
    @Inject(Bus) private readonly bus: Bus,
  ) {}

  async run(task: TaskRun): Promise<TaskEffect> {
    const open = await task.step(async (unit) => {
      const job = await findJob(unit, task.parentId);
      if (job && job.state !== 'paused') await this.progress.checkBudget(unit, task.parentId);
      return this.progress.open(unit, task.parentId, 1);
    });
    if (open > 0) throw new TooEarly(FINISH_LOOK_MS);
    return (unit) => this.finish(unit, task.parentId);
  }

  async dead(unit: Unit, task: ClaimedTask): Promise<void> {
    const failure = {
      code: CODES.finishingFailed,
      message: 'The job could not be closed; its records are as the log says.',
    };
    await changeJob(unit, task.parentId, { state: 'failed', phase: 'done', failure, finished: true });
  }

  private async finish(unit: Unit, jobId: string): Promise<void> {
    const job = await lockedJob(unit, jobId);
    if (isOver(job.state)) return;
    if ((await this.progress.open(unit, jobId, 1)) > 0) throw new TooEarly(FINISH_LOOK_MS);
    const sums = await unit.row<{ plannedRows: number; loggedRows: number }>(
      `select (select coalesce(sum(row_count), 0)::bigint from freight.batch
               where tenant_id = $1 and job_id = $2 and origin = 'plan') as "plannedRows",
              (select count(distinct row_no)::bigint from freight.record_log where tenant_id = $1 and job_id = $2) as "loggedRows"`,
      [unit.tenantId, jobId],
    );
    const end = endOf({
      state: job.state,
      failureCode: job.failureCode,
      counts: await countsOf(unit, jobId),
      totalRows: job.totalRows ?? 0,
      plannedRows: sums?.plannedRows ?? 0,
      loggedRows: sums?.loggedRows ?? 0,
    });
    const failure =
      end.state === 'failed' && end.code !== undefined
        ? { code: end.code, message: end.message ?? end.code }
        : undefined;
    await changeJob(unit, jobId, { state: end.state, phase: 'done', finished: true, ...(failure && { failure }) });
    await this.bus.execute(new UnpinUpload(systemActor(unit.tenantId, 'freight'), job.uploadId, `job:${jobId}`));
    unit.afterCommit(() => {
      freightMetrics.jobs.inc({ state: end.state });
      if (!failure) return;
      freightMetrics.mismatches.inc();
      this.logger.error({
        msg: 'the records of a job do not add up',
        tenantId: job.tenantId,
        jobId,
        what: failure.message,
      });
    });
  }
}
