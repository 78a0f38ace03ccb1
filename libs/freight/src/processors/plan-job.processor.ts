import { Inject, Injectable, Logger } from '@nestjs/common';
import { UploadStorage } from '#libs/files';
import {
  type ClaimedTask,
  type Death,
  type ITaskHandler,
  type Pause,
  type TaskEffect,
  TaskHandler,
  type TaskRun,
  Tasks,
} from '#platform/jobs';
import type { Unit } from '#platform/persistence';
import { insertBatches, type NewBatch } from '../batch-rows.js';
import { batchRows } from '../domain/batch-size.js';
import { isOver } from '../domain/job-lifecycle.js';
import { FREIGHT_SETTINGS, type FreightSettings } from '../freight.settings.js';
import { changeJob, FINISH_LOOK_MS, findJob, type JobRow, lockedJob, type UnmappedCount, WORK } from '../job-rows.js';
import { MappingRefused } from '../mapping/columns.js';
import { UnmappedBucket } from '../mapping/findings.js';
import { type PlannedBatch, planRows } from '../planning/plan.js';
import { detectFormat, HEAD_BYTES } from '../sources/detect-format.js';
import { readRows } from '../sources/rows.js';
import type { SourceFormat } from '../sources/source-format.js';
import { bytesOf, SourceRefused } from '../sources/source-refused.js';
import { JobReader } from './job-reader.js';
import { CODES } from '../domain/codes.js';

/** A 1 GB file is read in a few minutes. */
const TIMEOUT_MS = 60 * 60_000;
/** Batches that are written at a time. */
const WRITTEN_AT_ONCE = 200;
/** The tenant's last batches, of which the next batch size is made. */
const LATEST_BATCHES = 50;
/** Different unknown texts that are kept; a column of remarks mapped as grades by mistake has thousands. */
const MOST_UNMAPPED = 200;

const NOT_PLANNED = 'The file could not be read to its end for a reason that is ours. Start the job again later.';

/** What a source holds. */
interface Plan {
  readonly format: SourceFormat;
  readonly totalRows: number;
  readonly batches: number;
  readonly hasSuperseded: boolean;
  readonly unmapped: readonly UnmappedCount[];
}

/** Reads a job's source once: cuts it into batches and finds the keys that stand in it more than once. */
@Injectable()
@TaskHandler({ kind: WORK.plan, timeoutMs: TIMEOUT_MS })
export class PlanJob implements ITaskHandler {
  private readonly logger = new Logger('Freight');

  constructor(
    @Inject(UploadStorage) private readonly storage: UploadStorage,
    @Inject(JobReader) private readonly reader: JobReader,
    @Inject(Tasks) private readonly tasks: Tasks,
    @Inject(FREIGHT_SETTINGS) private readonly settings: FreightSettings,
  ) {}

  async run(task: TaskRun): Promise<TaskEffect | void> {
    const job = await task.step((unit) => this.begin(unit, task.parentId));
    if (!job) return;
    const size = job.options.batchSize ?? batchRows(await task.step(lately));
    const plan = await this.plan(task, job, size);
    return (unit) => this.planned(unit, job.id, plan);
  }

  judge(_task: ClaimedTask, error: unknown): Promise<Pause | 'dead' | undefined> {
    return Promise.resolve(refusalIn(error) ? 'dead' : undefined);
  }

  /** The job fails with what is wrong with its source; no record of it was tried. */
  async dead(unit: Unit, task: ClaimedTask, { error, cause }: Death): Promise<void> {
    const job = await lockedJob(unit, task.parentId);
    if (isOver(job.state)) return;
    const refusal = refusalIn(cause);
    const failure = refusal ?? { code: CODES.planningFailed, message: NOT_PLANNED };
    // What happened may name places of this machine: it is the operator's, not the store's.
    if (!refusal) this.logger.error({ msg: 'a source could not be planned', jobId: job.id, error });
    await changeJob(unit, job.id, { state: 'failed', phase: 'done', failure, finished: true });
  }

  /** What an earlier attempt wrote goes. Undefined when the job was stopped before it began. */
  private async begin(unit: Unit, jobId: string): Promise<JobRow | undefined> {
    const job = await findJob(unit, jobId);
    if (!job || job.phase !== 'planning' || job.state === 'cancelling' || isOver(job.state)) return undefined;
    for (const table of ['batch', 'superseded']) {
      await unit.run(`delete from freight.${table} where tenant_id = $1 and job_id = $2`, [unit.tenantId, jobId]);
    }
    await changeJob(unit, jobId, { started: true });
    return job;
  }

  private async plan(task: TaskRun, job: JobRow, batchSize: number): Promise<Plan> {
    const format = await this.format(job);
    const { tenantId, uploadId, options } = job;
    const bytes = this.storage.open(tenantId, uploadId, { start: format.dataFrom });
    const toRecord = this.reader.mapping({ ...job, format });
    const unmapped = new UnmappedBucket(MOST_UNMAPPED);
    const planned = planRows(readRows(bytesOf(bytes), format), toRecord, {
      batchSize,
      maxRows: this.settings.fileRows,
      duplicates: options.duplicates,
      stockTarget: job.mapping.stock !== undefined,
      onUnmapped: (found) => unmapped.add(found),
    });
    let [totalRows, batches, hasSuperseded] = [0, 0, false];
    let pending: PlannedBatch[] = [];
    const write = async (): Promise<void> => {
      const written = pending;
      pending = [];
      await task.step((unit) => this.write(unit, job.id, { firstNo: batches + 1, planned: written }));
      batches += written.length;
    };
    for await (const batch of planned) {
      pending.push(batch);
      totalRows += batch.rowCount;
      hasSuperseded ||= batch.superseded.length + batch.releaseSuperseded.length > 0;
      if (pending.length >= WRITTEN_AT_ONCE) await write();
    }
    if (pending.length > 0) await write();
    return { format, totalRows, batches, hasSuperseded, unmapped: unmapped.list() };
  }

  /** @throws SourceRefused */
  private async format({ tenantId, uploadId, sourceBytes, declaredFormat }: JobRow): Promise<SourceFormat> {
    const chunks: Buffer[] = [];
    const end = Math.min(HEAD_BYTES, sourceBytes);
    if (end > 0)
      for await (const chunk of bytesOf(this.storage.open(tenantId, uploadId, { start: 0, end }))) chunks.push(chunk);
    const head = Buffer.concat(chunks);
    return detectFormat(head, head.length >= sourceBytes, declaredFormat);
  }

  private async write(
    unit: Unit,
    jobId: string,
    { firstNo, planned }: { firstNo: number; planned: readonly PlannedBatch[] },
  ): Promise<void> {
    const batches = planned.map(({ rowFrom, rowCount, byteFrom, byteTo, lineFrom, occurrences }): NewBatch => {
      const isPlain = occurrences.every((occurrence) => occurrence <= 1);
      const shape = { rowFrom, rowCount, byteFrom, byteTo, lineFrom, rows: null };
      return { ...shape, origin: 'plan', occurrences: isPlain ? null : [...occurrences], recordAttempt: 1 };
    });
    await insertBatches(unit, jobId, { firstNo, batches });
    const taken = planned.flatMap(({ superseded, releaseSuperseded }) => [
      ...superseded.map((row) => ({ part: 'record', ...row })),
      ...releaseSuperseded.map((row) => ({ part: 'release', ...row })),
    ]);
    if (taken.length === 0) return;
    await unit.run(
      `insert into freight.superseded (tenant_id, job_id, part, row_no, by_row)
       select $1, $2, s.* from unnest($3::text[], $4::bigint[], $5::bigint[]) as s`,
      [unit.tenantId, jobId, taken.map(({ part }) => part), taken.map(({ rowNo }) => rowNo), taken.map(({ by }) => by)],
    );
  }

  /** The batches become work, in the transaction in which planning is done. */
  private async planned(
    unit: Unit,
    jobId: string,
    { format, totalRows, batches, hasSuperseded, unmapped }: Plan,
  ): Promise<void> {
    const job = await lockedJob(unit, jobId);
    await unit.run(
      `update freight.job set format = $3, total_rows = $4, planned_batches = $5, last_batch_no = $5,
         has_superseded = $6, unmapped = $7
       where tenant_id = $1 and id = $2`,
      [unit.tenantId, jobId, JSON.stringify(format), totalRows, batches, hasSuperseded, JSON.stringify(unmapped)],
    );
    await this.tasks.enqueue({
      tenantId: unit.tenantId,
      kind: WORK.finish,
      parentId: jobId,
      priority: 'interactive',
      key: jobId,
      runAt: new Date(Date.now() + FINISH_LOOK_MS),
    });
    if (job.state === 'cancelling') {
      const cancel = `update freight.batch set state = 'cancelled', finished_at = clock_timestamp() where tenant_id = $1 and job_id = $2`;
      await unit.run(cancel, [unit.tenantId, jobId]);
      return changeJob(unit, jobId, { phase: 'records' });
    }
    const rows = await unit.rows<{ id: string; no: number }>(
      'select id, no from freight.batch where tenant_id = $1 and job_id = $2 order by no',
      [unit.tenantId, jobId],
    );
    const order = { parentId: jobId, priority: job.priority, held: job.state === 'paused', maxAttempts: 1_000 };
    await this.tasks.enqueueAll(
      WORK.batch,
      order,
      rows.map(({ id, no }) => ({ id, ordinal: no })),
    );
    await changeJob(unit, jobId, { phase: 'records', ...(job.state === 'planning' && { state: 'running' }) });
  }
}

/** What is wrong with the source or with its mapping, where that is what went wrong. */
function refusalIn(error: unknown): { code: string; message: string } | undefined {
  if (error instanceof SourceRefused) return { code: error.code, message: error.message };
  return error instanceof MappingRefused ? { code: CODES.mappingRefused, message: error.message } : undefined;
}

/** What a row took in the tenant's last batches, in ms. */
async function lately(unit: Unit): Promise<number | undefined> {
  const row = await unit.row<{ msPerRow: number | null }>(
    `select sum(duration_ms)::float8 / nullif(sum(row_count), 0) as "msPerRow" from (
       select duration_ms, row_count from freight.batch where tenant_id = $1 and state in ('done', 'done_with_failures')
       order by finished_at desc limit $2) latest`,
    [unit.tenantId, LATEST_BATCHES],
  );
  return row?.msPerRow ?? undefined;
}
