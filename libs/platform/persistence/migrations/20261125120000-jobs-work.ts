import { Migration } from '@mikro-orm/migrations';
import { acrossTenants, guard } from './kit.js';

/** The parent of work that has none. */
const NONE = `'00000000-0000-0000-0000-000000000000'`;

/**
 * What fair order needs to know of work. `lane` says that a row can be handed out now and how urgent it is: 0 a repetition that
 * is due, 1 to 3 by priority; null while it is held, not due, handed out or over. The dispatcher reads only what has a lane, by an
 * index that leads with the tenant, so a million waiting rows cost as much as a hundred.
 */
export class JobsWork extends Migration {
  override up(): void {
    for (const sql of [
      `alter table jobs.task
         add column parent_id uuid not null default ${NONE},
         add column ordinal bigint not null default 0,
         add column priority smallint not null default 1 check (priority between 0 and 2),
         add column held boolean not null default false,
         add column lane smallint check (lane between 0 and 3),
         add column losses smallint not null default 0,
         drop constraint task_state_check,
         drop constraint task_check2,
         add constraint task_state_check check (state in ('pending', 'running', 'done', 'failed', 'cancelled')),
         add constraint task_finished_check check ((finished_at is not null) = (state in ('done', 'failed', 'cancelled'))),
         add constraint task_ready_check check (lane is null or (state = 'pending' and not held and dispatched_at is null))`,
      `drop index jobs.task_due`,
      `drop index jobs.task_leased`,
      `drop index jobs.task_finished`,
      `create index task_ready on jobs.task (tenant_id, lane, kind, parent_id, ordinal, id) where lane is not null`,
      `create index task_again on jobs.task (tenant_id) where lane = 0`,
      `create index task_later on jobs.task (run_at)
         where state = 'pending' and lane is null and not held and dispatched_at is null`,
      `create index task_in_flight on jobs.task (tenant_id)
         where state = 'running' or (state = 'pending' and dispatched_at is not null)`,
      `create index task_open on jobs.task (tenant_id, parent_id) where finished_at is null`,
      `create index task_failed on jobs.task (tenant_id) where state = 'failed'`,
      `create index task_finished on jobs.task (state, finished_at) where finished_at is not null`,
      `grant update on jobs.task to app_rt`,
      acrossTenants('jobs.task', 'app_platform', 'select'),

      `create table jobs.tenant_flow (
         tenant_id uuid primary key,
         weight smallint not null default 1 check (weight between 1 and 100),
         max_in_flight integer check (max_in_flight > 0),
         units_per_minute integer check (units_per_minute > 0),
         tokens double precision not null default 0,
         refilled_at timestamptz not null default 'epoch',
         paused_at timestamptz
       ) with (fillfactor = 70)`,
      ...guard('jobs.tenant_flow', {
        app_rt: 'select, insert, update',
        app_worker: 'select, insert, update',
        app_platform: 'select, insert, update',
      }),
      acrossTenants('jobs.tenant_flow', 'app_worker'),
      acrossTenants('jobs.tenant_flow', 'app_platform'),

      `create table jobs.worker (
         id text primary key,
         host text not null,
         pid integer not null,
         slots integer not null,
         busy integer not null,
         rss_bytes bigint not null,
         loop_lag_ms double precision not null,
         draining boolean not null,
         started_at timestamptz not null,
         beat_at timestamptz not null
       ) with (fillfactor = 50)`,
      `grant select on jobs.worker to app_rt, app_platform`,
      `grant select, insert, update, delete on jobs.worker to app_worker`,
    ]) {
      this.addSql(sql);
    }
  }
}
