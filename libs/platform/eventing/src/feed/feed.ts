import type { Unit } from '#platform/persistence';

/** An event as the feed hands it out. */
export interface FeedEvent {
  /** Its place among all events of all tenants. */
  readonly position: number;
  readonly tenantId: string;
  readonly streamId: string;
  /** Its place in its stream, from 1. */
  readonly version: number;
  readonly eventId: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: object;
  readonly meta: Record<string, unknown>;
  readonly recordedAt: Date;
}

/** Which part of the feed to read. */
export interface FeedRange {
  /** Positions above it. */
  readonly after: number;
  /** Positions up to it: the fence's. */
  readonly upTo: number;
  readonly limit: number;
  /** Only events of these types; default all. */
  readonly types?: readonly string[];
  /** Only the tenants of one of so many shards. */
  readonly shard?: { readonly index: number; readonly count: number };
}

const COLUMNS = `position, tenant_id as "tenantId", stream_id as "streamId", version, event_id as "eventId", type,
  schema_version as "schemaVersion", data, meta, recorded_at as "recordedAt"`;

/** The shard of a tenant: a hash of its id, the same on every server of this architecture. */
const SHARD = `(uuid_hash_extended(tenant_id, 0) & 9223372036854775807) % $6 = $5`;
const PAGE = `select ${COLUMNS} from es.events
  where position > $1 and position <= $2 and ($3::text[] is null or type = any($3)) and ($6::int = 1 or ${SHARD})
  order by position limit $4`;

/**
 * One page of the feed in order of position. `upTo` must have come from the fence before this statement begins; the role sees
 * all tenants (worker) or the tenant that is set.
 */
export function readFeed(unit: Unit, { after, upTo, limit, types, shard }: FeedRange): Promise<FeedEvent[]> {
  const values = [after, upTo, types ?? null, limit, shard?.index ?? 0, shard?.count ?? 1];
  return unit.prepared<FeedEvent>('es.feed', PAGE, values);
}

/** Events by position, wherever they stand. */
export function readEvents(unit: Unit, positions: readonly number[]): Promise<FeedEvent[]> {
  const sql = `select ${COLUMNS} from es.events where position = any($1) order by position`;
  return unit.rows<FeedEvent>(sql, [positions]);
}
