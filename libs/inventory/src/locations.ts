import { uuid5 } from '#platform/eventing';
import { checkIfMatch, type IfMatchCondition, notFound } from '#platform/http';
import { isUniqueViolation, type Unit } from '#platform/persistence';
import { keyOf } from './domain/codes.js';
import { inventoryErrors } from './domain/inventory.errors.js';

/** Namespace of the ids of default locations: a random UUID, for ever the same. */
const NAMESPACE = '7d5ab0a7-3f9e-4a55-8d5e-1f2f6f6f7f5c';

/** The name a tenant's default location has until it is renamed. */
export const DEFAULT_NAME = 'Main';

/** A location as it stands. */
export interface Location {
  readonly id: string;
  readonly name: string;
  readonly isDefault: boolean;
  readonly version: number;
  readonly closedAt: Date | null;
}

/**
 * Where a tenant's stock is unless somebody says otherwise. Its id follows from the tenant's, so that nobody has to make it and
 * no two can; its row is written when something first refers to it.
 */
export function defaultLocationId(tenantId: string): string {
  return uuid5(NAMESPACE, tenantId);
}

/** Every location of a tenant ($1), the default one ($2) also before it has a row. As a table `l`. */
export const LOCATIONS = `(
  select id, name, is_default, version, closed_at from inventory.location where tenant_id = $1
  union all
  select $2::uuid, '${DEFAULT_NAME}', true, 1, null where not exists (
    select from inventory.location where tenant_id = $1 and is_default)) l`;

/** Columns of that table by the names of Location. */
export const LOCATION_COLUMNS = 'l.id, l.name, l.is_default as "isDefault", l.version, l.closed_at as "closedAt"';

/** Writes the default location's row if it has none. */
export async function ensureDefaultLocation(unit: Unit): Promise<void> {
  await unit.prepared('inventory.ensure-default', ENSURE, [
    unit.tenantId,
    defaultLocationId(unit.tenantId),
    DEFAULT_NAME,
    keyOf(DEFAULT_NAME),
  ]);
}

/**
 * A location that stock can be put into, until the unit ends: it cannot be closed meanwhile.
 * @param id UUID; absent: the default one
 * @returns its id, and the database's clock
 * @throws inventory.location_not_found, inventory.location_closed
 */
export async function openLocation(unit: Unit, id?: string): Promise<{ readonly id: string; readonly now: Date }> {
  const wanted = id ?? defaultLocationId(unit.tenantId);
  await unit.prepared('inventory.use-location', USE, [wanted]);
  if (wanted === defaultLocationId(unit.tenantId)) await ensureDefaultLocation(unit);
  const [found] = await unit.prepared<{ closedAt: Date | null; now: Date }>('inventory.open-location', OPEN, [
    unit.tenantId,
    wanted,
  ]);
  if (!found) throw inventoryErrors.location_not_found('There is no such location. List the locations.');
  if (found.closedAt) throw inventoryErrors.location_closed('The location is closed. Use an open one.');
  return { id: wanted, now: found.now };
}

/** A location, its row locked until the unit ends. @throws http.not_found, http.precondition_failed */
export async function lockedLocation(unit: Unit, id: string, ifMatch?: IfMatchCondition): Promise<Location> {
  if (id === defaultLocationId(unit.tenantId)) await ensureDefaultLocation(unit);
  const sql = `select ${LOCATION_COLUMNS} from inventory.location l where l.tenant_id = $1 and l.id = $2 for update`;
  const location = await unit.row<Location & object>(sql, [unit.tenantId, id]);
  if (!location) throw notFound();
  checkIfMatch(ifMatch, location.version);
  return location;
}

/** @throws inventory.location_name_taken where the unique index refuses */
export async function asNameTaken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isUniqueViolation(error, 'location_name')) throw error;
    throw inventoryErrors.location_name_taken('Another open location has this name. Use that one, or another name.');
  }
}

/** The id of a location, open or closed; the default one where none is named. @throws inventory.location_not_found */
export async function knownLocation(unit: Unit, id?: string): Promise<string> {
  if (id === undefined || id === defaultLocationId(unit.tenantId)) return defaultLocationId(unit.tenantId);
  const found = await unit.row('select 1 from inventory.location where tenant_id = $1 and id = $2', [
    unit.tenantId,
    id,
  ]);
  if (!found) throw inventoryErrors.location_not_found('There is no such location. List the locations.');
  return id;
}

/** Waits for those who put stock there, and keeps others out, until the unit ends. */
export async function excludeStock(unit: Unit, locationId: string): Promise<void> {
  await unit.rows('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`inventory.location ${locationId}`]);
}

const ENSURE = `insert into inventory.location (tenant_id, id, name, name_key, is_default, version, created_at)
  values ($1, $2, $3, $4, true, 1, clock_timestamp()) on conflict do nothing`;
const USE = `select pg_advisory_xact_lock_shared(hashtextextended('inventory.location ' || $1::text, 0))`;
const OPEN = `select closed_at as "closedAt", clock_timestamp()::timestamptz(3) as now
  from inventory.location where tenant_id = $1 and id = $2`;
