import { LockMode } from '@mikro-orm/core';
import { checkIfMatch, type IfMatchCondition, notFound } from '#platform/http';
import type { Unit } from '#platform/persistence';
import { ApiKey } from './api-key.entity.js';
import { Tenant } from './tenant.entity.js';

/** The tenant, locked until the unit ends. @throws http.not_found, http.precondition_failed */
export async function lockedTenant(unit: Unit, tenantId: string, ifMatch?: IfMatchCondition): Promise<Tenant> {
  const tenant = await unit.em.findOne(Tenant, { tenantId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (!tenant) throw notFound();
  checkIfMatch(ifMatch, tenant.version);
  return tenant;
}

/** A key of the unit's tenant, locked until the unit ends. @throws http.not_found, http.precondition_failed */
export async function lockedApiKey(unit: Unit, id: string, ifMatch?: IfMatchCondition): Promise<ApiKey> {
  const { tenantId } = unit;
  const key = await unit.em.findOne(ApiKey, { tenantId, id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (!key) throw notFound();
  checkIfMatch(ifMatch, key.version);
  return key;
}
