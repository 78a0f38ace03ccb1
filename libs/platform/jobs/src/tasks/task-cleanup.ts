import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { JOBS_SETTINGS, type JobsSettings } from '../options.js';
import { Scheduler } from '../scheduler.js';
import { type ITaskHandler, TaskHandler } from '../task-handler.js';
import type { TaskRun } from '../task-run.js';
import { deleteInBatches } from './delete-in-batches.js';

const KIND = 'jobs.task-cleanup';
const EVERY_MS = 60 * 60_000;
/** Somebody may still want to look into a failure. */
const FAILED_KEPT_TIMES = 4;
const OLD = `
  delete from jobs.task where (tenant_id, id) in (
    select tenant_id, id from jobs.task where state = $2 and finished_at < statement_timestamp() - $3 * interval '1 ms'
    order by finished_at limit $1 for update skip locked)`;

/** Removes finished tasks after the retention. */
@Injectable()
@TaskHandler({ kind: KIND })
export class TaskCleanup implements ITaskHandler, OnModuleInit {
  private readonly logger = new Logger('Jobs');

  constructor(
    @Inject(Scheduler) private readonly scheduler: Scheduler,
    @Inject(JOBS_SETTINGS) private readonly settings: JobsSettings,
  ) {}

  onModuleInit(): void {
    this.scheduler.schedule({ name: KIND, everyMs: EVERY_MS, kind: KIND });
  }

  async run(task: TaskRun): Promise<void> {
    const { retentionMs } = this.settings;
    const done = await deleteInBatches(task, OLD, ['done', retentionMs]);
    const failed = await deleteInBatches(task, OLD, ['failed', retentionMs * FAILED_KEPT_TIMES]);
    this.logger.log({ msg: 'old tasks removed', done, failed });
  }
}
