import { Migration } from '@mikro-orm/migrations';
import {
  ADD_TO_OUTBOX,
  AS_WRITER,
  ENTER_TENANT,
  EVENT_ROWS,
  EVENTS,
  handOver,
  WAIT_FOR_SAME_COMMAND,
} from './es-kit.js';

/** Appending to one stream. */
export class EsAppend extends Migration {
  override up(): void {
    const rights = handOver(['claim_stream', 'refuse_stream', 'find_append', 'append'], ['append']);
    for (const sql of [...writersRights(), claimStream(), refuseStream(), findAppend(), append(), ...rights])
      this.addSql(sql);
  }
}

function writersRights(): string[] {
  return [
    `grant usage on schema es to es_writer`,
    `grant usage, select on sequence es.event_position to es_writer`,
    `grant select, insert, update on es.streams to es_writer`,
    `grant select, insert on es.events, es.commands, es.outbox to es_writer`,
  ];
}

/**
 * Locks the row of a stream and moves it on: expected 0 is a new stream, null any, -1 one that exists, else exactly that
 * version. Answers the version it then has, or null when the stream is not as expected.
 */
function claimStream(): string {
  return `create function es.claim_stream(p_tenant uuid, p_stream uuid, p_category text, p_expected int, p_count int, p_state jsonb,
      p_state_schema int) returns int language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_version int;
begin
  if p_expected is null then
    insert into es.streams as s (tenant_id, stream_id, category, version, first_position)
    values (p_tenant, p_stream, p_category, p_count, pg_sequence_last_value('es.event_position'))
        on conflict (tenant_id, stream_id) do update set version = s.version + p_count where s.status = 'A'
    returning s.version into v_version;
  elsif p_expected = 0 then
    insert into es.streams as s (tenant_id, stream_id, category, version, first_position, state, state_version, state_schema)
    values (p_tenant, p_stream, p_category, p_count, pg_sequence_last_value('es.event_position'), p_state,
            case when p_state is not null then p_count end, case when p_state is not null then p_state_schema end)
        on conflict (tenant_id, stream_id) do nothing
    returning s.version into v_version;
  elsif p_state is null then
    update es.streams s set version = s.version + p_count
     where s.tenant_id = p_tenant and s.stream_id = p_stream and s.status = 'A' and (s.version = p_expected or p_expected = -1)
    returning s.version into v_version;
  else
    update es.streams s
       set version = s.version + p_count, state = p_state, state_version = s.version + p_count, state_schema = p_state_schema
     where s.tenant_id = p_tenant and s.stream_id = p_stream and s.status = 'A' and s.version = p_expected
    returning s.version into v_version;
  end if;
  return v_version;
end $$`;
}

/** Says why a stream could not be claimed: RC002 there is none, RC003 it is closed, RC001 it has another version. */
function refuseStream(): string {
  return `create function es.refuse_stream(p_tenant uuid, p_stream uuid, p_expected int, p_soft boolean) returns void
      language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  v_status text;
begin
  select s.status into v_status from es.streams s where s.tenant_id = p_tenant and s.stream_id = p_stream;
  if not found then
    raise exception using errcode = 'RC002', message = 'no such stream', detail = p_stream::text;
  elsif v_status <> 'A' then
    raise exception using errcode = 'RC003', message = 'the stream is closed', detail = p_stream::text;
  elsif not p_soft then
    raise exception using errcode = 'RC001', message = 'the stream has another version', detail = p_stream::text;
  end if;
end $$`;
}

/**
 * Appends to one stream. With an exact version an identical call finds its own first event where it wanted to write it, so it
 * needs no row in es.commands, unless the caller's command id outlives the call (p_command null says it does not). With
 * `p_soft` a stream that has another version answers a null version, and the transaction lives on. A state document needs an
 * exact version, so that it is the fold of exactly the events before it.
 */
function append(): string {
  return `create function es.append(p_tenant uuid, p_stream uuid, p_category text, p_expected int,
      ${EVENTS}, p_command uuid default null, p_state jsonb default null, p_state_schema int default null,
      p_outbox jsonb default null, p_soft boolean default false,
      out version int, out first_position bigint, out last_position bigint, out duplicate boolean) ${AS_WRITER} as $$
declare
  v_tenant text;
  v_done jsonb;
  v_count int := cardinality(p_ids);
begin
  ${ENTER_TENANT}
  duplicate := false;
  if p_expected > 0 then
    if p_state is null then
      update es.streams s set version = s.version + v_count
       where s.tenant_id = p_tenant and s.stream_id = p_stream and s.status = 'A' and s.version = p_expected;
    else
      update es.streams s
         set version = s.version + v_count, state = p_state, state_version = s.version + v_count, state_schema = p_state_schema
       where s.tenant_id = p_tenant and s.stream_id = p_stream and s.status = 'A' and s.version = p_expected;
    end if;
    if found then version := p_expected + v_count; end if;
  else
    if p_expected is distinct from 0 then
      if p_state is not null or p_command is null then
        raise exception using errcode = '22023', message = 'without an exact version a command id is needed and no state taken';
      end if;
      ${WAIT_FOR_SAME_COMMAND}
    end if;
    if v_done is null then
      version := es.claim_stream(p_tenant, p_stream, p_category, p_expected, v_count, p_state, p_state_schema);
    end if;
  end if;
  if version is null then
    select * into version, first_position, last_position
      from es.find_append(p_tenant, p_command, p_stream, p_expected, p_ids);
    duplicate := version is not null;
    if not duplicate then
      perform es.refuse_stream(p_tenant, p_stream, p_expected, p_soft);
    end if;
    return;
  end if;
  if v_count = 1 then
    insert into es.events (tenant_id, stream_id, version, event_id, type, schema_version, data, meta)
    values (p_tenant, p_stream, version, p_ids[1], p_types[1], p_schemas[1], p_data->0, p_meta);
    first_position := currval('es.event_position');
    last_position := first_position;
  else
    with written as (
      insert into es.events as e (tenant_id, stream_id, version, event_id, type, schema_version, data, meta)
      select p_tenant, p_stream, version - v_count + n.ord, n.id, n.type, n.schema, n.data, p_meta
        from ${EVENT_ROWS}
       order by n.ord
      returning e.position)
    select min(w.position), max(w.position) into first_position, last_position from written w;
  end if;
  ${ADD_TO_OUTBOX}
  if p_command is not null then
    insert into es.commands (tenant_id, command_id, result)
    values (p_tenant, p_command, jsonb_build_object('versions', jsonb_build_array(version), 'first', first_position, 'last', last_position));
  end if;
end $$`;
}

/** What an identical call did before: known by its command, or, where it named a version, by its first event. */
function findAppend(): string {
  return `create function es.find_append(p_tenant uuid, p_command uuid, p_stream uuid, p_expected int, p_ids uuid[],
      out version int, out first_position bigint, out last_position bigint) language plpgsql
      set search_path = pg_catalog, pg_temp as $$
declare
  v_done jsonb;
begin
  select c.result into v_done from es.commands c where c.tenant_id = p_tenant and c.command_id = p_command;
  if v_done is not null then
    version := v_done->'versions'->0;
    first_position := v_done->'first';
    last_position := v_done->'last';
  elsif p_expected >= 0 then
    select max(h.version), min(h.position), max(h.position) into version, first_position, last_position
      from es.events h
     where h.tenant_id = p_tenant and h.stream_id = p_stream
       and h.version between p_expected + 1 and p_expected + cardinality(p_ids)
    having bool_or(h.version = p_expected + 1 and h.event_id = p_ids[1]);
  end if;
end $$`;
}
