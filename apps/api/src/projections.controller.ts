import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, PlatformRoute } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
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
}
