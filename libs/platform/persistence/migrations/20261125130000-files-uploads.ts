import { Migration } from '@mikro-orm/migrations';
import { acrossTenants, guard, schema } from './kit.js';

/**
 * Uploads: what is known of each, and how much room a tenant's uploads take. `reserved_bytes` of a tenant is the sum of its
 * uploads': both change in one statement's transaction, so that the quota is exact however many uploads run at once. An unfinished
 * upload is written by whoever holds its lease; an older token cannot finish it.
 */
export class FilesUploads extends Migration {
  override up(): void {
    for (const sql of [...schema('files'), ...room(), ...uploads(), ...pins()]) this.addSql(sql);
  }
}

function room(): string[] {
  return [
    `create table files.room (
       tenant_id uuid primary key,
       reserved_bytes bigint not null check (reserved_bytes >= 0),
       open_uploads integer not null check (open_uploads >= 0)
     )`,
    ...guard('files.room', {
      app_rt: 'select, insert, update (reserved_bytes, open_uploads)',
      app_worker: 'select, insert, update (reserved_bytes, open_uploads)',
    }),
  ];
}

function uploads(): string[] {
  const changes =
    'update (state, size_bytes, sent_bytes, sha256, gzip, reserved_bytes, lease_token, lease_until, refusal, expires_at, finished_at, version)';
  return [
    `create table files.upload (
       tenant_id uuid not null,
       id uuid not null,
       kind text not null check (kind in ('resumable', 'stream')),
       state text not null check (state in ('receiving', 'complete', 'refused', 'expired')),
       filename text check (length(filename) between 1 and 255),
       length_bytes bigint check (length_bytes >= 0),
       claimed_sha256 bytea check (length(claimed_sha256) = 32),
       reserved_bytes bigint not null check (reserved_bytes >= 0),
       size_bytes bigint check (size_bytes >= 0),
       sent_bytes bigint check (sent_bytes >= 0),
       sha256 bytea check (length(sha256) = 32),
       gzip boolean,
       refusal json,
       idempotency_scope bytea check (length(idempotency_scope) = 32),
       lease_token bigint not null default 0,
       lease_until timestamptz,
       created_at timestamptz(3) not null,
       expires_at timestamptz(3) not null,
       finished_at timestamptz(3),
       version integer not null,
       primary key (tenant_id, id),
       unique (tenant_id, idempotency_scope),
       check ((kind = 'resumable') = (length_bytes is not null)),
       check ((state = 'complete') = (size_bytes is not null)),
       check (num_nulls(size_bytes, sent_bytes, sha256, gzip) in (0, 4)),
       check ((state = 'receiving') = (finished_at is null)),
       check ((state = 'refused') = (refusal is not null)),
       check (state in ('receiving', 'complete') or reserved_bytes = 0)
     )`,
    `create index upload_created on files.upload (tenant_id, created_at, id)`,
    `create index upload_expires on files.upload (expires_at)`,
    ...guard('files.upload', {
      app_rt: `select, insert, delete, ${changes}`,
      app_worker: `select, delete, ${changes}`,
    }),
    acrossTenants('files.upload', 'app_worker', 'select'),
  ];
}

/** Who needs an upload: it is not deleted while somebody does. */
function pins(): string[] {
  return [
    `create table files.pin (
       tenant_id uuid not null,
       upload_id uuid not null,
       holder text not null check (length(holder) between 1 and 200),
       primary key (tenant_id, upload_id, holder),
       foreign key (tenant_id, upload_id) references files.upload (tenant_id, id)
     )`,
    ...guard('files.pin', { app_rt: 'select, insert, delete', app_worker: 'select, insert, delete' }),
    acrossTenants('files.pin', 'app_worker', 'select'),
  ];
}
