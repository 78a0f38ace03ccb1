import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { WorkViews } from '#platform/jobs';
import type { Actor } from '#platform/kernel';

/** How much work there is of a kind; numbers are counted up to 100,000. */
export class QueueShareView {
  /** @example "freight.batch" */
  kind!: string;
  /** @example 0 */
  held!: number;
  /**
   * Due, and not handed over.
   * @example 12
   */
  ready!: number;
  /**
   * Waits for its time or its next attempt.
   * @example 1
   */
  delayed!: number;
  /**
   * Handed over, and not begun.
   * @example 4
   */
  queued!: number;
  /** @example 4 */
  running!: number;
  /**
   * Gave up, and is still kept.
   * @example 0
   */
  failed!: number;
  /**
   * How long the oldest due work has waited.
   * @example 400
   */
  oldestReadyMs!: number;
}

/** The queues of a store; for the operator those of all stores. */
export class QueuesView {
  data!: QueueShareView[];
}

/** How much work there is, by kind, for the one who asks. */
export class ListQueues extends Query<QueuesView> {
  constructor(readonly actor: Actor) {
    super();
  }
}

@QueryHandler(ListQueues)
export class ListQueuesHandler implements IQueryHandler<ListQueues> {
  constructor(private readonly views: WorkViews) {}

  async execute(): Promise<QueuesView> {
    return { data: await this.views.queues() };
  }
}
