import { Controller, Get, HttpCode, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiTags } from '#api-document';
import {
  ApiPage,
  type ApiReply,
  CurrentActor,
  IdParam,
  IfMatch,
  type IfMatchCondition,
  ListQuery,
  type ListRequest,
  type Page,
  Requires,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { accepted } from './accepted-job.js';
import { DiscardDeadLetter } from './commands/discard-dead-letter.command.js';
import { RequeueDeadLetter } from './commands/requeue-dead-letter.command.js';
import { DeadLetterDetailView, DeadLetterView } from './dead-letter.views.js';
import { JobView } from './freight.views.js';
import { GetDeadLetter } from './queries/get-dead-letter.query.js';
import { DEAD_LETTERS, ListDeadLetters } from './queries/list-dead-letters.query.js';

/** What gave up for more than a wrong value: somebody must look at it. */
@ApiTags('Dead letters')
@Controller('dead-letters')
export class DeadLettersController {
  constructor(private readonly bus: Bus) {}

  /** List dead letters. The latest first, unless sorted otherwise. */
  @Get()
  @Requires('job:read')
  @ApiPage(DeadLetterView)
  listDeadLetters(
    @CurrentActor() actor: Actor,
    @ListQuery(DEAD_LETTERS) request: ListRequest,
  ): Promise<Page<DeadLetterView>> {
    return this.bus.execute(new ListDeadLetters(actor, request));
  }

  /** Read a dead letter. It shows the record as it stood in the file. */
  @Get(':id')
  @Requires('job:read')
  getDeadLetter(@CurrentActor() actor: Actor, @IdParam('id', 'deadLetter') id: string): Promise<DeadLetterDetailView> {
    return this.bus.execute(new GetDeadLetter(actor, id));
  }

  /** Try it again. The answer is its job, which runs again. */
  @Post(':id/requeue')
  @HttpCode(202)
  @Requires('job:write')
  @ApiAcceptedResponse({ type: JobView })
  async requeueDeadLetter(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'deadLetter') id: string,
    @Res({ passthrough: true }) reply: ApiReply,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<JobView> {
    return accepted(reply, await this.bus.execute(new RequeueDeadLetter(actor, id, ifMatch)));
  }

  /** Discard it. Its record stays failed. */
  @Post(':id/discard')
  @HttpCode(200)
  @Requires('job:write')
  discardDeadLetter(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'deadLetter') id: string,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<DeadLetterDetailView> {
    return this.bus.execute(new DiscardDeadLetter(actor, id, ifMatch));
  }
}
