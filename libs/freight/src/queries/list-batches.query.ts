import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import {
  CursorCodec,
  type CursorRow,
  IdOf,
  Instant,
  ListPlan,
  type ListRequest,
  type ListSpec,
  notFound,
  oneOfRule,
  type Page,
  pageOf,
} from '#platform/http';
import { type WorkView, WorkViews } from '#platform/jobs';
import { type Actor, formatId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { BATCH_COLUMNS, BATCH_STATES, type BatchRow, type BatchState } from '../batch-rows.js';
import { instant, saidOfAttempt } from '../freight.views.js';
import { findJob } from '../job-rows.js';

/** A batch: what is committed and repeated together. */
export class BatchView {
  /** `bat_` and 26 letters. */
  @IdOf('batch')
  id!: string;
  /** @example 1 */
  no!: number;
  /** Made by planning, to try failed records again, or as a part of one that cost workers. */
  origin!: 'plan' | 'retry' | 'part';
  state!: BatchState;
  /** What a waiting batch waits for; null once it is over. */
  work!: 'held' | 'waiting' | 'queued' | 'running' | null;
  /** @example 1 */
  firstRow!: number;
  /** @example 1000 */
  rows!: number;
  /** @example 990 */
  created!: number;
  /** @example 0 */
  updated!: number;
  /** @example 0 */
  unchanged!: number;
  /** @example 0 */
  skipped!: number;
  /** @example 10 */
  failed!: number;
  /**
   * Attempts that were begun.
   * @example 1
   */
  attempts!: number;
  @Instant({ nullable: true })
  nextAttemptAt!: string | null;
  /**
   * What went wrong last.
   * @example null
   */
  error!: string | null;
  /** @example 183 */
  durationMs!: number | null;
  @Instant({ nullable: true })
  finishedAt!: string | null;
}

/** What a job's batches can be asked for. */
export const BATCHES: ListSpec = {
  name: 'batches',
  id: 'b.id',
  sort: { no: { sql: 'b.no', type: 'integer' } },
  defaultSort: 'no',
  filters: { state: { sql: 'b.state', type: 'text', rule: oneOfRule(BATCH_STATES) } },
};

/** A job's batches in order. */
export class ListBatches extends Query<Page<BatchView>> {
  constructor(
    readonly actor: Actor,
    readonly jobId: string,
    readonly request: ListRequest,
  ) {
    super();
  }
}

interface ListedBatch extends BatchRow, CursorRow {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly skipped: number;
  readonly failed: number;
  readonly durationMs: number | null;
  readonly error: string | null;
  readonly finishedAt: Date | null;
}

@QueryHandler(ListBatches)
export class ListBatchesHandler implements IQueryHandler<ListBatches> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly views: WorkViews,
    private readonly cursors: CursorCodec,
  ) {}

  async execute({ actor: { tenantId }, jobId, request }: ListBatches): Promise<Page<BatchView>> {
    const unit = this.work.current();
    if (!(await findJob(unit, jobId))) throw notFound();
    const spec = { ...BATCHES, name: `${BATCHES.name} ${jobId}` };
    const list = new ListPlan(spec, request, { tenantId, cursors: this.cursors, values: [tenantId, jobId] });
    const { data, page } = await pageOf<ListedBatch, ListedBatch>(unit, list, {
      columns: `${BATCH_COLUMNS}, b.created, b.updated, b.unchanged, b.skipped, b.failed, b.duration_ms as "durationMs", b.error,
        b.finished_at as "finishedAt"`,
      from: 'freight.batch b where b.tenant_id = $1 and b.job_id = $2',
      view: (row) => row,
    });
    const units = await this.views.byIds(data.map(({ id }) => id));
    return { data: data.map((batch) => batchView(batch, units.get(batch.id))), page };
  }
}

function batchView(batch: ListedBatch, unit: WorkView | undefined): BatchView {
  const { no, origin, state, created, updated, unchanged, skipped, failed, durationMs } = batch;
  return {
    id: formatId('batch', batch.id),
    no,
    origin,
    state,
    work: state === 'waiting' ? workState(unit) : null,
    firstRow: batch.rows?.[0] ?? batch.rowFrom,
    rows: batch.rowCount,
    ...{ created, updated, unchanged, skipped, failed },
    attempts: unit?.attempt ?? 0,
    nextAttemptAt: state === 'waiting' ? instant(unit?.nextRunAt ?? null) : null,
    error: batch.error ?? saidOfAttempt(unit?.error),
    durationMs,
    finishedAt: instant(batch.finishedAt),
  };
}

function workState(unit: WorkView | undefined): BatchView['work'] {
  const state = unit?.state;
  return state === 'held' || state === 'queued' || state === 'running' ? state : 'waiting';
}
