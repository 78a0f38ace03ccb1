import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import {
  CursorCodec,
  type CursorRow,
  field,
  Flag,
  IdOf,
  Instant,
  ListPlan,
  type ListRequest,
  type ListSpec,
  notFound,
  oneOfRule,
  type Page,
  PageQuery,
  textRule,
  pageOf,
} from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { FAILURE_CLASSES, type FailureClass } from '../domain/failure-class.js';
import { OUTCOMES, type Outcome } from '../domain/record-outcome.js';
import { objectRule } from '../freight.views.js';
import { findJob } from '../job-rows.js';

/** Why a record was not taken over. */
export class RecordReasonView {
  class!: FailureClass;
  /** @example "mapping.not_money" */
  code!: string;
  /**
   * Member of the mapping, or place in the file.
   * @example "stock.price"
   */
  field!: string | null;
  /** @example "The price cannot be read. Found: call us" */
  message!: string;
}

/** What one attempt at one record came to. */
export class RecordLogView {
  /**
   * From 1; the header does not count.
   * @example 17
   */
  row!: number;
  /** @example 1 */
  attempt!: number;
  /** @example 1 */
  batchNo!: number;
  outcome!: Outcome;
  /**
   * By what the record is known again.
   * @example "2568011#1"
   */
  key!: string | null;
  @field(objectRule, { nullable: true })
  reason!: RecordReasonView | null;
  @IdOf('release', { nullable: true })
  releaseId!: string | null;
  @IdOf('stockItem', { nullable: true })
  stockItemId!: string | null;
  @Instant()
  at!: string;
}

export class RecordLogParameters extends PageQuery {
  @Flag({ optional: true, description: 'true: earlier attempts at records are listed too.' })
  readonly history?: boolean;
}

/** Words stand for the numbers of the log. */
const number = (words: readonly string[], column: string): string =>
  `(array[${words.map((word) => `'${word}'`).join(', ')}])[${column}]`;

/** What a job's log can be asked for. The id is made of the attempt, which makes the order total. */
export const RECORD_LOGS: ListSpec<RecordLogParameters> = {
  name: 'record-logs',
  id: `lpad(l.attempt::text, 32, '0')::uuid`,
  sort: { row: { sql: 'l.row_no', type: 'bigint' } },
  defaultSort: 'row',
  filters: {
    outcome: { sql: number(OUTCOMES, 'l.outcome'), type: 'text', rule: oneOfRule(OUTCOMES) },
    class: {
      sql: `coalesce(${number(FAILURE_CLASSES, 'l.class')}, '')`,
      type: 'text',
      rule: oneOfRule(FAILURE_CLASSES),
    },
    code: { sql: `coalesce(l.code, '')`, type: 'text', rule: textRule({ max: 100 }) },
  },
  query: RecordLogParameters,
};

/** The log of a job: one line per record, its latest attempt. */
export class ListRecordLogs extends Query<Page<RecordLogView>> {
  constructor(
    readonly actor: Actor,
    readonly jobId: string,
    readonly request: ListRequest<RecordLogParameters>,
  ) {
    super();
  }
}

interface LogRow extends CursorRow {
  readonly row: number;
  readonly attempt: number;
  readonly batchNo: number;
  readonly outcome: Outcome;
  readonly class: FailureClass | null;
  readonly code: string | null;
  readonly field: string | null;
  readonly message: string | null;
  readonly key: string | null;
  readonly releaseId: string | null;
  readonly stockItemId: string | null;
  readonly at: Date;
}

const COLUMNS = `l.row_no as row, l.attempt, l.batch_no as "batchNo", ${number(OUTCOMES, 'l.outcome')} as outcome,
  ${number(FAILURE_CLASSES, 'l.class')} as class, l.code, l.field, l.message, l.external_id as key,
  l.release_id as "releaseId", l.stock_id as "stockItemId", l.at`;
const LATEST = `not exists (select from freight.record_log later where later.tenant_id = l.tenant_id and later.job_id = l.job_id
  and later.row_no = l.row_no and later.attempt > l.attempt)`;
/** Failed and skipped lines have an index of their own, which the filter by words cannot use. */
const NOT_DONE = `l.outcome >= 4`;

@QueryHandler(ListRecordLogs)
export class ListRecordLogsHandler implements IQueryHandler<ListRecordLogs> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: CursorCodec,
  ) {}

  async execute({ actor: { tenantId }, jobId, request }: ListRecordLogs): Promise<Page<RecordLogView>> {
    const unit = this.work.current();
    if (!(await findJob(unit, jobId))) throw notFound();
    const { history = false } = request.query;
    const spec = { ...RECORD_LOGS, name: `${RECORD_LOGS.name} ${jobId} ${history}` };
    const list = new ListPlan(spec, request, { tenantId, cursors: this.cursors, values: [tenantId, jobId] });
    const conditions = [
      'l.tenant_id = $1',
      'l.job_id = $2',
      ...(history ? [] : [LATEST]),
      ...(asksForRest(request) ? [NOT_DONE] : []),
    ];
    return pageOf<LogRow, RecordLogView>(unit, list, {
      columns: COLUMNS,
      from: `freight.record_log l where ${conditions.join(' and ')}`,
      view: logView,
    });
  }
}

/** Whether the filters leave only failed and skipped records. */
function asksForRest({ filters }: ListRequest): boolean {
  return filters.some(
    ({ name, values }) =>
      name !== 'outcome' || values.every((outcome) => outcome === 'failed' || outcome === 'skipped'),
  );
}

function logView({
  class: failure,
  code,
  field: place,
  message,
  releaseId,
  stockItemId,
  at,
  ...row
}: LogRow): RecordLogView {
  return {
    row: row.row,
    attempt: row.attempt,
    batchNo: row.batchNo,
    outcome: row.outcome,
    key: row.key,
    reason: failure === null ? null : { class: failure, code: code ?? '', field: place, message: message ?? '' },
    releaseId: releaseId && formatId('release', releaseId),
    stockItemId: stockItemId && formatId('stockItem', stockItemId),
    at: at.toISOString(),
  };
}
