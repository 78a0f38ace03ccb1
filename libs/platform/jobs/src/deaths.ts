import { Inject, Injectable } from '@nestjs/common';
import { UnitOfWork } from '#platform/persistence';
import { type Death, TaskHandlers } from './task-handler.js';
import { type ClaimedTask, TaskStore } from './task-store.js';

/** Ends tasks that will not be done, together with what their kind wants on record about it. */
@Injectable()
export class Deaths {
  constructor(
    @Inject(TaskStore) private readonly store: TaskStore,
    @Inject(TaskHandlers) private readonly handlers: TaskHandlers,
    @Inject(UnitOfWork) private readonly work: UnitOfWork,
  ) {}

  /** Fails the task and calls its handler's `dead` in one transaction of its tenant. False when another holds the task now. */
  bury(task: ClaimedTask, death: Death): Promise<boolean> {
    return this.work.run({ tenantId: task.tenantId }, async (unit) => {
      if (!(await this.store.end(unit, task, death.error))) return false;
      await this.handlers.get(task.kind).handler.dead?.(unit, task, death);
      return true;
    });
  }
}
