import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { notFound } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { TENANT_COLUMNS, type TenantFields, type TenantView, tenantView } from '../identity.views.js';

/** One store, for the operator; a deleted one too. */
export class GetTenant extends Query<TenantView> {
  constructor(
    readonly actor: Actor,
    readonly tenantId: string,
  ) {
    super();
  }
}

@QueryHandler(GetTenant)
export class GetTenantHandler implements IQueryHandler<GetTenant> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ tenantId }: GetTenant): Promise<TenantView> {
    const sql = `select ${TENANT_COLUMNS} from identity.tenant t where t.tenant_id = $1`;
    const tenant = await this.work.current().row<TenantFields>(sql, [tenantId]);
    if (!tenant) throw notFound();
    return tenantView(tenant);
  }
}
