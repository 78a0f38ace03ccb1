import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import {
  CursorCodec,
  type CursorRow,
  ListPlan,
  type ListRequest,
  type ListSpec,
  oneOfRule,
  type Page,
  pageOf,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { API_KEY_STATES, type ApiKeyState } from '../domain/api-key-lifecycle.js';
import { API_KEY_COLUMNS, API_KEY_STATE, type ApiKeyFields, type ApiKeyView, apiKeyView } from '../identity.views.js';

/** What the list of API keys can be asked for. */
export const API_KEYS: ListSpec = {
  name: 'api-keys',
  id: 'k.id',
  sort: {
    createdAt: { sql: 'k.created_at', type: 'timestamptz' },
    name: { sql: 'k.name', type: 'text' },
  },
  defaultSort: '-createdAt',
  filters: { state: { sql: `(${API_KEY_STATE})`, type: 'text', rule: oneOfRule(API_KEY_STATES) } },
};

/** The store's API keys, without their secrets. */
export class ListApiKeys extends Query<Page<ApiKeyView>> {
  constructor(
    readonly actor: Actor,
    readonly request: ListRequest,
  ) {
    super();
  }
}

@QueryHandler(ListApiKeys)
export class ListApiKeysHandler implements IQueryHandler<ListApiKeys> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: CursorCodec,
  ) {}

  async execute({ actor: { tenantId }, request }: ListApiKeys): Promise<Page<ApiKeyView>> {
    const unit = this.work.current();
    const list = new ListPlan(API_KEYS, request, { tenantId, cursors: this.cursors, values: [tenantId] });
    return pageOf<ApiKeyFields & { state: ApiKeyState } & CursorRow, ApiKeyView>(unit, list, {
      columns: API_KEY_COLUMNS,
      from: 'identity.api_key k where k.tenant_id = $1',
      view: (row) => apiKeyView(row, row.state),
    });
  }
}
