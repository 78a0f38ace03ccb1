import { Migration } from '@mikro-orm/migrations';
import { acrossTenants, guard, schema } from './kit.js';

/** Tenants, their API keys and origins, the audit log and request usage. */
export class IdentityFirstPart extends Migration {
  override up(): void {
    for (const sql of [...schema('identity'), ...tenants(), ...keys(), ...origins(), ...audit(), ...usage()])
      this.addSql(sql);
  }
}

/** A tenant's row is its own: `tenant_id` is both its id and what its policy compares. */
function tenants(): string[] {
  return [
    `create table identity.tenant (
       tenant_id uuid primary key,
       name text not null check (length(name) between 1 and 200),
       mode text not null check (mode in ('test', 'live')),
       state text not null check (state in ('active', 'suspended', 'deleted')),
       requests_per_minute integer not null check (requests_per_minute > 0),
       key_requests_per_10_seconds integer not null check (key_requests_per_10_seconds > 0),
       concurrent_requests integer not null check (concurrent_requests > 0),
       version integer not null,
       created_at timestamptz(3) not null,
       updated_at timestamptz(3) not null,
       suspended_at timestamptz(3),
       suspended_reason text check (length(suspended_reason) between 1 and 500),
       deleted_at timestamptz(3),
       check ((state = 'deleted') = (deleted_at is not null)),
       check (state <> 'suspended' or (suspended_at is not null and suspended_reason is not null)),
       check (state <> 'active' or (suspended_at is null and suspended_reason is null)),
       unique (tenant_id, mode)
     )`,
    `create index tenant_created on identity.tenant (created_at, tenant_id)`,
    ...guard('identity.tenant', {
      app_rt: 'select',
      app_worker: 'select (tenant_id, state)',
      app_platform:
        'select, insert, update (name, state, requests_per_minute, key_requests_per_10_seconds, concurrent_requests, version, updated_at, suspended_at, suspended_reason, deleted_at)',
    }),
    acrossTenants('identity.tenant', 'app_platform'),
    acrossTenants('identity.tenant', 'app_worker', 'select'),
  ];
}

/**
 * What a key may do is fixed when it is made: no role can update its hash, permissions, mode or expiry. The foreign key over
 * the mode keeps test keys off live tenants and the other way round. `credential_index` finds the tenant of a key before one
 * is known; a key's public id is random and long, so no unique index over all tenants is needed.
 */
function keys(): string[] {
  return [
    `create table identity.api_key (
       tenant_id uuid not null,
       id uuid not null,
       key_id text not null check (key_id ~ '^[0-9A-Za-z]{16}$'),
       name text not null check (length(name) between 1 and 100),
       mode text not null,
       scopes text[] not null check (cardinality(scopes) > 0),
       allowed_ips text[] not null,
       secret_hash bytea not null check (length(secret_hash) = 32),
       created_at timestamptz(3) not null,
       expires_at timestamptz(3),
       rotated_from uuid,
       rotated_to uuid,
       rotated_at timestamptz(3),
       overlap_until timestamptz(3),
       revoked_at timestamptz(3),
       last_used_at timestamptz(3),
       version integer not null,
       primary key (tenant_id, id),
       unique (tenant_id, key_id),
       foreign key (tenant_id, mode) references identity.tenant (tenant_id, mode),
       foreign key (tenant_id, rotated_from) references identity.api_key (tenant_id, id),
       foreign key (tenant_id, rotated_to) references identity.api_key (tenant_id, id),
       check ((rotated_to is null) = (rotated_at is null) and (rotated_to is null) = (overlap_until is null))
     )`,
    `create index api_key_created on identity.api_key (tenant_id, created_at, id)`,
    ...guard('identity.api_key', {
      app_rt: 'select, insert, update (rotated_to, rotated_at, overlap_until, revoked_at, last_used_at, version)',
      app_platform: 'select, insert',
    }),
    acrossTenants('identity.api_key', 'app_platform'),
    `create table identity.credential_index (
       tenant_id uuid not null,
       key_id text not null,
       primary key (tenant_id, key_id),
       foreign key (tenant_id, key_id) references identity.api_key (tenant_id, key_id)
     )`,
    `create index credential_index_key on identity.credential_index (key_id)`,
    ...guard('identity.credential_index', { app_rt: 'select, insert', app_platform: 'select, insert' }),
    acrossTenants('identity.credential_index', 'app_rt', 'select'),
    acrossTenants('identity.credential_index', 'app_platform'),
  ];
}

/** Browser origins a tenant allows; `cors_setting` carries the version of the whole list. */
function origins(): string[] {
  return [
    `create table identity.cors_setting (
       tenant_id uuid primary key,
       version integer not null,
       updated_at timestamptz(3) not null,
       foreign key (tenant_id) references identity.tenant (tenant_id)
     )`,
    ...guard('identity.cors_setting', { app_rt: 'select, insert, update (version, updated_at)' }),
    `create table identity.cors_origin (
       tenant_id uuid not null,
       origin text not null check (length(origin) <= 300),
       primary key (tenant_id, origin),
       foreign key (tenant_id) references identity.cors_setting (tenant_id)
     )`,
    `create index cors_origin_origin on identity.cors_origin (origin)`,
    ...guard('identity.cors_origin', { app_rt: 'select, insert, delete' }),
    acrossTenants('identity.cors_origin', 'app_rt', 'select'),
  ];
}

/**
 * Rows are added and read, by every role. `actor` and `details` are json and not jsonb: json keeps the text as it was
 * written, so the hash covers every byte of it. `audit_head` names the last row, so that its removal shows.
 */
function audit(): string[] {
  return [
    `create table identity.audit_entry (
       tenant_id uuid not null,
       seq bigint not null check (seq > 0),
       id uuid not null,
       at timestamptz(3) not null,
       actor json not null,
       action text not null,
       subject text not null,
       details json not null,
       prev_hash bytea not null check (length(prev_hash) = 32),
       hash bytea not null check (length(hash) = 32),
       primary key (tenant_id, seq),
       unique (tenant_id, id)
     )`,
    ...guard('identity.audit_entry', {
      app_rt: 'select, insert',
      app_worker: 'select, insert',
      app_platform: 'select, insert',
    }),
    acrossTenants('identity.audit_entry', 'app_platform'),
    `create table identity.audit_head (
       tenant_id uuid primary key,
       seq bigint not null,
       hash bytea not null
     )`,
    ...guard('identity.audit_head', {
      app_rt: 'select, insert, update (seq, hash)',
      app_worker: 'select, insert, update (seq, hash)',
      app_platform: 'select, insert, update (seq, hash)',
    }),
    acrossTenants('identity.audit_head', 'app_platform'),
  ];
}

/** Requests counted per key and day (UTC); processes add to the row every few seconds. */
function usage(): string[] {
  return [
    `create table identity.usage_daily (
       tenant_id uuid not null,
       day date not null,
       api_key_id uuid not null,
       requests bigint not null check (requests >= 0),
       refused bigint not null check (refused >= 0),
       errors bigint not null check (errors >= 0),
       primary key (tenant_id, day, api_key_id)
     )`,
    ...guard('identity.usage_daily', { app_rt: 'select, insert, update (requests, refused, errors)' }),
  ];
}
