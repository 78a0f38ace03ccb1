import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { JOBS_SETTINGS, type JobsSettings } from '../options.js';
import { Scheduler } from '../scheduler.js';
import { type ITaskHandler, TaskHandler } from '../task-handler.js';
import type { TaskRun } from '../task-run.js';
import { deleteInBatches } from './delete-in-batches.js';

const KIND = 'http.idempotency-cleanup';
const EXPIRED = `
  delete from http.idempotency where (tenant_id, scope) in (
    select tenant_id, scope from http.idempotency where expires_at <= statement_timestamp()
    order by expires_at limit $1)`;

/** Removes answers kept for repeated requests once they have expired, of all tenants. */
@Injectable()
@TaskHandler({ kind: KIND })
export class IdempotencyCleanup implements ITaskHandler, OnModuleInit {
  private readonly logger = new Logger('Jobs');

  constructor(
    @Inject(Scheduler) private readonly scheduler: Scheduler,
    @Inject(JOBS_SETTINGS) private readonly settings: JobsSettings,
  ) {}

  onModuleInit(): void {
    this.scheduler.schedule({ name: KIND, everyMs: this.settings.idempotencyCleanupEveryMs, kind: KIND });
  }

  async run(task: TaskRun): Promise<void> {
    const removed = await deleteInBatches(task, EXPIRED);
    this.logger.log({ msg: 'expired idempotency rows removed', removed });
  }
}
