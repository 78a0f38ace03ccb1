import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '#api-document';
import { AnyCaller, CurrentActor, Requires } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { GetUsage, UsageView } from './queries/get-usage.query.js';
import { MeView, WhoAmI } from './queries/who-am-i.query.js';

/** Who calls, and what they use. */
@ApiTags('Who am I')
@Controller()
export class MeController {
  constructor(private readonly bus: Bus) {}

  /** Tell who the caller is. Says what the credential may do and which limits it has; useful to check a new key. */
  @Get('me')
  @AnyCaller()
  getMe(@CurrentActor() actor: Actor): Promise<MeView> {
    return this.bus.execute(new WhoAmI(actor));
  }

  /** Read the store's request usage. Today and this month, in UTC; counts arrive within seconds. */
  @Get('usage')
  @Requires('usage:read')
  getUsage(@CurrentActor() actor: Actor): Promise<UsageView> {
    return this.bus.execute(new GetUsage(actor));
  }
}
