import { Body, Controller, Get, HttpCode, Post, Res } from '@nestjs/common';
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
  Requires,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { IssueApiKey, IssueApiKeyInput } from './commands/issue-api-key.command.js';
import { RevokeApiKey } from './commands/revoke-api-key.command.js';
import { RotateApiKey, RotateApiKeyInput } from './commands/rotate-api-key.command.js';
import { ApiKeyView, IssuedApiKeyView } from './identity.views.js';
import { GetApiKey } from './queries/get-api-key.query.js';
import { API_KEYS, ListApiKeys } from './queries/list-api-keys.query.js';

/** A store's API keys: what its servers and programs call with. */
@ApiTags('API keys')
@Controller('api-keys')
export class ApiKeysController {
  constructor(private readonly bus: Bus) {}

  /**
   * Issue an API key. The answer holds the key with its secret: it is shown this once. A key cannot grant more than it may do
   * itself. Sent again with the same Idempotency-Key, the same key is answered.
   */
  @Post()
  @Requires('key:write')
  async issueApiKey(
    @CurrentActor() actor: Actor,
    @Body() input: IssueApiKeyInput,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<IssuedApiKeyView> {
    const issued = await this.bus.execute(new IssueApiKey(actor, input));
    reply.header('location', locationOf(issued));
    return issued;
  }

  /** List API keys. Revoked and expired ones are listed too; secrets never are. */
  @Get()
  @Requires('key:read')
  @ApiPage(ApiKeyView)
  listApiKeys(@CurrentActor() actor: Actor, @ListQuery(API_KEYS) request: ListRequest): Promise<Page<ApiKeyView>> {
    return this.bus.execute(new ListApiKeys(actor, request));
  }

  /** Read an API key. Its secret cannot be read again. */
  @Get(':id')
  @Requires('key:read')
  getApiKey(@CurrentActor() actor: Actor, @IdParam('id', 'apiKey') id: string): Promise<ApiKeyView> {
    return this.bus.execute(new GetApiKey(actor, id));
  }

  /**
   * Rotate an API key. A new key with the same permissions, addresses and expiry takes over; the old one works until the
   * overlap ends. The answer holds the new key with its secret, which is shown this once.
   */
  @Post(':id/rotate')
  @Requires('key:write')
  async rotateApiKey(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'apiKey') id: string,
    @Body() input: RotateApiKeyInput,
    @Res({ passthrough: true }) reply: ApiReply,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<IssuedApiKeyView> {
    const issued = await this.bus.execute(new RotateApiKey(actor, id, { input, ifMatch }));
    reply.header('location', locationOf(issued));
    return issued;
  }

  /** Revoke an API key. It stops working within a second and for ever. A key may revoke itself. */
  @Post(':id/revoke')
  @HttpCode(200)
  @Requires('key:write')
  revokeApiKey(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'apiKey') id: string,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<ApiKeyView> {
    return this.bus.execute(new RevokeApiKey(actor, id, ifMatch));
  }
}

function locationOf({ id }: ApiKeyView): string {
  return `/${API_PREFIX}/api-keys/${id}`;
}
