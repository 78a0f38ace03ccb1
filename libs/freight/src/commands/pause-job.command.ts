import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { IfMatchCondition } from '#platform/http';
import { WorkControl } from '#platform/jobs';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { assertJobMay } from '../domain/job-lifecycle.js';
import { type JobView, jobView } from '../freight.views.js';
import { changeJob, lockedJob, WORK } from '../job-rows.js';
import { jobWithCounts } from '../job-with-counts.js';

/** Begins no further batch of a job until it is resumed; batches under way end. */
export class PauseJob extends Command<JobView> {
  constructor(
    readonly actor: Actor,
    readonly jobId: string,
    readonly ifMatch?: IfMatchCondition,
  ) {
    super();
  }
}

@CommandHandler(PauseJob)
export class PauseJobHandler implements ICommandHandler<PauseJob> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly control: WorkControl,
  ) {}

  async execute({ jobId, ifMatch }: PauseJob): Promise<JobView> {
    const unit = this.work.current();
    const job = await lockedJob(unit, jobId, ifMatch);
    assertJobMay(job.state, 'pause');
    await this.control.hold({ parentId: jobId, kind: WORK.batch });
    await changeJob(unit, jobId, { state: 'paused' });
    return jobView(await jobWithCounts(unit, jobId));
  }
}
