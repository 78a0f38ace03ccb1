import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { IfMatchCondition } from '#platform/http';
import { WorkControl } from '#platform/jobs';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { assertJobMay } from '../domain/job-lifecycle.js';
import { type JobView, jobView } from '../freight.views.js';
import { changeJob, lockedJob, WORK } from '../job-rows.js';
import { jobWithCounts } from '../job-with-counts.js';
import { JobStops } from '../job-stops.js';

/** Stops a job for good. What is committed stays; batches under way end first. Cancelling again changes nothing. */
export class CancelJob extends Command<JobView> {
  constructor(
    readonly actor: Actor,
    readonly jobId: string,
    readonly ifMatch?: IfMatchCondition,
  ) {
    super();
  }
}

@CommandHandler(CancelJob)
export class CancelJobHandler implements ICommandHandler<CancelJob> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly control: WorkControl,
    private readonly stops: JobStops,
  ) {}

  async execute({ jobId, ifMatch }: CancelJob): Promise<JobView> {
    const unit = this.work.current();
    const job = await lockedJob(unit, jobId, ifMatch);
    if (job.state !== 'cancelling' && job.state !== 'cancelled') {
      assertJobMay(job.state, 'cancel');
      const planning = await this.control.cancel({ parentId: jobId, kind: WORK.plan });
      await this.stops.cancelWaiting(unit, jobId);
      // Nothing has been begun: nobody else will end the job.
      const isOver = planning.length > 0;
      await changeJob(
        unit,
        jobId,
        isOver ? { state: 'cancelled', phase: 'done', finished: true } : { state: 'cancelling' },
      );
      await this.control.wakeAll({ parentId: jobId, kind: WORK.finish });
    }
    return jobView(await jobWithCounts(unit, jobId));
  }
}
