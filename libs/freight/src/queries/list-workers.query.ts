import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { createHash } from 'node:crypto';
import { Instant } from '#platform/http';
import { type WorkerView, WorkViews } from '#platform/jobs';
import type { Actor } from '#platform/kernel';

/** A worker process that is alive. */
export class WorkerShareView {
  /**
   * Names the process for as long as it lives, and says nothing of where it runs.
   * @example "5b1f0c3a9e77"
   */
  id!: string;
  state!: 'working' | 'draining';
  /**
   * Units of your work it has under way; for the operator those of all stores.
   * @example 2
   */
  running!: number;
  @Instant()
  startedAt!: string;
  @Instant()
  heardAt!: string;
}

/** The workers, for a store. */
export class WorkersView {
  data!: WorkerShareView[];
}

/** The workers that are alive, with what each does for the one who asks. */
export class ListWorkers extends Query<WorkersView> {
  constructor(readonly actor: Actor) {
    super();
  }
}

@QueryHandler(ListWorkers)
export class ListWorkersHandler implements IQueryHandler<ListWorkers> {
  constructor(private readonly views: WorkViews) {}

  async execute(): Promise<WorkersView> {
    return { data: (await this.views.workers()).map(workerView) };
  }
}

/** Host and process number are the operator's matter. */
function workerView({ id, draining, running, startedAt, beatAt }: WorkerView): WorkerShareView {
  return {
    id: createHash('sha256').update(id).digest('hex').slice(0, 12),
    state: draining ? 'draining' : 'working',
    running,
    startedAt: startedAt.toISOString(),
    heardAt: beatAt.toISOString(),
  };
}
