import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { PLATFORM_TENANT_ID, systemActor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { TenantState } from '../domain/tenant-lifecycle.js';

/** A tenant, as far as the worker may know it. */
export interface TenantWithState {
  readonly tenantId: string;
  readonly state: TenantState;
}

/** All tenants and their states: for the worker, which goes through them with each one's own unit of work. */
export class ListTenantStates extends Query<TenantWithState[]> {
  readonly actor = systemActor(PLATFORM_TENANT_ID, 'tenants');
}

@QueryHandler(ListTenantStates)
export class ListTenantStatesHandler implements IQueryHandler<ListTenantStates> {
  constructor(private readonly work: UnitOfWork) {}

  execute(): Promise<TenantWithState[]> {
    const sql = 'select tenant_id as "tenantId", state from identity.tenant order by tenant_id';
    return this.work.current().rows<TenantWithState>(sql);
  }
}
