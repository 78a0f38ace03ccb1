import type { Unit } from '#platform/persistence';
import type { BatchRow } from '../batch-rows.js';
import { fateOfDuplicate } from '../domain/duplicates.js';
import type { RecordResult } from '../domain/record-outcome.js';
import type { JobRow } from '../job-rows.js';
import type { ReadyRecord } from '../targets/record-targets.js';
import type { MappedRow } from './job-reader.js';

/** Records of a batch: those that are decided already, and those to be taken over. */
export interface Sorted {
  readonly decided: readonly RecordResult[];
  readonly ready: readonly ReadyRecord[];
}

/** What planning knows of a batch's rows, by row number. */
interface TakenOver {
  /** By which row the record is. */
  readonly records: ReadonlyMap<number, number>;
  /** Rows whose release another row writes. */
  readonly releases: ReadonlySet<number>;
}

const NOTHING: TakenOver = { records: new Map(), releases: new Set() };

/** Decides each record by itself and by what planning knows of the whole file, so that the order of the batches does not matter. */
export async function sortRecords(
  unit: Unit,
  job: JobRow,
  batch: BatchRow,
  records: readonly MappedRow[],
): Promise<Sorted> {
  const taken = job.hasSuperseded ? await takenOver(unit, job.id, records) : NOTHING;
  const decided: RecordResult[] = [];
  const ready: ReadyRecord[] = [];
  for (const { row, mapped } of records) {
    const { rowNo } = row;
    const result = row.fault ? unreadable(row.fault) : unmappable(mapped.faults[0]);
    const byRow = taken.records.get(rowNo);
    const key = keyOf(mapped, batch, rowNo);
    if (result) decided.push({ rowNo, key, ...result });
    else if (byRow !== undefined) decided.push({ rowNo, key, ...fateOfDuplicate(job.options.duplicates, byRow) });
    else ready.push(readyRecord({ row, mapped }, key, taken.releases.has(rowNo)));
  }
  return { decided, ready };
}

function keyOf({ key, copies }: MappedRow['mapped'], batch: BatchRow, rowNo: number): string | undefined {
  if (key === undefined || !copies) return key;
  const occurrence = batch.occurrences?.[rowNo - batch.rowFrom] ?? 1;
  // Planning could not read the key that a corrected mapping finds: the row itself tells it from the other copies.
  return occurrence === 0 ? `${key}#row-${rowNo}` : `${key}#${occurrence}`;
}

function readyRecord({ row, mapped }: MappedRow, key: string | undefined, leavesRelease: boolean): ReadyRecord {
  const { releaseKey, release, stock } = mapped;
  return {
    rowNo: row.rowNo,
    key,
    releaseKey,
    release,
    stock,
    leavesRelease,
    cells: row.cells,
  };
}

type Failed = Pick<RecordResult, 'outcome' | 'reason'>;

function unreadable({ code, message, line, column }: NonNullable<MappedRow['row']['fault']>): Failed {
  const field = `line ${line}, column ${column}`;
  return { outcome: 'failed', reason: { class: 'validation', code, field, message } };
}

function unmappable(fault: MappedRow['mapped']['faults'][number] | undefined): Failed | undefined {
  if (!fault) return undefined;
  const { code, field, message, value } = fault;
  const found = value === undefined ? message : `${message} Found: ${value}`;
  return { outcome: 'failed', reason: { class: 'validation', code, field, message: found } };
}

/**
 * Batches whose rows write the same releases take turns until they commit, for both would look before either has written.
 */
async function takenOver(unit: Unit, jobId: string, records: readonly MappedRow[]): Promise<TakenOver> {
  const rows = await unit.rows<{ part: string; rowNo: number; byRow: number }>(
    `select part, row_no as "rowNo", by_row as "byRow" from freight.superseded
     where tenant_id = $1 and job_id = $2 and row_no = any($3)
     union
     select part, row_no, by_row from freight.superseded
     where tenant_id = $1 and job_id = $2 and part = 'release' and by_row = any($3)`,
    [unit.tenantId, jobId, records.map(({ row }) => row.rowNo)],
  );
  const releases = rows.filter(({ part }) => part === 'release');
  if (releases.length > 0)
    await unit.rows(`select pg_advisory_xact_lock(hashtextextended('freight ' || $1, 0))`, [jobId]);
  return {
    records: new Map(rows.filter(({ part }) => part === 'record').map(({ rowNo, byRow }) => [rowNo, byRow])),
    releases: new Set(releases.map(({ rowNo }) => rowNo)),
  };
}
