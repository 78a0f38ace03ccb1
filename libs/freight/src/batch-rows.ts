import type { Unit } from '#platform/persistence';
import { newUuid } from '#platform/kernel';
import { type Priority, Tasks } from '#platform/jobs';
import { WORK } from './job-rows.js';

export const BATCH_STATES = ['waiting', 'done', 'done_with_failures', 'dead', 'split', 'cancelled'] as const;
export type BatchState = (typeof BATCH_STATES)[number];

/** A batch as its row says. */
export interface BatchRow {
  readonly id: string;
  readonly jobId: string;
  readonly no: number;
  readonly origin: 'plan' | 'retry' | 'part';
  readonly state: BatchState;
  readonly rowFrom: number;
  readonly rowCount: number;
  readonly byteFrom: number;
  readonly byteTo: number;
  /** Line of the first byte, for the places of faults. */
  readonly lineFrom: number;
  /** The rows it is about, where it is not all of its bytes. */
  readonly rows: readonly number[] | null;
  /** Of each row from `rowFrom` on: its place among those with its key; null: all are the first. */
  readonly occurrences: readonly number[] | null;
  /** Which attempt at its records it is, from 1. */
  readonly recordAttempt: number;
}

/** Columns of `freight.batch as b` by the names of BatchRow. Numbers in a list come as numbers only when they are floats. */
export const BATCH_COLUMNS = `b.id, b.job_id as "jobId", b.no, b.origin, b.state, b.row_from as "rowFrom", b.row_count as "rowCount",
  b.byte_from as "byteFrom", b.byte_to as "byteTo", b.line_from as "lineFrom", b.rows::float8[] as rows, b.occurrences, b.record_attempt as "recordAttempt"`;

/** A batch of the unit's tenant, or undefined. */
export async function findBatch(unit: Unit, id: string): Promise<BatchRow | undefined> {
  const [row] = await unit.prepared<BatchRow & Record<string, unknown>>(
    'freight_batch',
    `select ${BATCH_COLUMNS} from freight.batch b where b.tenant_id = $1 and b.id = $2`,
    [unit.tenantId, id],
  );
  return row;
}

/** The numbers of the rows that a batch is about. */
export function rowsOf({
  rows,
  rowFrom,
  rowCount,
}: Pick<BatchRow, 'rows' | 'rowFrom' | 'rowCount'>): readonly number[] {
  return rows ?? Array.from({ length: rowCount }, (_, index) => rowFrom + index);
}

/** A batch to be made. */
export type NewBatch = Omit<BatchRow, 'id' | 'jobId' | 'no' | 'state'>;

/** Numbers for so many new batches of a job; the job's row stays locked until the unit ends. @returns the first of them */
export async function takeNumbers(unit: Unit, jobId: string, count: number): Promise<number> {
  const row = await unit.row<{ last: number }>(
    `update freight.job set last_batch_no = last_batch_no + $3 where tenant_id = $1 and id = $2 returning last_batch_no as last`,
    [unit.tenantId, jobId, count],
  );
  if (!row) throw new Error('the job is there: its work is');
  return row.last - count + 1;
}

/** Inserts batches under numbers from `firstNo` on. @returns their ids, in order */
export async function insertBatches(
  unit: Unit,
  jobId: string,
  { firstNo, batches }: { firstNo: number; batches: readonly NewBatch[] },
): Promise<string[]> {
  const ids = batches.map(() => newUuid());
  const rows = batches.map((batch, index) => ({
    id: ids[index],
    no: firstNo + index,
    origin: batch.origin,
    row_from: batch.rowFrom,
    row_count: batch.rowCount,
    byte_from: batch.byteFrom,
    byte_to: batch.byteTo,
    line_from: batch.lineFrom,
    rows: batch.rows,
    occurrences: batch.occurrences,
    record_attempt: batch.recordAttempt,
  }));
  await unit.run(
    `insert into freight.batch (tenant_id, job_id, id, no, origin, row_from, row_count, byte_from, byte_to, line_from, rows,
       occurrences, record_attempt)
     select $1, $2, n.* from jsonb_to_recordset($3::jsonb) as n(id uuid, no integer, origin text, row_from bigint, row_count integer,
       byte_from bigint, byte_to bigint, line_from bigint, rows bigint[], occurrences integer[], record_attempt smallint)`,
    [unit.tenantId, jobId, JSON.stringify(rows)],
  );
  return ids;
}

/** How new batches take their turn. */
export interface BatchOrder {
  readonly jobId: string;
  readonly priority: Priority;
  readonly held: boolean;
  /** Workers lost over their rows so far. */
  readonly losses: number;
}

/** Most attempts a unit may have: how many a batch really gets, its tenant's retry policy says at each failure. */
const MOST_ATTEMPTS = 1_000;

/** Makes batches of a job and the units of work that carry them out, in the open unit. */
export async function addBatches(
  unit: Unit,
  tasks: Tasks,
  { order, batches }: { order: BatchOrder; batches: readonly NewBatch[] },
): Promise<string[]> {
  if (batches.length === 0) return [];
  const { jobId, priority, held, losses } = order;
  const firstNo = await takeNumbers(unit, jobId, batches.length);
  const ids = await insertBatches(unit, jobId, { firstNo, batches });
  await tasks.enqueueAll(
    WORK.batch,
    { parentId: jobId, priority, held, maxAttempts: MOST_ATTEMPTS },
    ids.map((id, index) => ({ id, ordinal: firstNo + index, losses })),
  );
  return ids;
}
