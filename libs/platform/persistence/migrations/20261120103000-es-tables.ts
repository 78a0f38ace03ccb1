import { Migration } from '@mikro-orm/migrations';
import { acrossTenants, guard, schema } from './kit.js';

/** Apps read; what they write here, they write by calling `es.append*`. */
const READERS = { app_rt: 'select', app_worker: 'select', app_platform: 'select' };

/** The event store: streams and their events, the commands that wrote them, the outbox, and the progress of projections. */
export class EsTables extends Migration {
  override up(): void {
    for (const sql of [...schema('es'), ...history(), ...commands(), ...outbox(), ...progress(), ...secrets()])
      this.addSql(sql);
  }
}

/**
 * `position` is the order of the feed. It is drawn inside the INSERT, one value at a time, after the stream's row is locked,
 * by es_writer alone: the appender fence of the feed is proved from these four facts.
 *
 * `streams.first_position` is a lower bound: the stream has no event before it. `state` is the folded state as of
 * `state_version`, in the shape that `state_schema` names. `status` is A active, R archived or T tombstoned; a check constraint
 * on it cost 4 us of each append's 100.
 */
function history(): string[] {
  return [
    `create sequence es.event_position as bigint cache 1`,
    `grant select on sequence es.event_position to app_rt, app_worker, app_platform`,
    `create table es.streams (
       tenant_id uuid not null,
       stream_id uuid not null,
       category text not null,
       version int not null,
       first_position bigint,
       state jsonb,
       state_version int,
       state_schema int,
       status char(1) not null default 'A',
       primary key (tenant_id, stream_id)
     ) with (fillfactor = 70)`,
    ...guard('es.streams', { ...READERS, app_ro: 'select' }),
    `create table es.events (
       position bigint not null default nextval('es.event_position'),
       tenant_id uuid not null,
       stream_id uuid not null,
       version int not null,
       event_id uuid not null,
       type text not null,
       schema_version smallint not null default 1,
       data jsonb not null,
       meta jsonb not null,
       recorded_at timestamptz not null default clock_timestamp(),
       primary key (tenant_id, stream_id, version)
     ) with (autovacuum_vacuum_insert_scale_factor = 0.05)`,
    `create unique index events_position on es.events (position)`,
    ...guard('es.events', { ...READERS, app_ro: 'select' }),
    acrossTenants('es.events', 'app_worker', 'select'),
    `create table es.events_archive (like es.events including all excluding defaults excluding indexes,
       primary key (tenant_id, stream_id, version))`,
    `create index events_archive_position on es.events_archive (position)`,
    ...guard('es.events_archive', { ...READERS, app_ro: 'select' }),
  ];
}

/**
 * What a repeated append answers. Appends that name a version and whose command id dies with the call have no row: they know
 * their own events again. Kept as long as idempotency keys are, then swept.
 */
function commands(): string[] {
  return [
    `create table es.commands (
       tenant_id uuid not null,
       command_id uuid not null,
       result jsonb not null,
       at timestamptz not null default clock_timestamp(),
       primary key (tenant_id, command_id)
     )`,
    `create index commands_at on es.commands using brin (at) with (autosummarize = on)`,
    ...guard('es.commands', { ...READERS, app_worker: 'select, delete' }),
    acrossTenants('es.commands', 'app_worker'),
  ];
}

/**
 * Commands to be carried out later; the feed is the outbox of events. A timer is a row with a later `not_before`. A refusal or
 * the 6th failure parks the row. `meta` is that of the append: correlation, causation, actor, trace.
 */
function outbox(): string[] {
  return [
    `create table es.outbox (
       tenant_id uuid not null,
       id bigint generated always as identity,
       command text not null,
       dedupe_key text not null,
       payload jsonb not null,
       meta jsonb not null default '{}',
       not_before timestamptz not null default clock_timestamp(),
       attempts int not null default 0,
       error jsonb,
       parked_at timestamptz,
       primary key (tenant_id, id),
       unique (tenant_id, dedupe_key)
     ) with (fillfactor = 70)`,
    `create index outbox_due on es.outbox (not_before, id) where parked_at is null`,
    ...guard('es.outbox', {
      app_worker: 'select, insert, update, delete',
      app_platform: 'select, update (attempts, error, not_before, parked_at)',
    }),
    acrossTenants('es.outbox', 'app_worker', 'select'),
    acrossTenants('es.outbox', 'app_platform'),
  ];
}

/**
 * `projections` is a control table without tenant data: one row per projection, version and shard; `slot` is which of the read
 * model's two tables the version writes. `parked` holds events that a projection or reaction could not digest, and all later
 * ones of the same stream, in order.
 */
function progress(): string[] {
  return [
    `create table es.projections (
       name text not null,
       version int not null,
       shard smallint not null default 0,
       shards smallint not null default 1,
       position bigint not null default 0,
       status text not null default 'catching_up' check (status in ('catching_up', 'live', 'paused', 'retired')),
       slot char(1) not null default 'a' check (slot in ('a', 'b')),
       error jsonb,
       updated_at timestamptz not null default now(),
       primary key (name, version, shard)
     ) with (fillfactor = 50)`,
    `grant select, insert, update, delete on es.projections to app_worker`,
    `grant select, update on es.projections to app_platform`,
    `grant select on es.projections to app_rt`,
    `create table es.parked (
       tenant_id uuid not null,
       name text not null,
       stream_id uuid not null,
       position bigint not null,
       error jsonb,
       attempts int not null default 0,
       parked_at timestamptz not null default now(),
       primary key (tenant_id, name, stream_id, position)
     )`,
    ...guard('es.parked', { app_worker: 'select, insert, update, delete', app_platform: 'select, update' }),
    acrossTenants('es.parked', 'app_worker', 'select'),
    acrossTenants('es.parked', 'app_platform'),
  ];
}

/** Keys of data subjects. No app role has a right on it before crypto-shredding is there. */
function secrets(): string[] {
  return [
    `create table es.subject_keys (
       tenant_id uuid not null,
       subject_id uuid not null,
       wrapped_dek bytea,
       shredded_at timestamptz,
       primary key (tenant_id, subject_id)
     )`,
    ...guard('es.subject_keys', {}),
  ];
}
