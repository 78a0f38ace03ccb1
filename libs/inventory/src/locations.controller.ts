import { Body, Controller, Get, HttpCode, Patch, Post, Res } from '@nestjs/common';
import { ApiTags } from '#api-document';
import {
  API_PREFIX,
  ApiPage,
  type ApiReply,
  CurrentActor,
  IdParam,
  IfMatch,
  type IfMatchCondition,
  ListQuery,
  type ListRequest,
  type Page,
  ReadsProjection,
  Requires,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { CloseLocation } from './commands/close-location.command.js';
import { CreateLocation, CreateLocationInput } from './commands/create-location.command.js';
import { RenameLocation, RenameLocationInput } from './commands/rename-location.command.js';
import { LocationView } from './location.views.js';
import { MOVEMENTS, MovementView } from './movement.views.js';
import { ListLocationMovements } from './queries/list-location-movements.query.js';
import { GetLocation } from './queries/get-location.query.js';
import { ListLocations, LOCATION_LIST } from './queries/list-locations.query.js';

/** Places with stock. */
@ApiTags('Locations')
@Controller('inventory/locations')
export class LocationsController {
  constructor(private readonly bus: Bus) {}

  /** Create a location. Its name is unique among the open ones. */
  @Post()
  @Requires('stock:write')
  async createLocation(
    @CurrentActor() actor: Actor,
    @Body() input: CreateLocationInput,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<LocationView> {
    const location = await this.bus.execute(new CreateLocation(actor, input));
    reply.header('location', `/${API_PREFIX}/inventory/locations/${location.id}`);
    return location;
  }

  /** List locations. Closed ones are listed too. */
  @Get()
  @Requires('stock:read')
  @ApiPage(LocationView)
  listLocations(
    @CurrentActor() actor: Actor,
    @ListQuery(LOCATION_LIST) request: ListRequest,
  ): Promise<Page<LocationView>> {
    return this.bus.execute(new ListLocations(actor, request));
  }

  /** Read a location. The default one is there from the store's first day. */
  @Get(':id')
  @Requires('stock:read')
  getLocation(@CurrentActor() actor: Actor, @IdParam('id', 'location') id: string): Promise<LocationView> {
    return this.bus.execute(new GetLocation(actor, id));
  }

  /** Rename a location. Its id stays; the same name changes nothing. */
  @Patch(':id')
  @Requires('stock:write')
  renameLocation(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'location') id: string,
    @Body() input: RenameLocationInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<LocationView> {
    return this.bus.execute(new RenameLocation(actor, id, { input, ifMatch }));
  }

  /** List the movements of a location. Units that came and went, the latest first. */
  @Get(':id/movements')
  @Requires('stock:read')
  @ReadsProjection('inventory.movements')
  @ApiPage(MovementView)
  listLocationMovements(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'location') id: string,
    @ListQuery(MOVEMENTS) request: ListRequest,
  ): Promise<Page<MovementView>> {
    return this.bus.execute(new ListLocationMovements(actor, id, request));
  }

  /** Close a location. It must be empty; nothing can be put there any more. The default location stays open. */
  @Post(':id/close')
  @HttpCode(200)
  @Requires('stock:write')
  closeLocation(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'location') id: string,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<LocationView> {
    return this.bus.execute(new CloseLocation(actor, id, ifMatch));
  }
}
