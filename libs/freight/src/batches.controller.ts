import { Controller, HttpCode, Post, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiTags } from '#api-document';
import { type ApiReply, CurrentActor, IdParam, Requires } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { accepted } from './accepted-job.js';
import { RetryBatch } from './commands/retry-batch.command.js';
import { JobView } from './freight.views.js';

/** Batches of migration jobs. */
@ApiTags('Jobs')
@Controller('batches')
export class BatchesController {
  constructor(private readonly bus: Bus) {}

  /** Try a batch's failed records again. The answer is its job, which runs again. */
  @Post(':id/retry')
  @HttpCode(202)
  @Requires('job:write')
  @ApiAcceptedResponse({ type: JobView })
  async retryBatch(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'batch') id: string,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<JobView> {
    return accepted(reply, await this.bus.execute(new RetryBatch(actor, id)));
  }
}
