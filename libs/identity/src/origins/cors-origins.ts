import type { Unit } from '#platform/persistence';
import type { CorsOriginsView } from '../identity.views.js';

/** The list of the unit's tenant. The condition on the tenant is needed: before a tenant is known all origins can be read. */
export async function readCorsOrigins(unit: Unit): Promise<CorsOriginsView> {
  const setting = await unit.row<{ version: number; updatedAt: Date }>(
    'select version, updated_at as "updatedAt" from identity.cors_setting where tenant_id = $1',
    [unit.tenantId],
  );
  if (!setting || setting.version === 0) return { origins: [], updatedAt: null, version: 0 };
  const rows = await unit.rows<{ origin: string }>(
    'select origin from identity.cors_origin where tenant_id = $1 order by origin',
    [unit.tenantId],
  );
  const origins = rows.map((row) => row.origin);
  return { origins, updatedAt: setting.updatedAt.toISOString(), version: setting.version };
}
