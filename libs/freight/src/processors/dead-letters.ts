import { Injectable } from '@nestjs/common';
import { newUuid } from '#platform/kernel';
import type { Unit } from '#platform/persistence';
import type { BatchRow } from '../batch-rows.js';
import type { FailureClass } from '../domain/failure-class.js';
import type { Reason, RecordResult } from '../domain/record-outcome.js';
import type { ReadyRecord } from '../targets/record-targets.js';

/** Failures that somebody must look at; a wrong value is in the log, where its owner finds it. */
const KEPT: ReadonlySet<FailureClass> = new Set(['reference', 'permanent', 'poison_batch', 'internal', 'transient']);
/** What is kept of a record: enough to see what it was. */
const RAW_LENGTH = 16_384;

/** What gave up, kept until somebody has dealt with it. */
@Injectable()
export class DeadLetters {
  /** Keeps the records of a batch that failed for more than a wrong value, and closes those that have now gone through. */
  async keep(
    unit: Unit,
    batch: BatchRow,
    { results, ready }: { results: readonly RecordResult[]; ready: readonly ReadyRecord[] },
  ): Promise<void> {
    const dead = results.filter(({ outcome, reason }) => outcome === 'failed' && reason && KEPT.has(reason.class));
    if (batch.recordAttempt > 1)
      await this.resolve(
        unit,
        batch,
        results.filter(({ outcome }) => outcome !== 'failed'),
      );
    if (dead.length === 0) return;
    const raws = new Map(ready.map(({ rowNo, cells }) => [rowNo, cells]));
    for (const { rowNo, reason } of dead)
      if (reason) await this.add(unit, batch, { rowNo, reason, raw: JSON.stringify(raws.get(rowNo)) ?? null });
  }

  /** Keeps a record, or a whole batch where no row is given. A letter about the same thing is renewed. */
  async add(
    unit: Unit,
    { jobId, id, recordAttempt }: BatchRow,
    { rowNo, reason, raw }: { rowNo: number | null; reason: Reason; raw: string | null },
  ): Promise<void> {
    await unit.run(
      `insert into freight.dead_letter as d (tenant_id, id, job_id, batch_id, row_no, class, code, message, raw, attempts)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       on conflict (tenant_id, job_id, batch_id, row_no) do update set class = excluded.class, code = excluded.code,
         message = excluded.message, raw = coalesce(excluded.raw, d.raw), attempts = excluded.attempts, state = 'open',
         last_at = clock_timestamp(), version = d.version + 1`,
      [
        unit.tenantId,
        newUuid(),
        jobId,
        id,
        rowNo,
        reason.class,
        reason.code,
        reason.message.slice(0, 500),
        raw?.slice(0, RAW_LENGTH) ?? null,
        recordAttempt,
      ],
    );
  }

  private async resolve(unit: Unit, { jobId, id }: BatchRow, gone: readonly RecordResult[]): Promise<void> {
    await unit.run(
      `update freight.dead_letter set state = 'resolved', version = version + 1, last_at = clock_timestamp()
       where tenant_id = $1 and job_id = $2 and state in ('open', 'requeued') and (row_no = any($3) or batch_id = $4 and row_no is null)`,
      [unit.tenantId, jobId, gone.map(({ rowNo }) => rowNo), id],
    );
  }
}
