import { Migration } from '@mikro-orm/migrations';
import { acrossTenants, guard, schema } from './kit.js';

/**
 * Answers kept for repeated requests. A row is written with its effect, so there are finished rows only; `answer` is
 * encrypted because it can hold a secret that is shown once.
 */
export class HttpIdempotency extends Migration {
  override up(): void {
    for (const sql of [
      `revoke create on schema public from public`,
      ...schema('http'),
      `create table http.idempotency (
         tenant_id uuid not null,
         scope bytea not null check (length(scope) = 32),
         fingerprint bytea not null check (length(fingerprint) = 32),
         status smallint not null,
         answer bytea not null,
         created_at timestamptz not null default clock_timestamp(),
         expires_at timestamptz not null,
         primary key (tenant_id, scope)
       )`,
      `create index idempotency_expiry on http.idempotency (expires_at)`,
      ...guard('http.idempotency', {
        app_rt: 'select, insert, delete',
        app_platform: 'select, insert, delete',
        app_worker: 'select, delete',
      }),
      acrossTenants('http.idempotency', 'app_worker'),
    ]) {
      this.addSql(sql);
    }
  }
}
