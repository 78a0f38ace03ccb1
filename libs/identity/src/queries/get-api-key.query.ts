import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { notFound } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { ApiKeyState } from '../domain/api-key-lifecycle.js';
import { API_KEY_COLUMNS, type ApiKeyFields, type ApiKeyView, apiKeyView } from '../identity.views.js';

/** One of the store's API keys, without its secret. */
export class GetApiKey extends Query<ApiKeyView> {
  constructor(
    readonly actor: Actor,
    readonly apiKeyId: string,
  ) {
    super();
  }
}

@QueryHandler(GetApiKey)
export class GetApiKeyHandler implements IQueryHandler<GetApiKey> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ actor, apiKeyId }: GetApiKey): Promise<ApiKeyView> {
    const sql = `select ${API_KEY_COLUMNS} from identity.api_key k where k.tenant_id = $1 and k.id = $2`;
    const values = [actor.tenantId, apiKeyId];
    const key = await this.work.current().row<ApiKeyFields & { state: ApiKeyState }>(sql, values);
    if (!key) throw notFound();
    return apiKeyView(key, key.state);
  }
}
