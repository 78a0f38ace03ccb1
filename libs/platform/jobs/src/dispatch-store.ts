import { Inject, Injectable } from '@nestjs/common';
import { PLATFORM_TENANT_ID } from '#platform/kernel';
import { type Unit, UnitOfWork } from '#platform/persistence';
import type { Caps } from './fair-share.js';
import type { WorkRef } from './work-transport.js';

/** A tenant with work that can be handed out, as far as the dispatcher must know it. */
export interface ReadyTenant extends Caps {
  readonly tenantId: string;
  readonly weight: number;
  readonly paused: boolean;
  /** Per lane, how much waits; counted up to what was asked for. */
  readonly ready: readonly number[];
}

/** Work that shares its turn: one job's units of one kind, or all loose tasks of a kind. */
export interface Group {
  readonly kind: string;
  readonly parentId: string;
}

/** How much to take from a lane of a tenant, and the group that had the last turn there. */
export interface Take {
  readonly tenantId: string;
  readonly lane: number;
  readonly count: number;
  readonly after: Group;
}

/** What was taken. */
export interface Taken extends WorkRef, Group {
  readonly lane: number;
}

/** What has become due. */
export interface Due {
  /** In how many ms the next work becomes due; undefined when none will. */
  readonly dueInMs: number | undefined;
  /** Whether any repetition can be handed out. */
  readonly repetitionsWait: boolean;
}

/** Which tenants to look at. */
export interface Look {
  readonly kinds: readonly string[];
  /** Tenants from this one on, in the order of their ids. */
  readonly from: string;
  readonly tenants: number;
  /** Count no further in each lane. */
  readonly upTo: number;
  /** Only those with repetitions that are due. */
  readonly againOnly: boolean;
}

const QUEUED = `state = 'pending' and dispatched_at is not null`;
/** As the index `task_in_flight` has it. */
const IN_FLIGHT = `(state = 'running' or (${QUEUED}))`;
const LANE = 'case when attempts > 0 then 0 else priority + 1 end';
/** A round's next statement comes at once; after so long it will not. */
const FROZEN_MS = 2_000;
/**
 * One dispatcher at a time, so that none shares out what another is giving away. Any number; it is the only one. Without sorts every
 * statement of the round walks `task_ready` in its order: after a large insert the planner knows no numbers yet and else sorts all that
 * waits (measured with 100,000 units: 75 ms instead of 1). A round takes some ms; who freezes in the middle of one loses its session and
 * with it the lock, or nobody would hand out until it wakes up.
 */
const ALONE = `
  select pg_try_advisory_xact_lock(5202611) as alone, set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true),
    set_config('idle_in_transaction_session_timeout', '${FROZEN_MS}', true),
    exists (select from jobs.tenant_flow where tenant_id = $1 and paused_at is not null) as paused`;
const PROMOTED_AT_ONCE = 1_000;

/** The dispatcher's statements on `jobs.task`; each finds what it needs by an index, however much waits. */
@Injectable()
export class DispatchStore {
  constructor(@Inject(UnitOfWork) private readonly work: UnitOfWork) {}

  /**
   * Runs a round alone. Does not wait for another one that is at it: what it was to hand out is less by then.
   * @param othersAtIt told when the round was not run for that
   * @returns undefined when it was not run, for that or because all work is paused
   */
  alone<T>(round: (unit: Unit) => Promise<T>, othersAtIt: () => void = () => undefined): Promise<T | undefined> {
    return this.work.run({ tenantId: PLATFORM_TENANT_ID }, async (unit) => {
      const [row] = await unit.prepared<{ alone: boolean; paused: boolean }>('jobs_alone', ALONE, [PLATFORM_TENANT_ID]);
      if (!row?.alone) othersAtIt();
      return row?.alone && !row.paused ? round(unit) : undefined;
    });
  }

  /** Gives a lane to what has become due. */
  async promote(unit: Unit): Promise<Due> {
    const [row] = await unit.prepared<{ dueInMs: number | null; repetitionsWait: boolean }>('jobs_promote', PROMOTE, [
      PROMOTED_AT_ONCE,
    ]);
    return { dueInMs: row?.dueInMs ?? undefined, repetitionsWait: row?.repetitionsWait ?? false };
  }

  /** Work that was handed over longer ago and led to nothing can be handed over again. @returns how many */
  requeueLost(unit: Unit, afterMs: number): Promise<number> {
    return unit.run(
      `update jobs.task set dispatched_at = null, lane = ${LANE}
       where ${IN_FLIGHT} and ${QUEUED} and dispatched_at < statement_timestamp() - $1 * interval '1 ms'`,
      [afterMs],
    );
  }

  /** The next tenants that have work. */
  tenants(unit: Unit, { kinds, from, tenants, upTo, againOnly }: Look): Promise<ReadyTenant[]> {
    const name = againOnly ? 'jobs_tenants_again' : 'jobs_tenants';
    return unit.prepared<ReadyTenant & Record<string, unknown>>(
      name,
      TENANTS(againOnly ? 'lane = 0' : 'lane is not null'),
      [from, tenants, kinds, upTo],
    );
  }

  /** Marks work as handed over: within each lane the groups take turns, within a group the order is the work's. */
  take(unit: Unit, kinds: readonly string[], takes: readonly Take[]): Promise<Taken[]> {
    return unit.prepared<Taken & Record<string, unknown>>('jobs_take', TAKE, [
      takes.map((take) => take.tenantId),
      takes.map((take) => take.lane),
      takes.map((take) => take.count),
      takes.map((take) => take.after.kind),
      takes.map((take) => take.after.parentId),
      kinds,
    ]);
  }

  /** Notes what is left in the buckets of tenants that have a rate. */
  async spend(unit: Unit, left: ReadonlyMap<string, number>): Promise<void> {
    if (left.size === 0) return;
    await unit.run(
      `update jobs.tenant_flow f set tokens = l.tokens, refilled_at = clock_timestamp()
       from unnest($1::uuid[], $2::float8[]) as l(tenant_id, tokens) where f.tenant_id = l.tenant_id`,
      [[...left.keys()], [...left.values()]],
    );
  }
}

const LATER = `state = 'pending' and lane is null and not held and dispatched_at is null`;
const PROMOTE = `
  with due as (
    select tenant_id, id from jobs.task where ${LATER} and run_at <= statement_timestamp()
    order by run_at limit $1 for update skip locked),
  moved as (
    update jobs.task t set lane = ${LANE} from due where t.tenant_id = due.tenant_id and t.id = due.id returning lane)
  select exists (select from moved where lane = 0) or exists (select from jobs.task where lane = 0) as "repetitionsWait",
     case when (select count(*) from moved) = $1 then 0 else (
    select extract(epoch from min(run_at) - statement_timestamp())::float8 * 1000 from jobs.task
    where ${LATER} and run_at > statement_timestamp()) end as "dueInMs"`;

/** Steps from tenant to tenant by the index instead of reading what waits: a distinct over a million rows takes a second. */
const TENANTS = (ready: string): string => `
  with recursive ring as (
    (select tenant_id, 1 as n from jobs.task where ${ready} and tenant_id >= $1 order by tenant_id limit 1)
    union all
    select (select t.tenant_id from jobs.task t where ${ready} and t.tenant_id > ring.tenant_id order by t.tenant_id limit 1),
      n + 1
    from ring where ring.tenant_id is not null and n < $2)
  select ring.tenant_id as "tenantId", coalesce(f.weight, 1) as weight, f.paused_at is not null as paused,
    f.max_in_flight as "maxInFlight", f.units_per_minute as "unitsPerMinute", coalesce(f.tokens, 0) as tokens,
    coalesce(extract(epoch from clock_timestamp() - f.refilled_at) * 1000, 0)::float8 as "sinceMs",
    (select count(*)::int from jobs.task t where t.tenant_id = ring.tenant_id and ${IN_FLIGHT}) as "inFlight",
    array(
      select (select count(*)::int from (
        select from jobs.task t where t.tenant_id = ring.tenant_id and t.lane = l.lane and t.kind = any($3)
        order by t.kind, t.parent_id, t.ordinal, t.id limit $4) counted)
      from generate_series(0, 3) as l(lane) order by l.lane) as ready
  from ring left join jobs.tenant_flow f on f.tenant_id = ring.tenant_id
  where ring.tenant_id is not null order by ring.n`;

/** Groups of kinds that nobody here knows take no turn, but are stepped over: so many at most. */
const STEPPED_OVER = 32;
const TAKE = `
  with recursive want as (
    select * from unnest($1::uuid[], $2::smallint[], $3::int[], $4::text[], $5::uuid[])
      as w(tenant_id, lane, take, after_kind, after_parent)),
  walk as (
    select w.*, w.after_kind as kind, w.after_parent as parent_id, false as wrapped, 0 as n from want w
    union all
    select walk.tenant_id, walk.lane, walk.take, walk.after_kind, walk.after_parent, next.kind, next.parent_id, next.wrapped, n + 1
    from walk cross join lateral (
      (select t.kind, t.parent_id, walk.wrapped from jobs.task t
       where t.tenant_id = walk.tenant_id and t.lane = walk.lane and (t.kind, t.parent_id) > (walk.kind, walk.parent_id)
       order by t.kind, t.parent_id limit 1)
      union all
      (select t.kind, t.parent_id, true from jobs.task t
       where t.tenant_id = walk.tenant_id and t.lane = walk.lane and not walk.wrapped
       order by t.kind, t.parent_id limit 1)
      limit 1) as next(kind, parent_id, wrapped)
    where walk.n < walk.take + ${STEPPED_OVER}
      and not (next.wrapped and (next.kind, next.parent_id) > (walk.after_kind, walk.after_parent))),
  turns as (
    select walk.tenant_id, walk.lane, walk.take, u.id,
      row_number() over (partition by walk.tenant_id, walk.lane order by u.depth, walk.n) as turn
    from walk cross join lateral (
      select t.id, row_number() over (order by t.ordinal, t.id) as depth from jobs.task t
      where t.tenant_id = walk.tenant_id and t.lane = walk.lane and t.kind = walk.kind and t.parent_id = walk.parent_id
      order by t.ordinal, t.id limit walk.take) u
    where walk.n > 0 and walk.kind = any($6)),
  moved as (
    update jobs.task t set dispatch_no = t.dispatch_no + 1, dispatched_at = clock_timestamp(), lane = null
    from turns where turns.turn <= turns.take and t.tenant_id = turns.tenant_id and t.id = turns.id and t.lane = turns.lane
    returning t.tenant_id, t.id, t.dispatch_no, t.kind, t.parent_id, turns.lane, turns.turn)
  select tenant_id as "tenantId", id as "taskId", dispatch_no as "dispatchNo", kind, parent_id as "parentId", lane
  from moved order by turn`;
