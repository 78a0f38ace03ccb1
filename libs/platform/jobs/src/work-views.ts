import { Inject, Injectable } from '@nestjs/common';
import { UnitOfWork } from '#platform/persistence';
import type { UnitsOf } from './work-control.js';

/** Where a unit of work stands. `queued` work was handed over and has not begun. */
export type WorkState = 'held' | 'waiting' | 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** One unit of work, as far as it can be told to its tenant. */
export interface WorkView {
  readonly id: string;
  readonly kind: string;
  readonly state: WorkState;
  /** Attempts begun. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly nextRunAt: Date | null;
  readonly error: string | null;
}

/** How much work there is of a kind. */
export interface QueueView {
  readonly kind: string;
  readonly held: number;
  /** Due, and not handed over. */
  readonly ready: number;
  /** Waits for its time or its next attempt. */
  readonly delayed: number;
  readonly queued: number;
  readonly running: number;
  readonly failed: number;
  /** How long the oldest due work has waited. */
  readonly oldestReadyMs: number;
}

/** A worker, as far as its work for a tenant goes. */
export interface WorkerView {
  readonly id: string;
  readonly slots: number;
  /** Of them in use, for whatever tenant. */
  readonly busy: number;
  /** Of them in use for those whose work the reader may see. */
  readonly running: number;
  readonly rssBytes: number;
  readonly loopLagMs: number;
  readonly draining: boolean;
  readonly startedAt: Date;
  readonly beatAt: Date;
}

/** No number is counted beyond it: a list of queues stays cheap when millions wait. */
const COUNTED = 100_000;
const QUEUED = `state = 'pending' and dispatched_at is not null`;
const STATE = `case when state <> 'pending' then state when held then 'held' when dispatched_at is not null then 'queued' else 'waiting' end`;
const COLUMNS = `id, kind, ${STATE} as state, attempts as attempt, max_attempts as "maxAttempts",
  case when state = 'pending' and not held then run_at end as "nextRunAt", error`;

/** Looks at work in the open unit: a tenant sees its own, the operator's pool all. */
@Injectable()
export class WorkViews {
  constructor(@Inject(UnitOfWork) private readonly work: UnitOfWork) {}

  /** These units of the unit's tenant, by id; unknown ones are missing. */
  async byIds(ids: readonly string[]): Promise<Map<string, WorkView>> {
    const unit = this.work.current();
    const rows = await unit.rows<WorkView & Record<string, unknown>>(
      `select ${COLUMNS} from jobs.task where tenant_id = $1 and id = any($2)`,
      [unit.tenantId, ids],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** The job's units that have failed before and wait for another attempt, the next one first. */
  retrying({ parentId, kind }: UnitsOf, limit: number): Promise<WorkView[]> {
    const unit = this.work.current();
    return unit.rows<WorkView & Record<string, unknown>>(
      `select ${COLUMNS} from jobs.task
       where tenant_id = $1 and parent_id = $2 and kind = $3 and finished_at is null and state = 'pending' and attempts > 0
         and error is not null
       order by run_at limit $4`,
      [unit.tenantId, parentId, kind, limit],
    );
  }

  /** How much work there is, by kind; each number counted up to 100,000. */
  queues(): Promise<QueueView[]> {
    return this.work.current().rows<QueueView & Record<string, unknown>>(
      `select kind, count(*) filter (where held)::int as held, count(*) filter (where lane is not null)::int as ready,
         count(*) filter (where state = 'pending' and not held and lane is null and dispatched_at is null)::int as delayed,
         count(*) filter (where ${QUEUED})::int as queued, count(*) filter (where state = 'running')::int as running,
         count(*) filter (where state = 'failed')::int as failed,
         coalesce(extract(epoch from statement_timestamp() - min(run_at) filter (where lane is not null)) * 1000, 0)::int
           as "oldestReadyMs"
       from (
         (select * from jobs.task where finished_at is null limit ${COUNTED}) union all
         (select * from jobs.task where state = 'failed' limit ${COUNTED})) work
       group by kind order by kind`,
    );
  }

  /** The workers that were heard of in the last ten seconds. */
  workers(): Promise<WorkerView[]> {
    return this.work.current().rows<WorkerView & Record<string, unknown>>(
      `select w.id, w.slots, w.busy, w.rss_bytes as "rssBytes", round(w.loop_lag_ms)::int as "loopLagMs", w.draining,
         w.started_at as "startedAt", w.beat_at as "beatAt",
         (select count(*)::int from jobs.task t where t.state = 'running' and t.lease_owner = w.id) as running
       from jobs.worker w where w.beat_at > statement_timestamp() - interval '10 seconds' order by w.started_at, w.id`,
    );
  }
}
