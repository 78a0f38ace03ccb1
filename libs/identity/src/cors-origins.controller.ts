import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiTags } from '#api-document';
import { CurrentActor, IfMatch, type IfMatchCondition, Requires } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { SetCorsOrigins, SetCorsOriginsInput } from './commands/set-cors-origins.command.js';
import { CorsOriginsView } from './identity.views.js';
import { GetCorsOrigins } from './queries/get-cors-origins.query.js';

/** Settings of a store, such as the origins from which browsers may call. */
@ApiTags('Settings')
@Controller('cors-origins')
export class CorsOriginsController {
  constructor(private readonly bus: Bus) {}

  /** Read the store's allowed origins. Browsers on pages of other origins are refused. */
  @Get()
  @Requires('tenant:read')
  getCorsOrigins(@CurrentActor() actor: Actor): Promise<CorsOriginsView> {
    return this.bus.execute(new GetCorsOrigins(actor));
  }

  /** Replace the store's allowed origins. The new list holds everywhere within seconds; an empty one closes the store to browsers. */
  @Put()
  @Requires('tenant:write')
  setCorsOrigins(
    @CurrentActor() actor: Actor,
    @Body() input: SetCorsOriginsInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<CorsOriginsView> {
    return this.bus.execute(new SetCorsOrigins(actor, input, ifMatch));
  }
}
