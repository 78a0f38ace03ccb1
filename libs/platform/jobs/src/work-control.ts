import { Inject, Injectable } from '@nestjs/common';
import { UnitOfWork } from '#platform/persistence';
import { Tasks } from './tasks.js';

const LANE = 'case when attempts > 0 then 0 else priority + 1 end';
const OPEN_UNITS = `tenant_id = $1 and parent_id = $2 and finished_at is null and kind = $3`;

/** Units of work of one kind that belong to one job. */
export interface UnitsOf {
  readonly parentId: string;
  readonly kind: string;
}

/**
 * Steers the work of a job, in the open unit and for its tenant. What a worker has begun goes on; everything else obeys at the
 * commit, also what was handed over and waits in the queue.
 */
@Injectable()
export class WorkControl {
  constructor(
    @Inject(UnitOfWork) private readonly work: UnitOfWork,
    @Inject(Tasks) private readonly tasks: Tasks,
  ) {}

  /** Nothing of it is begun until it is released. */
  hold({ parentId, kind }: UnitsOf): Promise<number> {
    return this.run(
      `update jobs.task set held = true, lane = null, dispatched_at = null where ${OPEN_UNITS} and state = 'pending' and not held`,
      [parentId, kind],
    );
  }

  /** Ends a hold. */
  async release({ parentId, kind }: UnitsOf): Promise<number> {
    const released = await this.run(
      `update jobs.task set held = false, lane = case when run_at <= clock_timestamp() then ${LANE} end
       where ${OPEN_UNITS} and state = 'pending' and held`,
      [parentId, kind],
    );
    this.tasks.announce();
    return released;
  }

  /** Cancels what has not been begun. @returns the ids */
  async cancel({ parentId, kind }: UnitsOf): Promise<string[]> {
    const unit = this.work.current();
    const rows = await unit.rows<{ id: string }>(
      `update jobs.task set state = 'cancelled', finished_at = clock_timestamp(), lane = null
       where ${OPEN_UNITS} and state = 'pending' returning id`,
      [unit.tenantId, parentId, kind],
    );
    return rows.map(({ id }) => id);
  }

  /** Failed and cancelled work begins anew, with all its attempts. */
  async revive(ids: readonly string[]): Promise<number> {
    const revived = await this.run(
      `update jobs.task set state = 'pending', finished_at = null, attempts = 0, losses = 0, error = null, dispatched_at = null,
         held = false, run_at = clock_timestamp(), lane = priority + 1
       where tenant_id = $1 and id = any($2) and state in ('failed', 'cancelled')`,
      [ids],
    );
    this.tasks.announce();
    return revived;
  }

  /** Work of it that waits for its time or its next attempt is due now. */
  async wakeAll({ parentId, kind }: UnitsOf): Promise<number> {
    const woken = await this.run(
      `update jobs.task set run_at = clock_timestamp(), lane = ${LANE}
       where ${OPEN_UNITS} and state = 'pending' and lane is null and not held and dispatched_at is null`,
      [parentId, kind],
    );
    this.tasks.announce();
    return woken;
  }

  private run(sql: string, values: readonly unknown[]): Promise<number> {
    const unit = this.work.current();
    return unit.run(sql, [unit.tenantId, ...values]);
  }
}
