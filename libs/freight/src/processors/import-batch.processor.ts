import { Inject, Injectable } from '@nestjs/common';
import {
  type ClaimedTask,
  type Death,
  type ITaskHandler,
  type Pause,
  type TaskEffect,
  TaskHandler,
  type TaskRun,
} from '#platform/jobs';
import { DomainError } from '#platform/kernel';
import { type Unit, UnitOfWork } from '#platform/persistence';
import { type BatchRow, findBatch } from '../batch-rows.js';
import { OUTCOMES, outcomeOf, type RecordResult } from '../domain/record-outcome.js';
import { pauseMs, ruleFor } from '../domain/retry-plan.js';
import { freightMetrics } from '../freight.metrics.js';
import { addCounts, findJob, type JobRow, WORK } from '../job-rows.js';
import { appendLog, countsIn } from '../record-log.js';
import { RetryPolicies } from '../retry-policies.js';
import { SourceRefused } from '../sources/source-refused.js';
import { bisect } from '../targets/bisect.js';
import { type ReadyRecord, RecordTargets } from '../targets/record-targets.js';
import { BatchDeaths } from './batch-deaths.js';
import { classOfError } from './class-of-error.js';
import { DeadLetters } from './dead-letters.js';
import { JobProgress } from './job-progress.js';
import { JobReader, type MappedRow } from './job-reader.js';
import { sortRecords } from './record-fates.js';
import { CODES } from '../domain/codes.js';

/** A batch that takes longer has failed: a thousand times what is aimed at. */
const TIMEOUT_MS = 5 * 60_000;

/** Takes one batch of records over: read and mapped outside, written with its log and its counts in one unit under its lease. */
@Injectable()
@TaskHandler({ kind: WORK.batch, timeoutMs: TIMEOUT_MS })
export class ImportBatch implements ITaskHandler {
  constructor(
    @Inject(UnitOfWork) private readonly work: UnitOfWork,
    @Inject(JobReader) private readonly reader: JobReader,
    @Inject(RecordTargets) private readonly targets: RecordTargets,
    @Inject(RetryPolicies) private readonly policies: RetryPolicies,
    @Inject(DeadLetters) private readonly deadLetters: DeadLetters,
    @Inject(JobProgress) private readonly progress: JobProgress,
    @Inject(BatchDeaths) private readonly deaths: BatchDeaths,
  ) {}

  async run(task: TaskRun): Promise<TaskEffect | void> {
    const startedAt = performance.now();
    const found = await this.work.run({ tenantId: task.tenantId, readOnly: true }, async (unit) => ({
      batch: await findBatch(unit, task.id),
      job: await findJob(unit, task.parentId),
    }));
    const { batch, job } = found;
    if (!batch || !job) throw new Error('a unit of work has its batch and its job');
    if (batch.state !== 'waiting') return;
    const records = await this.reader.read(job, batch);
    return (unit) => this.take(unit, { job, batch, records, startedAt });
  }

  async judge(task: ClaimedTask, error: unknown): Promise<Pause | 'dead'> {
    if (error instanceof SourceRefused) return 'dead';
    const policy = await this.work.run({ tenantId: task.tenantId, readOnly: true }, (unit) =>
      this.policies.ofJob(unit, task.parentId),
    );
    const rule = ruleFor(policy, classOfError(error));
    if (!rule) return 'dead';
    if (
      error instanceof DomainError &&
      error.members.retryAfterSeconds !== undefined &&
      classOfError(error) === 'rate_limited'
    ) {
      return { afterMs: error.members.retryAfterSeconds * 1_000, counts: false };
    }
    if (task.attempt >= rule.maxAttempts) return 'dead';
    return { afterMs: pauseMs(rule, task.attempt, Math.random()), counts: true };
  }

  async dead(unit: Unit, task: ClaimedTask, death: Death): Promise<void> {
    await this.deaths.bury(unit, task, {
      ...death,
      class: death.reason === 'poison' ? 'poison_batch' : classOfError(death.cause),
    });
  }

  private async take(
    unit: Unit,
    {
      job,
      batch,
      records,
      startedAt,
    }: { job: JobRow; batch: BatchRow; records: readonly MappedRow[]; startedAt: number },
  ): Promise<void> {
    await unit.setLocal(BY_INDEX);
    const sorted = await sortRecords(unit, job, batch, records);
    const { ready } = sorted;
    const results = [...sorted.decided, ...(await this.apply(unit, job, ready))].sort((a, b) => a.rowNo - b.rowNo);
    const { jobId, no: batchNo, recordAttempt: attempt } = batch;
    await appendLog(unit, { jobId, batchNo, attempt }, results);
    await this.deadLetters.keep(unit, batch, { results, ready });
    const counts = countsIn(results, attempt > 1);
    const numbers = OUTCOMES.map((outcome) => results.filter((result) => result.outcome === outcome).length);
    await this.finish(unit, batch, { numbers, durationMs: Math.round(performance.now() - startedAt) });
    await addCounts(unit, { jobId, batchNo }, counts);
    await this.progress.batchIsOver(
      unit,
      job,
      results.some(({ outcome }) => outcome === 'failed'),
    );
    unit.afterCommit(() => {
      OUTCOMES.forEach((outcome, index) => freightMetrics.records.inc({ outcome }, numbers[index] ?? 0));
    });
  }

  private async apply(unit: Unit, job: JobRow, ready: readonly ReadyRecord[]): Promise<RecordResult[]> {
    const of = { tenantId: job.tenantId, jobId: job.id, source: job.mapping.source, options: job.options };
    const applied = await bisect(unit, ready, (part) => this.targets.apply(of, part));
    return ready.map(({ rowNo, key }, index): RecordResult => {
      const answer = applied[index];
      if (!answer) throw new Error('every record has an answer');
      if ('refused' in answer)
        return { rowNo, key, outcome: 'failed', reason: { class: 'permanent', ...answer.refused } };
      const { release, stock } = answer.done;
      const failure = release?.outcome === 'failed' ? release : stock?.outcome === 'failed' ? stock : undefined;
      const outcome = outcomeOf(release, stock);
      const nothing = {
        class: 'validation',
        code: CODES.nothingToMake,
        message: 'The mapping makes nothing of it.',
      } as const;
      const reason = failure ?? (outcome === 'skipped' ? nothing : undefined);
      return { rowNo, key, outcome, release, stock, reason };
    });
  }

  /** @param numbers of records by outcome, in the order of OUTCOMES */
  private async finish(
    unit: Unit,
    { id }: BatchRow,
    { numbers, durationMs }: { numbers: readonly number[]; durationMs: number },
  ): Promise<void> {
    const state = numbers[OUTCOMES.indexOf('failed')] === 0 ? 'done' : 'done_with_failures';
    await unit.prepared('freight_batch_done', BATCH_DONE, [unit.tenantId, id, state, ...numbers, durationMs]);
  }
}

/**
 * A plan for a thousand keys that was made when a store's first rows came in would read whole tables, and is kept until they are analysed:
 * a large first import would look through all it has written in each batch.
 */
const BY_INDEX = { enable_seqscan: 'off' };
const BATCH_DONE = `
  update freight.batch set state = $3, created = $4, updated = $5, unchanged = $6, skipped = $7, failed = $8, duration_ms = $9,
    error_class = null, error_code = null, error = null, finished_at = clock_timestamp()
  where tenant_id = $1 and id = $2 and state = 'waiting'`;
