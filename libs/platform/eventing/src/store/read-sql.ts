import type { UnitOfWork } from '#platform/persistence';
import type { StoredEvent } from './event-log.js';

/** What there is to decide on: $1 tenant, $2 stream, $3 schema of the state document, $4 command. Always one row. */
export const LOAD = 'select * from es.load_stream($1, $2, $3, $4)';

/** The same with the stream's row locked first. */
export const LOAD_LOCKED = 'select * from es.append_lock($1, array[$2::uuid], $3, $4)';

/** The same for several streams, locked in the order of their ids: $2 a list of them. */
export const LOAD_STREAMS = 'select * from es.append_lock($1, $2::uuid[], $3, $4)';

/** What a command has done: $1 tenant, $2 command. */
export const FIND = 'select result as done from es.commands where tenant_id = $1 and command_id = $2::uuid';

/** Events up to a version ($3) or an instant ($4, whole milliseconds as clients know them), the other null, as one row. */
export const READ_UNTIL = `
  select string_agg(h.type, ',' order by h.version) as types, string_agg(h.schema_version::text, ',' order by h.version) as schemas,
         '[' || string_agg(h.data::text, ',' order by h.version) || ']' as data
    from es.events h
   where h.tenant_id = $1 and h.stream_id = $2
     and h.version <= coalesce($3::int, (select max(u.version) from es.events u
                                          where u.tenant_id = $1 and u.stream_id = $2 and u.recorded_at < $4::timestamptz + interval '1 ms'))`;

/** Events after a version with everything that is known of them: $3 version, $4 how many. */
export const READ = `
  select version, position, event_id as "eventId", type, schema_version as "schemaVersion", data, meta, recorded_at as "recordedAt"
    from es.events where tenant_id = $1 and stream_id = $2 and version > $3 order by version limit $4`;

/** Events of a stream as one row. */
export interface HistoryRow {
  readonly types: string | null;
  readonly schemas: string | null;
  readonly data: string | null;
}

/** The events in such a row. */
export function storedEvents({ types, schemas, data }: HistoryRow): StoredEvent[] {
  if (types === null || schemas === null || data === null) return [];
  const versions = schemas.split(',');
  const bodies = JSON.parse(data) as object[];
  return types
    .split(',')
    .map((type, index) => ({ type, schemaVersion: Number(versions[index]), data: bodies[index] ?? {} }));
}

/** A read that is one statement and, unless it joins an open unit, one message. */
export function readAlone<R extends object>(
  work: UnitOfWork,
  tenantId: string,
  { name, sql, values }: { name: string; sql: string; values: readonly (string | number | Date | null)[] },
): Promise<R[]> {
  const pool = work.isOpen ? work.current().pool : 'main';
  return work.run({ tenantId, pool, readOnly: true }, (unit) => unit.only<R>(name, sql, values));
}
