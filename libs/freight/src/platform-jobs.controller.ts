import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiTags } from '#api-document';
import { ApiPage, CurrentActor, ListQuery, type ListRequest, type Page, PlatformRoute } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { SetWorkPause, SetWorkPauseInput, WorkPauseView } from './commands/set-work-pause.command.js';
import { ALL_JOBS, ListAllJobs, PlatformJobView } from './queries/list-all-jobs.query.js';
import { ListAllWorkers, PlatformWorkersView } from './queries/list-all-workers.query.js';
import { ListQueues, QueuesView } from './queries/list-queues.query.js';

/** The work of all stores, for the platform's operator. */
@ApiTags('Platform: jobs')
@PlatformRoute()
@Controller('platform')
export class PlatformJobsController {
  constructor(private readonly bus: Bus) {}

  /** List migration jobs of all stores. Without what quotes the stores' files: mappings, headers, words. */
  @Get('jobs')
  @ApiPage(PlatformJobView)
  listAllJobs(@CurrentActor() actor: Actor, @ListQuery(ALL_JOBS) request: ListRequest): Promise<Page<PlatformJobView>> {
    return this.bus.execute(new ListAllJobs(actor, request));
  }

  /** List the workers that are alive. Each with its slots, memory and how late its event loop is. */
  @Get('workers')
  listAllWorkers(@CurrentActor() actor: Actor): Promise<PlatformWorkersView> {
    return this.bus.execute(new ListAllWorkers(actor));
  }

  /** List the queues. One for each kind of work, of all stores together. */
  @Get('queues')
  listAllQueues(@CurrentActor() actor: Actor): Promise<QueuesView> {
    return this.bus.execute(new ListQueues(actor));
  }

  /** Stop or restart all work of all stores. What runs goes on; nothing new is begun while it is paused. */
  @Put('work-pause')
  setWorkPause(@CurrentActor() actor: Actor, @Body() input: SetWorkPauseInput): Promise<WorkPauseView> {
    return this.bus.execute(new SetWorkPause(actor, input));
  }
}
