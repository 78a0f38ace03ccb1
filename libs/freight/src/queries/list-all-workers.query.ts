import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Instant } from '#platform/http';
import { WorkViews } from '#platform/jobs';
import type { Actor } from '#platform/kernel';

/** A worker process, for the operator. */
export class PlatformWorkerView {
  /** @example "worker-7d9f:23:1c0ffee1" */
  id!: string;
  /** @example 4 */
  slots!: number;
  /** @example 2 */
  busy!: number;
  /** @example 134217728 */
  rssBytes!: number;
  /**
   * How late its event loop was at worst since the beat before.
   * @example 13
   */
  loopLagMs!: number;
  draining!: boolean;
  @Instant()
  startedAt!: string;
  @Instant()
  heardAt!: string;
}

/** All workers that are alive. */
export class PlatformWorkersView {
  data!: PlatformWorkerView[];
}

/** The workers that are alive, for the operator. */
export class ListAllWorkers extends Query<PlatformWorkersView> {
  constructor(readonly actor: Actor) {
    super();
  }
}

@QueryHandler(ListAllWorkers)
export class ListAllWorkersHandler implements IQueryHandler<ListAllWorkers> {
  constructor(private readonly views: WorkViews) {}

  async execute(): Promise<PlatformWorkersView> {
    const workers = await this.views.workers();
    return {
      data: workers.map(({ id, slots, busy, rssBytes, loopLagMs, draining, startedAt, beatAt }) => ({
        ...{ id, slots, busy, rssBytes, loopLagMs, draining },
        startedAt: startedAt.toISOString(),
        heardAt: beatAt.toISOString(),
      })),
    };
  }
}
