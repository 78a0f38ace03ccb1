import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '#api-document';
import { ApiPage, CurrentActor, IdParam, ListQuery, type ListRequest, type Page, PlatformRoute } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { DiscardParkedCommand, DiscardParkedCommandInput } from './discard-parked-command.command.js';
import { ListParkedCommands, PARKED_COMMANDS, ParkedCommandView } from './list-parked-commands.query.js';
import { ReplayParkedCommand } from './replay-parked-command.command.js';

/** Commands that process managers and reactions have sent and that could not be carried out, for the platform's operator. */
@ApiTags('Platform: parked commands')
@PlatformRoute()
@Controller('platform/parked-commands')
export class ParkedCommandsController {
  constructor(private readonly bus: Bus) {}

  /** List parked commands. Those of all stores, the latest first. Their payload is the store's and is not shown. */
  @Get()
  @ApiPage(ParkedCommandView)
  listParkedCommands(
    @CurrentActor() actor: Actor,
    @ListQuery(PARKED_COMMANDS) request: ListRequest,
  ): Promise<Page<ParkedCommandView>> {
    return this.bus.execute(new ListParkedCommands(actor, request));
  }

  /** Replay a parked command. It is tried at once, and as often as a new one. The store's audit log tells of it. */
  @Post(':id/replay')
  @HttpCode(200)
  replayParkedCommand(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'parkedCommand') id: string,
  ): Promise<ParkedCommandView> {
    return this.bus.execute(new ReplayParkedCommand(actor, id));
  }

  /** Discard a parked command. What it was to do will never happen. The store's audit log tells of it, with the reason. */
  @Post(':id/discard')
  @HttpCode(200)
  discardParkedCommand(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'parkedCommand') id: string,
    @Body() input: DiscardParkedCommandInput,
  ): Promise<ParkedCommandView> {
    return this.bus.execute(new DiscardParkedCommand(actor, id, input));
  }
}
