import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { PinUpload } from '#libs/files';
import { notFound } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus, UnitOfWork } from '#platform/persistence';
import { findBatch, rowsOf } from '../batch-rows.js';
import { freightErrors } from '../domain/freight.errors.js';
import { type JobView, jobView } from '../freight.views.js';
import { lockedJob } from '../job-rows.js';
import { jobWithCounts } from '../job-with-counts.js';
import { Retries } from '../retries.js';

/** Tries the failed records of one batch again, in a new batch. */
export class RetryBatch extends Command<JobView> {
  constructor(
    readonly actor: Actor,
    readonly batchId: string,
  ) {
    super();
  }
}

@CommandHandler(RetryBatch)
export class RetryBatchHandler implements ICommandHandler<RetryBatch> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly bus: Bus,
    private readonly retries: Retries,
  ) {}

  async execute({ actor, batchId }: RetryBatch): Promise<JobView> {
    const unit = this.work.current();
    const batch = await findBatch(unit, batchId);
    if (!batch) throw notFound();
    if (batch.state !== 'dead' && batch.state !== 'done_with_failures') {
      const text = `The batch is ${batch.state}: it has nothing to try again.`;
      throw freightErrors.batch_transition(text, { currentState: batch.state });
    }
    const job = await lockedJob(unit, batch.jobId);
    const begun = await this.retries.failedRecords(unit, job, { rows: rowsOf(batch) });
    if (begun.batches === 0) throw freightErrors.nothing_to_retry('Its records have been tried again already.');
    await this.bus.execute(new PinUpload(actor, job.uploadId, `job:${job.id}`));
    await this.retries.reopen(unit, job);
    return jobView(await jobWithCounts(unit, job.id));
  }
}
