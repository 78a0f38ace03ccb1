import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiTags } from '#api-document';
import { CurrentActor, IfMatch, type IfMatchCondition, Requires } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { SetRetryPolicy, SetRetryPolicyInput } from './commands/set-retry-policy.command.js';
import { GetRetryPolicy } from './queries/get-retry-policy.query.js';
import { RetryPolicyView } from './retry-policy.views.js';

/** How a store's failed batches are tried again. */
@ApiTags('Jobs')
@Controller('retry-policies')
export class RetryPoliciesController {
  constructor(private readonly bus: Bus) {}

  /** Read the retry policy. Version 0 stands for the defaults. */
  @Get()
  @Requires('job:read')
  getRetryPolicies(@CurrentActor() actor: Actor): Promise<RetryPolicyView> {
    return this.bus.execute(new GetRetryPolicy(actor));
  }

  /** Replace the retry policy. Running jobs go by it from their next failure on. */
  @Put()
  @Requires('job:write')
  setRetryPolicies(
    @CurrentActor() actor: Actor,
    @Body() input: SetRetryPolicyInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<RetryPolicyView> {
    return this.bus.execute(new SetRetryPolicy(actor, { input, ifMatch }));
  }
}
