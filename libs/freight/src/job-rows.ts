import { checkIfMatch, type IfMatchCondition, notFound } from '#platform/http';
import type { Unit } from '#platform/persistence';
import type { OnBudget } from './domain/budget.js';
import type { JobPhase, JobState, RecordCounts } from './domain/job-lifecycle.js';
import type { JobOptions } from './job-options.js';
import type { Mapping } from './mapping/mapping.js';
import type { DeclaredFormat, SourceFormat } from './sources/source-format.js';

/** Kinds of Freight's work. */
export const WORK = { plan: 'freight.plan', batch: 'freight.batch', finish: 'freight.finish' } as const;

/**
 * How soon a job's finisher looks by itself. The end of the last batch wakes it; this is for a worker that died between the two. Often
 * would be dear: each look is a turn of the tenant.
 */
export const FINISH_LOOK_MS = 15_000;

/** A text of the file that nothing is known of, such as a word for a grade. */
export interface UnmappedCount {
  readonly field: string;
  readonly value: string;
  readonly count: number;
}

/** A job as its row says. */
export interface JobRow {
  readonly tenantId: string;
  readonly id: string;
  readonly state: JobState;
  readonly phase: JobPhase;
  readonly uploadId: string;
  readonly sourceName: string | null;
  readonly sourceBytes: number;
  readonly sourceSha256: string;
  readonly declaredFormat: DeclaredFormat;
  readonly format: SourceFormat | null;
  readonly mapping: Mapping;
  readonly mappingVersion: number;
  readonly options: JobOptions;
  readonly priority: 'interactive' | 'normal' | 'bulk';
  readonly maxFailed: number | null;
  readonly maxFailedBps: number | null;
  readonly onBudget: OnBudget;
  readonly totalRows: number | null;
  readonly plannedBatches: number | null;
  /** Some rows are taken over by others of the file. */
  readonly hasSuperseded: boolean;
  /** Texts that nothing is known of, with how often they came. */
  readonly unmapped: readonly UnmappedCount[];
  readonly failureCode: string | null;
  readonly failureMessage: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly updatedAt: Date;
  readonly version: number;
}

/** Columns of `freight.job as j` by the names of JobRow. */
export const JOB_COLUMNS = `j.tenant_id as "tenantId", j.id, j.state, j.phase, j.upload_id as "uploadId", j.source_name as "sourceName",
  j.source_bytes as "sourceBytes", j.source_sha256 as "sourceSha256", j.declared_format as "declaredFormat", j.format, j.mapping,
  j.mapping_version as "mappingVersion", j.options, j.priority, j.max_failed as "maxFailed", j.max_failed_bps as "maxFailedBps",
  j.on_budget as "onBudget", j.total_rows as "totalRows", j.planned_batches as "plannedBatches",
  j.has_superseded as "hasSuperseded", j.unmapped, j.failure_code as "failureCode", j.failure_message as "failureMessage",
  j.created_at as "createdAt", j.started_at as "startedAt", j.finished_at as "finishedAt", j.updated_at as "updatedAt", j.version`;

/** A job of the unit's tenant, or undefined. */
export function findJob(unit: Unit, id: string): Promise<JobRow | undefined> {
  return unit.row<JobRow & Record<string, unknown>>(
    `select ${JOB_COLUMNS} from freight.job j where j.tenant_id = $1 and j.id = $2`,
    [unit.tenantId, id],
  );
}

/** As above, locked until the unit ends. @throws http.not_found, http.precondition_failed */
export async function lockedJob(unit: Unit, id: string, ifMatch?: IfMatchCondition): Promise<JobRow> {
  const job = await unit.row<JobRow & Record<string, unknown>>(
    `select ${JOB_COLUMNS} from freight.job j where j.tenant_id = $1 and j.id = $2 for update`,
    [unit.tenantId, id],
  );
  if (!job) throw notFound();
  checkIfMatch(ifMatch, job.version);
  return job;
}

/** What a command or a processor changes of a job. */
export interface JobChange {
  readonly state?: JobState;
  readonly phase?: JobPhase;
  readonly failure?: { readonly code: string; readonly message: string } | null;
  readonly started?: true;
  /** True: it is over now; false: it goes on again. */
  readonly finished?: boolean;
}

/** Changes a job's row; its version grows. */
export async function changeJob(
  unit: Unit,
  id: string,
  { state, phase, failure, started, finished }: JobChange,
): Promise<void> {
  await unit.run(
    `update freight.job set version = version + 1, updated_at = clock_timestamp(), state = coalesce($3, state),
       phase = coalesce($4, phase),
       failure_code = case when $5 then $6 else failure_code end, failure_message = case when $5 then $7 else failure_message end,
       started_at = case when $8 then coalesce(started_at, clock_timestamp()) else started_at end,
       finished_at = case when $9::boolean is null then finished_at when $9 then clock_timestamp() end
     where tenant_id = $1 and id = $2`,
    [
      unit.tenantId,
      id,
      state ?? null,
      phase ?? null,
      failure !== undefined,
      failure?.code ?? null,
      failure?.message ?? null,
      started ?? false,
      finished ?? null,
    ],
  );
}

/** Counts of a job: records by their latest outcome, and what was made of each kind. */
export interface JobCounts extends RecordCounts {
  readonly retried: number;
  readonly releaseCreated: number;
  readonly releaseUpdated: number;
  readonly releaseUnchanged: number;
  readonly stockCreated: number;
  readonly stockUpdated: number;
  readonly stockUnchanged: number;
}

const COUNTERS = {
  created: 'created',
  updated: 'updated',
  unchanged: 'unchanged',
  skipped: 'skipped',
  failed: 'failed',
  retried: 'retried',
  releaseCreated: 'release_created',
  releaseUpdated: 'release_updated',
  releaseUnchanged: 'release_unchanged',
  stockCreated: 'stock_created',
  stockUpdated: 'stock_updated',
  stockUnchanged: 'stock_unchanged',
} as const satisfies Record<keyof JobCounts, string>;
const NAMES = Object.keys(COUNTERS) as (keyof JobCounts)[];
const SQL_NAMES = NAMES.map((name) => COUNTERS[name]);

/** Sums over the shards of `freight.job_counter as c` by the names of JobCounts. */
export const COUNT_SUMS = NAMES.map((name) => `coalesce(sum(c.${COUNTERS[name]}), 0)::bigint as "${name}"`).join(', ');

/** A job's counts. */
export async function countsOf(unit: Unit, jobId: string): Promise<JobCounts> {
  const [row] = await unit.prepared<JobCounts & Record<string, unknown>>(
    'freight_counts',
    `select ${COUNT_SUMS} from freight.job_counter c where c.tenant_id = $1 and c.job_id = $2`,
    [unit.tenantId, jobId],
  );
  if (!row) throw new Error('a sum has a row');
  return row;
}

/** Counters of a job stand in so many rows: batches that commit at the same time seldom wait for each other. */
const SHARDS = 8;
const ADD = `
  insert into freight.job_counter as c (tenant_id, job_id, shard, ${SQL_NAMES.join(', ')})
  values ($1, $2, $3, ${SQL_NAMES.map((_name, index) => `$${index + 4}`).join(', ')})
  on conflict (tenant_id, job_id, shard) do update set ${SQL_NAMES.map((name) => `${name} = c.${name} + excluded.${name}`).join(', ')}`;

/** Adds to a job's counts; a number can be negative where a repetition changes an outcome. */
export async function addCounts(
  unit: Unit,
  job: { jobId: string; batchNo: number },
  counts: Partial<JobCounts>,
): Promise<void> {
  const values = NAMES.map((name) => counts[name] ?? 0);
  await unit.prepared('freight_add_counts', ADD, [unit.tenantId, job.jobId, job.batchNo % SHARDS, ...values]);
}
