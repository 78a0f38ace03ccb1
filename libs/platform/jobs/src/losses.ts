import { Inject, Injectable, Logger } from '@nestjs/common';
import { Deaths } from './deaths.js';
import { jobsMetrics } from './jobs.metrics.js';
import { TaskHandlers } from './task-handler.js';
import { MOST_LOSSES, TaskStore } from './task-store.js';

/** Takes work away from workers that died or froze: it is repeated, or ended when it keeps costing workers. */
@Injectable()
export class Losses {
  private readonly logger = new Logger('Jobs');

  constructor(
    @Inject(TaskStore) private readonly store: TaskStore,
    @Inject(TaskHandlers) private readonly handlers: TaskHandlers,
    @Inject(Deaths) private readonly deaths: Deaths,
  ) {}

  /** Looks for leases that have run out. */
  async sweep(): Promise<void> {
    const back = await this.store.takeBack();
    for (const { kind } of back) {
      jobsMetrics.lost.inc({ kind, state: 'pending' });
      this.logger.warn({ msg: 'took a task from a worker that died or froze', kind, state: 'pending' });
    }
    if (back.length > 0) await this.store.cutOff(back.map(({ leaseToken }) => leaseToken));
    for (const task of await this.store.lostForGood(this.handlers.kinds)) {
      const { kind, attempt, losses, owner } = task;
      const error = `worker ${owner} died or froze in attempt ${attempt}`;
      const reason = losses + 1 >= MOST_LOSSES ? 'poison' : 'exhausted';
      if (!(await this.deaths.bury(task, { reason, error }))) continue;
      jobsMetrics.lost.inc({ kind, state: 'failed' });
      this.logger.error({
        msg: 'a task ended with its workers',
        kind,
        tenantId: task.tenantId,
        taskId: task.id,
        reason,
      });
    }
  }
}
