import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { PinUpload } from '#libs/files';
import type { IfMatchCondition } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus, UnitOfWork } from '#platform/persistence';
import { findBatch, rowsOf } from '../batch-rows.js';
import { freightErrors } from '../domain/freight.errors.js';
import { type JobView, jobView } from '../freight.views.js';
import { lockedJob } from '../job-rows.js';
import { jobWithCounts } from '../job-with-counts.js';
import { closeDeadLetter, openDeadLetter } from '../open-dead-letter.js';
import { Retries } from '../retries.js';

/** Tries a dead letter's record, or its whole batch, again. It is open anew if that fails too. */
export class RequeueDeadLetter extends Command<JobView> {
  constructor(
    readonly actor: Actor,
    readonly id: string,
    readonly ifMatch?: IfMatchCondition,
  ) {
    super();
  }
}

@CommandHandler(RequeueDeadLetter)
export class RequeueDeadLetterHandler implements ICommandHandler<RequeueDeadLetter> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly bus: Bus,
    private readonly retries: Retries,
  ) {}

  async execute({ actor, id, ifMatch }: RequeueDeadLetter): Promise<JobView> {
    const unit = this.work.current();
    const letter = await openDeadLetter(unit, id, ifMatch);
    const job = await lockedJob(unit, letter.jobId);
    const batch = await findBatch(unit, letter.batchId);
    if (!batch) throw new Error('a dead letter has its batch');
    const rows = letter.rowNo === null ? rowsOf(batch) : [letter.rowNo];
    const begun = await this.retries.failedRecords(unit, job, { rows });
    if (begun.batches === 0) throw freightErrors.nothing_to_retry('Its records have been tried again already.');
    await closeDeadLetter(unit, id, { state: 'requeued', actor });
    await this.bus.execute(new PinUpload(actor, job.uploadId, `job:${job.id}`));
    await this.retries.reopen(unit, job);
    return jobView(await jobWithCounts(unit, job.id));
  }
}
