import type { Unit, UnitOfWork } from '#platform/persistence';
import type { ClaimedTask, TaskStore } from './task-store.js';

/** One attempt at a task, as its handler sees it. */
export class TaskRun {
  readonly tenantId: string;
  /** Also the idempotency key towards others. */
  readonly id: string;
  readonly kind: string;
  /** As it was enqueued; parse it. */
  readonly payload: unknown;
  /** From 1. */
  readonly attempt: number;
  /** The job it is part of. */
  readonly parentId: string;

  constructor(
    private readonly claimed: ClaimedTask,
    /** Aborted when the task was taken away or the worker must leave: stop, the result would not count. */
    readonly signal: AbortSignal,
    private readonly work: UnitOfWork,
    private readonly store: TaskStore,
  ) {
    ({ tenantId: this.tenantId, id: this.id, kind: this.kind, payload: this.payload, attempt: this.attempt } = claimed);
    this.parentId = claimed.parentId;
  }

  /**
   * Runs `work` in a transaction of its own with the task's tenant set. It stays even when the task fails later, so a
   * repeated attempt must find it done; it commits only while this worker holds the task.
   */
  async step<T>(work: (unit: Unit) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    return this.work.run({ tenantId: this.tenantId }, async (unit) => {
      await this.store.name(unit, this.claimed);
      const result = await work(unit);
      await this.store.fence(unit, this.claimed);
      return result;
    });
  }
}
