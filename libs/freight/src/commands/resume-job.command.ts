import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { IfMatchCondition } from '#platform/http';
import { WorkControl } from '#platform/jobs';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { isSpent } from '../domain/budget.js';
import { assertJobMay, resumed } from '../domain/job-lifecycle.js';
import { type JobView, jobView } from '../freight.views.js';
import { changeJob, countsOf, lockedJob, WORK } from '../job-rows.js';
import { jobWithCounts } from '../job-with-counts.js';

/** Lets a paused job go on. A job that its error budget paused goes on without one: somebody has looked. */
export class ResumeJob extends Command<JobView> {
  constructor(
    readonly actor: Actor,
    readonly jobId: string,
    readonly ifMatch?: IfMatchCondition,
  ) {
    super();
  }
}

@CommandHandler(ResumeJob)
export class ResumeJobHandler implements ICommandHandler<ResumeJob> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly control: WorkControl,
  ) {}

  async execute({ jobId, ifMatch }: ResumeJob): Promise<JobView> {
    const unit = this.work.current();
    const job = await lockedJob(unit, jobId, ifMatch);
    assertJobMay(job.state, 'resume');
    const { failed } = await countsOf(unit, jobId);
    if (isSpent(job, failed, job.totalRows ?? 0)) {
      await unit.run(`update freight.job set on_budget = 'continue' where tenant_id = $1 and id = $2`, [
        unit.tenantId,
        jobId,
      ]);
    }
    await this.control.release({ parentId: jobId, kind: WORK.batch });
    await changeJob(unit, jobId, { state: resumed(job.phase) });
    return jobView(await jobWithCounts(unit, jobId));
  }
}
