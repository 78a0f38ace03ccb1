import { Migration } from '@mikro-orm/migrations';
import { acrossTenants, guard, schema } from './kit.js';

/**
 * Work to be done once, and the record of it. A control table: a payload names what to work on and holds no record data, so
 * the worker's role may see every tenant's rows; what a task does happens with the task's tenant set.
 *
 * `lease_token` comes from one sequence and therefore only grows: whoever holds an older one can no longer finish the task.
 */
export class JobsTask extends Migration {
  override up(): void {
    for (const sql of [
      ...schema('jobs'),
      `create sequence jobs.lease_token`,
      `grant usage on sequence jobs.lease_token to app_worker`,
      `create table jobs.task (
         tenant_id uuid not null,
         id uuid not null,
         kind text not null check (kind ~ '^[a-z][a-z0-9.-]{0,99}$'),
         payload jsonb not null check (octet_length(payload::text) <= 16384),
         key text check (length(key) between 1 and 200),
         schedule text,
         slot timestamptz,
         state text not null default 'pending' check (state in ('pending', 'running', 'done', 'failed')),
         run_at timestamptz not null default clock_timestamp(),
         attempts smallint not null default 0,
         max_attempts smallint not null check (max_attempts between 1 and 1000),
         dispatch_no bigint not null default 0,
         dispatched_at timestamptz,
         lease_owner text,
         lease_token bigint,
         lease_until timestamptz,
         error text,
         trace text,
         created_at timestamptz not null default clock_timestamp(),
         finished_at timestamptz,
         primary key (tenant_id, id),
         unique (tenant_id, kind, key),
         unique (tenant_id, schedule, slot),
         check ((schedule is null) = (slot is null)),
         check (num_nulls(lease_owner, lease_token, lease_until) = case state when 'running' then 0 else 3 end),
         check ((finished_at is not null) = (state in ('done', 'failed')))
       ) with (fillfactor = 70)`,
      `create index task_due on jobs.task (run_at) where state = 'pending'`,
      `create index task_leased on jobs.task (lease_until) where state = 'running'`,
      `create index task_finished on jobs.task (state, finished_at) where state in ('done', 'failed')`,
      ...guard('jobs.task', {
        app_rt: 'select, insert',
        app_platform: 'select, insert',
        app_worker: 'select, insert, update, delete',
      }),
      acrossTenants('jobs.task', 'app_worker'),
    ]) {
      this.addSql(sql);
    }
  }
}
