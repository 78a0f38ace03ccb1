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
  PageQuery,
  Text,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { TENANT_STATES } from '../domain/tenant-lifecycle.js';
import { TENANT_COLUMNS, type TenantFields, type TenantView, tenantView } from '../identity.views.js';

export class ListTenantsParameters extends PageQuery {
  /** Part of the name, in either case. */
  @Text({ max: 200, optional: true, description: 'Part of the name, in either case.' })
  readonly search?: string;
}

/** What the list of stores can be asked for. */
export const TENANTS: ListSpec<ListTenantsParameters> = {
  name: 'tenants',
  id: 't.tenant_id',
  sort: {
    createdAt: { sql: 't.created_at', type: 'timestamptz' },
    name: { sql: 't.name', type: 'text' },
  },
  defaultSort: '-createdAt',
  filters: {
    state: { sql: 't.state', type: 'text', rule: oneOfRule(TENANT_STATES) },
    mode: { sql: 't.mode', type: 'text', rule: oneOfRule(['test', 'live']) },
  },
  query: ListTenantsParameters,
};

/** The stores on the platform, for the operator. */
export class ListTenants extends Query<Page<TenantView>> {
  constructor(
    readonly actor: Actor,
    readonly request: ListRequest<ListTenantsParameters>,
  ) {
    super();
  }
}

@QueryHandler(ListTenants)
export class ListTenantsHandler implements IQueryHandler<ListTenants> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: CursorCodec,
  ) {}

  async execute({ actor, request }: ListTenants): Promise<Page<TenantView>> {
    const unit = this.work.current();
    const { search = '' } = request.query;
    // The name of the list is part of its cursors: with the search in it, a cursor of another search is refused.
    const spec = { ...TENANTS, name: `${TENANTS.name} ${search}` };
    const list = new ListPlan(spec, request, { tenantId: actor.tenantId, cursors: this.cursors, values: [search] });
    return pageOf<TenantFields & CursorRow, TenantView>(unit, list, {
      columns: TENANT_COLUMNS,
      from: 'identity.tenant t where strpos(lower(t.name), lower($1)) > 0',
      view: tenantView,
    });
  }
}
