import { Inject, Injectable } from '@nestjs/common';
import { WorkControl } from '#platform/jobs';
import type { Unit } from '#platform/persistence';
import { WORK } from './job-rows.js';

/** Stops what a job has not begun. */
@Injectable()
export class JobStops {
  constructor(@Inject(WorkControl) private readonly control: WorkControl) {}

  /** Cancels the batches of a job that no worker has begun. */
  async cancelWaiting(unit: Unit, jobId: string): Promise<void> {
    const ids = await this.control.cancel({ parentId: jobId, kind: WORK.batch });
    await unit.run(
      `update freight.batch set state = 'cancelled', finished_at = clock_timestamp()
       where tenant_id = $1 and id = any($2) and state = 'waiting'`,
      [unit.tenantId, ids],
    );
  }
}
