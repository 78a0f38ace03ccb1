import { Migration } from '@mikro-orm/migrations';
import { acrossTenants, guard, schema } from './kit.js';

const WRITE = 'select, insert, update';
const OUTCOMES = ['created', 'updated', 'unchanged', 'skipped', 'failed'];
const columns = (names: readonly string[]): string =>
  names.map((name) => `${name} bigint not null default 0`).join(', ');

/**
 * Migration jobs: what was asked, the batches that planning cut the source into, one line per record and attempt, and what gave up.
 * A batch has the id of its unit of work; leases and attempts stand there.
 */
export class FreightJobs extends Migration {
  override up(): void {
    for (const sql of [
      ...schema('freight'),
      `create table freight.job (
         tenant_id uuid not null,
         id uuid not null,
         kind text not null check (kind in ('import')),
         state text not null check (state in ('planning', 'running', 'paused', 'cancelling', 'completed',
           'completed_with_errors', 'failed', 'cancelled')),
         phase text not null default 'planning' check (phase in ('planning', 'records', 'done')),
         upload_id uuid not null,
         source_name text,
         source_bytes bigint not null,
         source_sha256 text not null,
         declared_format jsonb not null,
         format jsonb,
         mapping jsonb not null,
         mapping_version integer not null default 1,
         options jsonb not null,
         priority text not null check (priority in ('interactive', 'normal', 'bulk')),
         max_failed integer check (max_failed >= 0),
         max_failed_bps integer check (max_failed_bps between 0 and 10000),
         on_budget text not null check (on_budget in ('pause', 'fail', 'continue')),
         idempotency_key text,
         total_rows bigint,
         planned_batches integer,
         last_batch_no integer not null default 0,
         has_superseded boolean not null default false,
         unmapped jsonb not null default '[]',
         failure_code text,
         failure_message text,
         created_by text not null,
         created_at timestamptz not null default clock_timestamp(),
         started_at timestamptz,
         finished_at timestamptz,
         updated_at timestamptz not null default clock_timestamp(),
         version integer not null default 1,
         primary key (tenant_id, id),
         check ((failure_code is null) = (failure_message is null)),
         check (num_nulls(total_rows, planned_batches) in (0, 2))
       ) with (fillfactor = 70)`,
      `create unique index job_idempotency on freight.job (tenant_id, idempotency_key) where idempotency_key is not null`,
      `create index job_open on freight.job (tenant_id) where phase <> 'done'`,
      `create index job_created on freight.job (tenant_id, created_at, id)`,
      ...guard('freight.job', { app_rt: WRITE, app_worker: WRITE, app_platform: 'select' }),
      acrossTenants('freight.job', 'app_platform', 'select'),

      `create table freight.job_counter (
         tenant_id uuid not null,
         job_id uuid not null,
         shard smallint not null,
         ${columns([...OUTCOMES, 'retried'])},
         ${columns(['release_created', 'release_updated', 'release_unchanged'])},
         ${columns(['stock_created', 'stock_updated', 'stock_unchanged'])},
         primary key (tenant_id, job_id, shard)
       ) with (fillfactor = 50)`,
      ...guard('freight.job_counter', { app_rt: 'select', app_worker: WRITE, app_platform: 'select' }),
      acrossTenants('freight.job_counter', 'app_platform', 'select'),

      `create table freight.batch (
         tenant_id uuid not null,
         id uuid not null,
         job_id uuid not null,
         no integer not null,
         origin text not null check (origin in ('plan', 'retry', 'part')),
         state text not null default 'waiting'
           check (state in ('waiting', 'done', 'done_with_failures', 'dead', 'split', 'cancelled')),
         row_from bigint not null,
         row_count integer not null check (row_count > 0),
         byte_from bigint not null,
         byte_to bigint not null check (byte_to >= byte_from),
         line_from bigint not null,
         rows bigint[],
         occurrences integer[],
         record_attempt smallint not null default 1,
         created integer not null default 0,
         updated integer not null default 0,
         unchanged integer not null default 0,
         skipped integer not null default 0,
         failed integer not null default 0,
         duration_ms integer,
         error_class text,
         error_code text,
         error text,
         finished_at timestamptz,
         primary key (tenant_id, id),
         unique (tenant_id, job_id, no),
         check ((finished_at is null) = (state = 'waiting'))
       ) with (fillfactor = 70)`,
      `create index batch_waiting on freight.batch (tenant_id, job_id) where state = 'waiting'`,
      `create index batch_finished on freight.batch (tenant_id, finished_at) where state in ('done', 'done_with_failures')`,
      ...guard('freight.batch', { app_rt: WRITE, app_worker: `${WRITE}, delete` }),

      // Only rows that another row of the file takes over, wholly or in its release: most files leave none.
      `create table freight.superseded (
         tenant_id uuid not null,
         job_id uuid not null,
         part text not null check (part in ('record', 'release')),
         row_no bigint not null,
         by_row bigint not null,
         primary key (tenant_id, job_id, part, row_no)
       )`,
      `create index superseded_by on freight.superseded (tenant_id, job_id, by_row) where part = 'release'`,
      ...guard('freight.superseded', { app_worker: 'select, insert, delete' }),

      `create table freight.record_log (
         tenant_id uuid not null,
         job_id uuid not null,
         row_no bigint not null,
         attempt smallint not null,
         batch_no integer not null,
         outcome smallint not null check (outcome between 1 and 5),
         class smallint,
         code text,
         field text,
         message text,
         external_id text,
         release_id uuid,
         release_action smallint,
         release_version integer,
         stock_id uuid,
         stock_action smallint,
         stock_version integer,
         at timestamptz not null,
         primary key (tenant_id, job_id, row_no, attempt)
       )`,
      `create index record_log_not_done on freight.record_log (tenant_id, job_id, outcome, row_no) where outcome >= 4`,
      ...guard('freight.record_log', { app_rt: 'select', app_worker: 'select, insert' }),
      `create view freight.record_latest with (security_invoker = true) as
         select distinct on (tenant_id, job_id, row_no) * from freight.record_log order by tenant_id, job_id, row_no, attempt desc`,
      `create view freight.record_target with (security_invoker = true) as
         select tenant_id, job_id, row_no, attempt, 'release' as target, release_id as target_id, release_action as action,
           release_version as version_after from freight.record_log where release_id is not null
         union all
         select tenant_id, job_id, row_no, attempt, 'stock', stock_id, stock_action, stock_version
         from freight.record_log where stock_id is not null`,
      `grant select on freight.record_latest, freight.record_target to app_rt, app_worker`,

      `create table freight.retry_policy (
         tenant_id uuid primary key,
         policy jsonb not null,
         version integer not null default 1,
         updated_at timestamptz not null default clock_timestamp()
       )`,
      ...guard('freight.retry_policy', { app_rt: WRITE, app_worker: 'select' }),

      `create table freight.dead_letter (
         tenant_id uuid not null,
         id uuid not null,
         job_id uuid not null,
         batch_id uuid not null,
         row_no bigint,
         class text not null,
         code text not null,
         message text not null,
         raw text,
         attempts integer not null,
         state text not null default 'open' check (state in ('open', 'requeued', 'resolved', 'discarded')),
         first_at timestamptz not null default clock_timestamp(),
         last_at timestamptz not null default clock_timestamp(),
         closed_by text,
         version integer not null default 1,
         primary key (tenant_id, id),
         unique nulls not distinct (tenant_id, job_id, batch_id, row_no)
       ) with (fillfactor = 70)`,
      `create index dead_letter_last on freight.dead_letter (tenant_id, last_at, id)`,
      ...guard('freight.dead_letter', { app_rt: 'select, update', app_worker: WRITE }),
    ]) {
      this.addSql(sql);
    }
  }
}
