import { Controller, createParamDecorator, type ExecutionContext, Get, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '#api-document';
import { waitMsOf } from '#platform/eventing';
import { type ApiReply, type ApiRequest, CurrentActor, Requires } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { EventFeed, type Patience } from './event-feed.js';
import { EventFeedView, EventsParameters } from './list-events.query.js';

const WithPatience = createParamDecorator((_: unknown, context: ExecutionContext): Patience => {
  const http = context.switchToHttp();
  const gone = new AbortController();
  http.getResponse<ApiReply>().raw.once('close', () => gone.abort());
  return { waitMs: waitMsOf(String(http.getRequest<ApiRequest>().headers.prefer)), signal: gone.signal };
});

/** What has happened in the store, for systems that follow it. */
@ApiTags('Events')
@Controller('events')
export class EventsController {
  constructor(private readonly feed: EventFeed) {}

  /**
   * Read the change feed. Published events of the store in one order that never changes: none is skipped, none comes twice while
   * you go on from `page.nextCursor`. With `Prefer: wait=N` the end of the feed waits up to N seconds for the next event.
   */
  @Get()
  @Requires('event:read')
  @ApiHeader({ name: 'Prefer', required: false, schema: { type: 'string' } })
  async listEvents(
    @CurrentActor() actor: Actor,
    @Query() parameters: EventsParameters,
    @WithPatience() patience: Patience,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<EventFeedView> {
    const { body, hasWaited } = await this.feed.read(actor, parameters, patience);
    if (hasWaited) reply.header('preference-applied', `wait=${patience.waitMs / 1_000}`);
    return body;
  }
}
