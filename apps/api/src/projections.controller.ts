import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '#api-document';
import { ApiPage, CurrentActor, ListQuery, type ListRequest, type Page, PlatformRoute } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { ListParkedEvents, PARKED_EVENTS, ParkedEventView } from './list-parked-events.query.js';
import { ListProjections } from './list-projections.query.js';
import { OperateProjection } from './operate-projection.command.js';
import { ProjectionListView, ProjectionNameInput, ProjectionView } from './projections.views.js';

/** What follows events, for the platform's operator. */
@ApiTags('Platform: projections')
@PlatformRoute()
@Controller('platform/projections')
export class ProjectionsController {
  constructor(private readonly bus: Bus) {}

  /** List projections and reactions. Each with how far it is behind, and what it has parked. */
  @Get()
  async listProjections(@CurrentActor() actor: Actor): Promise<ProjectionListView> {
    return { data: await this.bus.execute(new ListProjections(actor)) };
  }

  /** Pause a projection or reaction. What readers see stands still until it is resumed. */
  @Post('pause')
  @HttpCode(200)
  pauseProjection(@CurrentActor() actor: Actor, @Body() { name }: ProjectionNameInput): Promise<ProjectionView> {
    return this.bus.execute(new OperateProjection(actor, name, 'pause'));
  }

  /** Resume a projection or reaction. It goes on where it was paused. */
  @Post('resume')
  @HttpCode(200)
  resumeProjection(@CurrentActor() actor: Actor, @Body() { name }: ProjectionNameInput): Promise<ProjectionView> {
    return this.bus.execute(new OperateProjection(actor, name, 'resume'));
  }

  /** Rebuild a projection from all events. Readers see the old one until the new one has caught up. */
  @Post('rebuild')
  @HttpCode(200)
  rebuildProjection(@CurrentActor() actor: Actor, @Body() { name }: ProjectionNameInput): Promise<ProjectionView> {
    return this.bus.execute(new OperateProjection(actor, name, 'rebuild'));
  }

  /** Replay the parked events of a projection or reaction. Each stream in order, until one still cannot be digested. */
  @Post('replay-parked')
  @HttpCode(200)
  replayParkedEvents(@CurrentActor() actor: Actor, @Body() { name }: ProjectionNameInput): Promise<ProjectionView> {
    return this.bus.execute(new OperateProjection(actor, name, 'replay'));
  }

  /** Turn a projection back to its earlier build. It goes on from where it was, and is shown when it has caught up. */
  @Post('roll-back')
  @HttpCode(200)
  rollBackProjection(@CurrentActor() actor: Actor, @Body() { name }: ProjectionNameInput): Promise<ProjectionView> {
    return this.bus.execute(new OperateProjection(actor, name, 'roll-back'));
  }

  /** Drop the earlier build of a projection. Its table is emptied; it cannot be turned back to any more. */
  @Post('drop-retired')
  @HttpCode(200)
  dropRetiredBuild(@CurrentActor() actor: Actor, @Body() { name }: ProjectionNameInput): Promise<ProjectionView> {
    return this.bus.execute(new OperateProjection(actor, name, 'drop-retired'));
  }

  /** List parked events. In the order of the feed, with the failure of the first of each stream. */
  @Get('parked-events')
  @ApiPage(ParkedEventView)
  listParkedEvents(
    @CurrentActor() actor: Actor,
    @ListQuery(PARKED_EVENTS) request: ListRequest,
  ): Promise<Page<ParkedEventView>> {
    return this.bus.execute(new ListParkedEvents(actor, request));
  }
}
