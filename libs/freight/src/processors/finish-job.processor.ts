import { Inject, Injectable, Logger } from '@nestjs/common';
import { UnpinUpload } from '#libs/files';
import {
  type ClaimedTask,
  type Death,
  type ITaskHandler,
  type Pause,
  type TaskEffect,
  TaskHandler,
  type TaskRun,
  Tasks,
  TooEarly,
} from '#platform/jobs';
import { systemActor } from '#platform/kernel';
import { Bus, type Unit } from '#platform/persistence';
import { endOf, isOver } from '../domain/job-lifecycle.js';
import { freightMetrics } from '../freight.metrics.js';
import { changeJob, countsOf, FINISH_LOOK_MS, findJob, lockedJob, WORK } from '../job-rows.js';
import { classOfError } from './class-of-error.js';
import { JobProgress } from './job-progress.js';
import { CODES } from '../domain/codes.js';

/** After a database that was away. */
const AGAIN_AFTER_MS = 500;

/** Ends a job whose batches are over, and only if every record has one outcome and its line in the log. */
@Injectable()
@TaskHandler({ kind: WORK.finish })
export class FinishJob implements ITaskHandler {
  private readonly logger = new Logger('Freight');

  constructor(
    @Inject(JobProgress) private readonly progress: JobProgress,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Tasks) private readonly tasks: Tasks,
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

  /** That the database was away says nothing about the job: its end is looked for until it is found. */
  judge(_task: ClaimedTask, error: unknown): Promise<Pause | undefined> {
    const isPassing = classOfError(error) === 'transient';
    return Promise.resolve(isPassing ? { afterMs: AGAIN_AFTER_MS, counts: false } : undefined);
  }

  /** Workers that died beside it say nothing either: it reads no record. Only a defect of ours fails the job. */
  async dead(unit: Unit, task: ClaimedTask, { cause }: Death): Promise<void> {
    if (cause === undefined) return this.beginAnew(unit, task);
    const failure = {
      code: CODES.finishingFailed,
      message: 'The job could not be closed; its records are as the log says.',
    };
    await changeJob(unit, task.parentId, { state: 'failed', phase: 'done', failure, finished: true });
  }

  private async beginAnew(unit: Unit, { id, parentId }: ClaimedTask): Promise<void> {
    const { tenantId } = unit;
    await this.tasks.enqueue({
      tenantId,
      kind: WORK.finish,
      parentId,
      priority: 'interactive',
      key: `${parentId}:${id}`,
    });
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
