import { Migration } from '@mikro-orm/migrations';
import { ADD_TO_OUTBOX, AS_WRITER, ENTER_TENANT, EVENTS, handOver, WAIT_FOR_SAME_COMMAND } from './es-kit.js';

/** Appending to several streams and to thousands, locking streams, and the fence of the feed. */
export class EsAppendStreams extends Migration {
  override up(): void {
    const names = ['append_many', 'append_bulk', 'append_lock'];
    for (const sql of [
      appendMany(),
      appendBulk(),
      ...loadStream(),
      appendLock(),
      ...handOver(names, names),
      ...feedFence(),
    ])
      this.addSql(sql);
  }
}

/** How both lanes for several streams write their events: `p_of` says whose, `p_nth` which of them. */
const WRITE_EVENTS_OF_STREAMS = `
  with written as (
    insert into es.events as e (tenant_id, stream_id, version, event_id, type, schema_version, data, meta)
    select p_tenant, p_streams[n.of], versions[n.of] - p_counts[n.of] + n.nth, n.id, n.type, n.schema, n.data, p_meta
      from rows from (unnest(p_of, p_nth, p_ids, p_types, p_schemas), jsonb_array_elements(p_data)) with ordinality
           as n (of, nth, id, type, schema, data, ord)
     order by n.ord
    returning e.position)
  select min(w.position), max(w.position) into first_position, last_position from written w;
  ${ADD_TO_OUTBOX}
  insert into es.commands (tenant_id, command_id, result)
  values (p_tenant, p_command, jsonb_build_object('versions', versions, 'first', first_position, 'last', last_position));`;

/** A repeated call answers what the first one did. */
const ANSWER_DUPLICATE = `
  if v_done is not null then
    select array_agg(v.version::int order by v.ord) into versions
      from jsonb_array_elements_text(v_done->'versions') with ordinality as v (version, ord);
    first_position := v_done->'first';
    last_position := v_done->'last';
    duplicate := true;
    return;
  end if;`;

/** Appends to several streams, each with an expected version of its own, locked in the order of their ids. */
function appendMany(): string {
  return `create function es.append_many(p_tenant uuid, p_command uuid, p_streams uuid[], p_categories text[], p_expected int[],
      p_counts int[], p_states jsonb[], p_state_schemas int[], p_of int[], p_nth int[], ${EVENTS}, p_outbox jsonb default null,
      out versions int[], out first_position bigint, out last_position bigint, out duplicate boolean) ${AS_WRITER} as $$
declare
  v_tenant text;
  v_done jsonb;
  i int;
begin
  ${ENTER_TENANT}
  duplicate := false;
  ${WAIT_FOR_SAME_COMMAND}
  ${ANSWER_DUPLICATE}
  versions := array_fill(null::int, array[cardinality(p_streams)]);
  for i in select u.ord from unnest(p_streams) with ordinality as u (stream_id, ord) order by u.stream_id loop
    if p_states[i] is not null and (p_expected[i] is null or p_expected[i] = -1) then
      raise exception using errcode = '22023', message = 'a state document needs an exact expected version';
    end if;
    versions[i] := es.claim_stream(p_tenant, p_streams[i], p_categories[i], p_expected[i], p_counts[i], p_states[i], p_state_schemas[i]);
    if versions[i] is null then
      perform es.refuse_stream(p_tenant, p_streams[i], p_expected[i], false);
    end if;
  end loop;
  ${WRITE_EVENTS_OF_STREAMS}
end $$`;
}

/** Appends to thousands of streams of one category, all of them new (expected 0) or in any version (null). */
function appendBulk(): string {
  return `create function es.append_bulk(p_tenant uuid, p_command uuid, p_category text, p_expected int, p_streams uuid[],
      p_counts int[], p_states jsonb[], p_state_schema int, p_of int[], p_nth int[], ${EVENTS}, p_outbox jsonb default null,
      out versions int[], out first_position bigint, out last_position bigint, out duplicate boolean) ${AS_WRITER} as $$
declare
  v_tenant text;
  v_done jsonb;
  v_refused uuid;
begin
  ${ENTER_TENANT}
  duplicate := false;
  if p_expected <> 0 or (p_expected is null and p_states is not null) then
    raise exception using errcode = '22023', message = 'the bulk lane takes new streams, or any without state documents';
  end if;
  ${WAIT_FOR_SAME_COMMAND}
  ${ANSWER_DUPLICATE}
  with claimed as (
    insert into es.streams as s (tenant_id, stream_id, category, version, first_position, state, state_version, state_schema)
    select p_tenant, n.stream_id, p_category, n.count, pg_sequence_last_value('es.event_position'), n.state,
           case when n.state is not null then n.count end, case when n.state is not null then p_state_schema end
      from unnest(p_streams, p_counts, p_states) as n (stream_id, count, state)
     order by n.stream_id
        on conflict (tenant_id, stream_id) do update set version = s.version + excluded.version
     where s.status = 'A' and p_expected is null
    returning s.stream_id, s.version)
  select array_agg(c.version order by u.ord), (array_agg(u.stream_id order by u.stream_id) filter (where c.version is null))[1]
    into versions, v_refused
    from unnest(p_streams) with ordinality as u (stream_id, ord) left join claimed c using (stream_id);
  if v_refused is not null then
    perform es.refuse_stream(p_tenant, v_refused, p_expected, false);
  end if;
  ${WRITE_EVENTS_OF_STREAMS}
end $$`;
}

/** What a decision needs of a stream; text is one value for all events, which costs less than a row for each. */
const LOADED =
  'version int, status text, state jsonb, types text, schemas text, data text, now timestamptz, done jsonb';

/**
 * What there is to decide on: the state document if it has the wanted schema, the events since, the time, and what the command
 * has done already. Small statements with plans that are kept: one statement for all was planned anew at every call, 0.6 ms.
 */
function loadStream(): string[] {
  return [
    `create function es.load_stream(p_tenant uuid, p_stream uuid, p_state_schema int, p_command uuid)
      returns table (${LOADED}) language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  v_from int;
begin
  select s.version, s.status, s.state_version, case when s.state_schema = p_state_schema then s.state end
    into version, status, v_from, state
    from es.streams s where s.tenant_id = p_tenant and s.stream_id = p_stream;
  if not found then
    version := 0;
    status := 'A';
  end if;
  if state is null then v_from := 0; end if;
  if version > v_from then
    select string_agg(h.type, ',' order by h.version), string_agg(h.schema_version::text, ',' order by h.version),
           '[' || string_agg(h.data::text, ',' order by h.version) || ']'
      into types, schemas, data
      from es.events h where h.tenant_id = p_tenant and h.stream_id = p_stream and h.version > v_from;
  end if;
  if p_command is not null then
    select c.result into done from es.commands c where c.tenant_id = p_tenant and c.command_id = p_command;
  end if;
  now := clock_timestamp();
  return next;
end $$`,
    `revoke execute on function es.load_stream from public`,
    `grant execute on function es.load_stream to app_rt, app_worker, app_platform, es_writer`,
  ];
}

/** Locks streams in the order of their ids and answers, in the order asked for, what there is to decide on under the locks. */
function appendLock(): string {
  return `create function es.append_lock(p_tenant uuid, p_streams uuid[], p_state_schema int, p_command uuid default null)
      returns table (${LOADED}) ${AS_WRITER} as $$
declare
  v_tenant text;
  v_stream uuid;
begin
  ${ENTER_TENANT}
  for v_stream in select u.stream_id from unnest(p_streams) as u (stream_id) order by u.stream_id loop
    perform 1 from es.streams s where s.tenant_id = p_tenant and s.stream_id = v_stream for update;
  end loop;
  foreach v_stream in array p_streams loop
    select * into version, status, state, types, schemas, data, now, done
      from es.load_stream(p_tenant, v_stream, p_state_schema, p_command);
    return next;
  end loop;
end $$`;
}

/**
 * How far the sequence has been drawn and, read after it, who may still be appending: two statements in this order. What is
 * not among the appenders of a later call has ended. `pg_locks` shows the whole cluster, so the database is named.
 */
function feedFence(): string[] {
  return [
    `create function es.feed_fence(out last_drawn bigint, out appenders text[])
      language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  select case when q.is_called then q.last_value else 0 end into last_drawn from es.event_position q;
  select coalesce(array_agg(distinct l.virtualtransaction), '{}') into appenders
    from pg_locks l
   where l.locktype = 'relation' and l.relation = 'es.events'::regclass and l.mode = 'RowExclusiveLock' and l.granted
     and l.database = (select d.oid from pg_database d where d.datname = current_database());
end $$`,
    `revoke execute on function es.feed_fence from public`,
    `grant execute on function es.feed_fence to app_rt, app_worker, app_platform`,
  ];
}
