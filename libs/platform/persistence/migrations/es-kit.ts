/** Pieces of SQL that the functions of the event store share. */

/** Runs as es_writer, with a search path that nobody else can put something in. */
export const AS_WRITER = `language plpgsql security definer set search_path = pg_catalog, pg_temp`;

/**
 * The events of one call, in order. `p_data` is one JSON array, which client and server read in half the time of a `jsonb[]`;
 * `p_meta` (correlation, causation, actor, trace) is that of the call.
 */
export const EVENTS = `p_ids uuid[], p_types text[], p_schemas smallint[], p_data jsonb, p_meta jsonb`;

/** The same as rows, numbered from 1. */
export const EVENT_ROWS = `rows from (unnest(p_ids, p_types, p_schemas), jsonb_array_elements(p_data)) with ordinality
           as n (id, type, schema, data, ord)`;

/** The tenant of a call is that of the transaction; alone in its transaction, the call sets it. */
export const ENTER_TENANT = `
  v_tenant := current_setting('app.tenant_id', true);
  if v_tenant is null or v_tenant = '' then
    v_tenant := set_config('app.tenant_id', p_tenant::text, true);
  elsif v_tenant::uuid <> p_tenant then
    raise exception using errcode = '42501', message = 'the transaction belongs to another tenant';
  end if;`;

/** Identical calls wait for each other here, so that the second finds what the first has done. */
export const WAIT_FOR_SAME_COMMAND = `
    perform pg_advisory_xact_lock(hashtextextended('es.command ' || p_command::text, 0));
    select c.result into v_done from es.commands c where c.tenant_id = p_tenant and c.command_id = p_command;`;

/**
 * Commands written with events, of which `first` is the id of the first. One that brings no key is new, as the append is: it is keyed by the first event. One with a
 * key that is waiting already is not written again. The case of one new command spares `on conflict` its 10 us.
 */
export const addToOutbox = (first: string): string => `
  if p_outbox is not null then
    if jsonb_array_length(p_outbox) = 1 and p_outbox->0->'dedupe_key' is null and p_outbox->0->'not_before' is null then
      insert into es.outbox (tenant_id, command, dedupe_key, payload, meta)
      values (p_tenant, p_outbox->0->>'command', ${first}::text || ':1', p_outbox->0->'payload', p_meta);
    else
      insert into es.outbox (tenant_id, command, dedupe_key, payload, meta, not_before)
      select p_tenant, o.entry->>'command', coalesce(o.entry->>'dedupe_key', ${first}::text || ':' || o.ord), o.entry->'payload', p_meta,
             coalesce((o.entry->>'not_before')::timestamptz, clock_timestamp())
        from jsonb_array_elements(p_outbox) with ordinality as o (entry, ord)
          on conflict (tenant_id, dedupe_key) do nothing;
    end if;
  end if;`;

export const ADD_TO_OUTBOX = addToOutbox('p_ids[1]');

/**
 * Takes the new functions from everybody, lets the apps call those named, and hands all of them to es_writer. An owner that is no
 * superuser joins es_writer for as long as that takes.
 */
export function handOver(names: readonly string[], callable: readonly string[]): string[] {
  const list = (functions: readonly string[]): string => functions.map((name) => `es.${name}`).join(', ');
  return [
    `revoke execute on function ${list(names)} from public`,
    `grant execute on function ${list(callable)} to app_rt, app_worker, app_platform`,
    `grant create on schema es to es_writer`,
    `do $$
     declare
       joined boolean := not pg_has_role(current_user, 'es_writer', 'set');
     begin
       begin
         if joined then execute 'grant es_writer to current_user'; end if;
       exception when insufficient_privilege then
         raise exception 'Have an administrator run, then start again: grant es_writer to %', quote_ident(current_user);
       end;
       ${names.map((name) => `alter function es.${name} owner to es_writer;`).join(' ')}
       if joined then execute 'revoke es_writer from current_user'; end if;
     end $$`,
    `revoke create on schema es from es_writer`,
  ];
}
