import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '#api-document';
import { CurrentActor, Requires } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { ListQueues, QueuesView } from './queries/list-queues.query.js';
import { ListWorkers, WorkersView } from './queries/list-workers.query.js';
import { GetStats, StatsView } from './queries/tenant-stats.query.js';

/** How much work a store has, and who does it. */
@ApiTags('Jobs')
@Controller()
export class StatsController {
  constructor(private readonly bus: Bus) {}

  /** Read job and record statistics. They count everything since the store was taken in. */
  @Get('stats')
  @Requires('job:read')
  getStats(@CurrentActor() actor: Actor): Promise<StatsView> {
    return this.bus.execute(new GetStats(actor));
  }

  /** List the workers that are alive. Each with what it does for you; other stores' work is not shown. */
  @Get('workers')
  @Requires('job:read')
  listWorkers(@CurrentActor() actor: Actor): Promise<WorkersView> {
    return this.bus.execute(new ListWorkers(actor));
  }

  /** List your queues. One for each kind of work. */
  @Get('queues')
  @Requires('job:read')
  listQueues(@CurrentActor() actor: Actor): Promise<QueuesView> {
    return this.bus.execute(new ListQueues(actor));
  }
}
