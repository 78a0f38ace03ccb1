import { Inject, Injectable } from '@nestjs/common';
import { WorkControl } from '#platform/jobs';
import { type Unit, UnitOfWork } from '#platform/persistence';
import { isSpent } from '../domain/budget.js';
import { changeJob, countsOf, type JobRow, lockedJob, WORK } from '../job-rows.js';
import { JobStops } from '../job-stops.js';
import { CODES } from '../domain/codes.js';

/** Fewer open batches than this: the end may be near, and is looked for. */
const NEARLY_OVER = 16;

/** What the end of a batch means for its job: a spent error budget, or the job's own end. */
@Injectable()
export class JobProgress {
  constructor(
    @Inject(UnitOfWork) private readonly work: UnitOfWork,
    @Inject(WorkControl) private readonly control: WorkControl,
    @Inject(JobStops) private readonly stops: JobStops,
  ) {}

  /** In the unit in which a batch ends, after its counts were added. */
  async batchIsOver(unit: Unit, job: JobRow, hasFailures: boolean): Promise<void> {
    if (hasFailures) await this.checkBudget(unit, job.id);
    if ((await this.open(unit, job.id, NEARLY_OVER)) >= NEARLY_OVER) return;
    const { tenantId } = job;
    unit.afterCommit(() => this.work.run({ tenantId }, (next) => this.finishIfOver(next, job.id)));
  }

  /** Stops a job whose failures have passed its bound, as it asked for. */
  async checkBudget(unit: Unit, jobId: string): Promise<void> {
    const job = await lockedJob(unit, jobId);
    const { failed } = await countsOf(unit, jobId);
    if (job.state !== 'running' || job.totalRows === null || !isSpent(job, failed, job.totalRows)) return;
    const units = { parentId: jobId, kind: WORK.batch };
    if (job.onBudget === 'pause') {
      await this.control.hold(units);
      await changeJob(unit, jobId, { state: 'paused' });
      return;
    }
    await this.stops.cancelWaiting(unit, jobId);
    const message = `${failed} of ${job.totalRows} records had failed when the job was stopped.`;
    await changeJob(unit, jobId, { state: 'cancelling', failure: { code: CODES.budgetExceeded, message } });
  }

  /** How many batches of the job are not over, counted up to a number. */
  async open(unit: Unit, jobId: string, upTo: number): Promise<number> {
    const [row] = await unit.prepared<{ open: number }>(
      'freight_open',
      `select count(*)::int as open from (
         select from freight.batch where tenant_id = $1 and job_id = $2 and state = 'waiting' limit $3) counted`,
      [unit.tenantId, jobId, upTo],
    );
    return row?.open ?? 0;
  }

  /** Wakes the job's finisher, which would look by itself a little later. */
  private async finishIfOver(unit: Unit, jobId: string): Promise<void> {
    if ((await this.open(unit, jobId, 1)) > 0) return;
    await this.control.wakeAll({ parentId: jobId, kind: WORK.finish });
  }
}
