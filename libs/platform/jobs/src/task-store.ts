import { Inject, Injectable } from '@nestjs/common';
import { PLATFORM_TENANT_ID } from '#platform/kernel';
import { type Unit, UnitOfWork } from '#platform/persistence';
import type { WorkRef } from './work-transport.js';

/** A task this worker holds: what PostgreSQL says of it. */
export interface ClaimedTask {
  readonly tenantId: string;
  readonly id: string;
  readonly kind: string;
  /** The job it is part of; the nil UUID for work that stands alone. */
  readonly parentId: string;
  readonly payload: unknown;
  /** Which attempt this is, from 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** How many workers died or froze over it. */
  readonly losses: number;
  /** Names this hold; a later one has a higher token. */
  readonly leaseToken: number;
  readonly trace: string | null;
}

/** Who claims, what it can do, and for how long it may be silent. */
export interface Holder {
  readonly owner: string;
  readonly kinds: readonly string[];
  readonly leaseMs: number;
}

/** How much is waiting. */
export interface Backlog {
  /** Due tasks that nobody works on; 10,000 stands for all numbers above it. */
  readonly waiting: number;
  readonly oldestDueSeconds: number;
  readonly failed: number;
}

/** How long to wait before the next attempt, and whether this one is one of those allowed. */
export interface Pause {
  readonly afterMs: number;
  readonly counts: boolean;
}

/** Why a ref could not be claimed. */
export type Refusal = 'stale' | 'tampered';

/** The lease of a task has gone to another worker: nothing it did in the open transaction may stay. */
export class LeaseLost extends Error {
  constructor() {
    super('the lease on the task was lost');
  }
}

/** Work that so many workers died or froze over is not given to another one. */
export const MOST_LOSSES = 3;

const UNLEASED = 'lease_owner = null, lease_token = null, lease_until = null';
/** As the index `task_in_flight` has it. */
const LOST = `(state = 'running' or (state = 'pending' and dispatched_at is not null))
  and state = 'running' and lease_until < statement_timestamp()`;
const BEYOND_HOPE = '(attempts >= max_attempts or losses + 1 >= $1)';
const CLAIMED = `t.tenant_id as "tenantId", t.id, t.kind, t.parent_id as "parentId", t.payload, t.attempts as attempt,
  t.max_attempts as "maxAttempts", t.losses, t.lease_token as "leaseToken", t.trace`;
/** What a session calls itself while it works under a lease. */
const SESSION = 'recrate-work:';
const HELD = `tenant_id = $1 and id = $2 and lease_token = $3 and state = 'running'`;
const held = (task: ClaimedTask): unknown[] => [task.tenantId, task.id, task.leaseToken];

/**
 * The statements on `jobs.task`. Times are the database's. Each change states what the row must still be, so that of two
 * workers with the same idea one changes nothing.
 */
@Injectable()
export class TaskStore {
  constructor(@Inject(UnitOfWork) private readonly work: UnitOfWork) {}

  /** Takes the tasks of dead workers away from them, as far as they can be repeated. */
  takeBack(): Promise<{ kind: string; leaseToken: number }[]> {
    return this.control((unit) =>
      unit.rows(
        `with lost as (
           select tenant_id, id, lease_token from jobs.task where ${LOST} and not ${BEYOND_HOPE}
           order by lease_until limit 100 for update skip locked)
         update jobs.task t set ${UNLEASED}, state = 'pending', dispatched_at = null, lane = 0, losses = losses + 1,
           error = format('worker %s died or froze in attempt %s', lease_owner, attempts)
         from lost where t.tenant_id = lost.tenant_id and t.id = lost.id
         returning t.kind, lost.lease_token as "leaseToken"`,
        [MOST_LOSSES],
      ),
    );
  }

  /** Those that cannot: to be ended one by one. */
  lostForGood(kinds: readonly string[]): Promise<(ClaimedTask & { readonly owner: string })[]> {
    return this.control((unit) =>
      unit.rows(
        `select ${CLAIMED}, t.lease_owner as owner from jobs.task t
         where ${LOST} and ${BEYOND_HOPE} and kind = any($2) order by lease_until limit 20`,
        [MOST_LOSSES, kinds],
      ),
    );
  }

  /** Ends the sessions that still work under these leases: a frozen worker's open transaction would block whoever goes on. */
  async cutOff(tokens: readonly number[]): Promise<void> {
    await this.control((unit) =>
      unit.rows(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = any($1) and usename = current_user and datname = current_database()`,
        [tokens.map((token) => SESSION + token)],
      ),
    );
  }

  /** Claims the task for the holder if the ref is the newest hand-over of a waiting task; else undefined. */
  claim(ref: WorkRef, holder: Holder): Promise<ClaimedTask | undefined> {
    return this.control((unit) =>
      unit.row<ClaimedTask>(
        `with free as (
           select tenant_id, id from jobs.task
           where tenant_id = $1 and id = $2 and dispatch_no = $3 and dispatched_at is not null
             and state = 'pending' and kind = any($5)
           for update skip locked)
         update jobs.task t set state = 'running', attempts = attempts + 1, lease_owner = $4,
           lease_token = nextval('jobs.lease_token'), lease_until = clock_timestamp() + $6 * interval '1 ms'
         from free where t.tenant_id = free.tenant_id and t.id = free.id
         returning ${CLAIMED}`,
        [ref.tenantId, ref.taskId, ref.dispatchNo, holder.owner, holder.kinds, holder.leaseMs],
      ),
    );
  }

  /** Why nothing was claimed: a repeated or overtaken delivery, or a ref that was never handed out. */
  async refusal({ tenantId, taskId, dispatchNo }: WorkRef): Promise<Refusal> {
    const row = await this.control((unit) =>
      unit.row<{ dispatchNo: number }>(
        'select dispatch_no as "dispatchNo" from jobs.task where tenant_id = $1 and id = $2',
        [tenantId, taskId],
      ),
    );
    return row && dispatchNo <= row.dispatchNo ? 'stale' : 'tampered';
  }

  /** Makes sure that the open transaction commits only while the lease is held: call it last. @throws LeaseLost */
  async fence(unit: Unit, task: ClaimedTask): Promise<void> {
    const row = await unit.row(`select 1 as held from jobs.task where ${HELD} for share`, held(task));
    if (!row) throw new LeaseLost();
  }

  /** Marks the task as done in the transaction of its effect. @throws LeaseLost, which takes the effect back */
  async finish(unit: Unit, task: ClaimedTask): Promise<void> {
    const count = await unit.run(
      `update jobs.task set state = 'done', finished_at = clock_timestamp(), error = null, ${UNLEASED} where ${HELD}`,
      held(task),
    );
    if (count === 0) throw new LeaseLost();
  }

  /** Names the session of the open transaction after the lease it works under, until it ends. */
  async name(unit: Unit, { leaseToken }: ClaimedTask): Promise<void> {
    await unit.prepared('jobs_name', `select set_config('application_name', $1, true)`, [SESSION + leaseToken]);
  }

  /** Notes a failed attempt: again after the pause. False when the lease was lost. */
  async again(task: ClaimedTask, error: string, { afterMs, counts }: Pause): Promise<boolean> {
    const count = await this.control((unit) =>
      unit.run(
        `update jobs.task set state = 'pending', dispatched_at = null, run_at = clock_timestamp() + $5 * interval '1 ms',
           attempts = attempts - $6, error = $4, ${UNLEASED} where ${HELD}`,
        [...held(task), error, afterMs, counts ? 0 : 1],
      ),
    );
    return count > 0;
  }

  /** Fails the task for good in the open transaction. False when the lease was lost. */
  async end(unit: Unit, task: ClaimedTask, error: string): Promise<boolean> {
    const count = await unit.run(
      `update jobs.task set state = 'failed', finished_at = clock_timestamp(), error = $4, ${UNLEASED} where ${HELD}`,
      [...held(task), error],
    );
    return count > 0;
  }

  /** Gives tasks back unfinished, as if the attempt had not been: another worker takes them at once. */
  async release(tokens: readonly number[], owner: string): Promise<void> {
    await this.control((unit) =>
      unit.run(
        `update jobs.task set state = 'pending', attempts = attempts - 1, dispatched_at = null, lane = 0, ${UNLEASED}
         where state = 'running' and lease_owner = $1 and lease_token = any($2)`,
        [owner, tokens],
      ),
    );
  }

  /** Numbers for metrics. */
  async backlog(): Promise<Backlog> {
    const row = await this.control((unit) =>
      unit.row<Backlog>(
        `select (select count(*) from (select from jobs.task where lane is not null limit 10000) due) as waiting,
           coalesce((select extract(epoch from statement_timestamp() - min(run_at)) from (
             select run_at from jobs.task where lane is not null limit 10000) due), 0)::float8 as "oldestDueSeconds",
           (select count(*) from jobs.task where state = 'failed') as failed`,
      ),
    );
    return row ?? { waiting: 0, oldestDueSeconds: 0, failed: 0 };
  }

  /** The dispatcher's and the claims' statements see the control rows of all tenants and nothing else. */
  private control<T>(work: (unit: Unit) => Promise<T>): Promise<T> {
    return this.work.run({ tenantId: PLATFORM_TENANT_ID }, work);
  }
}
