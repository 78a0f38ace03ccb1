import type { MapRow } from '../mapping/compile.js';
import type { MappedRecord, Unmapped } from '../mapping/record.js';
import type { SourceRow } from '../sources/source-format.js';
import { SourceRefused } from '../sources/source-refused.js';
import { KeyRegistry } from './key-registry.js';
import { BATCH_BYTES } from '../domain/batch-size.js';

/** What happens to rows of one key: the last or the first counts and the others are skipped, or all but the first fail. */
export type DuplicatePolicy = 'last_wins' | 'first_wins' | 'fail';

/** How a source is cut and what its keys mean. */
export interface PlanOptions {
  /** Rows per batch. */
  readonly batchSize: number;
  /** A batch of several rows has no more bytes of the source than this. Default: `BATCH_BYTES`. */
  readonly batchBytes?: number;
  readonly duplicates: DuplicatePolicy;
  /** Rows become stock: rows of one release are copies of it, and none is skipped for that. */
  readonly stockTarget: boolean;
  /** More rows are refused. */
  readonly maxRows?: number;
  /** Hears of texts that nothing is known of. */
  readonly onUnmapped?: (found: readonly Unmapped[]) => void;
}

/** Rows of one batch, and what is known of them before any batch has run. */
export interface PlannedBatch {
  /** From 1. */
  readonly no: number;
  readonly rowFrom: number;
  readonly rowCount: number;
  readonly byteFrom: number;
  readonly byteTo: number;
  /** Line of the first byte, for the places of faults. */
  readonly lineFrom: number;
  /**
   * Per row: how often its key had come by then, itself included; 0 where the row cannot be read or has no key. No key is kept: it
   * would keep the text around it in memory.
   */
  readonly occurrences: readonly number[];
  /**
   * Rows whose record another row has taken over, with that row: found in this batch, but the superseded row may stand in an
   * earlier one. What happens to them is the duplicate policy's; `fail`: the later row fails.
   */
  readonly superseded: readonly Superseded[];
  /**
   * Rows whose release a later row describes as well: they make the release where it is not there yet, but change nothing of one
   * that is. They are no duplicates. Empty without a stock target.
   */
  readonly releaseSuperseded: readonly Superseded[];
}

/** One row is superseded by another. */
export interface Superseded {
  readonly rowNo: number;
  readonly by: number;
}

/**
 * Plans a source in one pass: batches by byte range, and per row its key and occurrence, so that what supersedes what is known
 * before the first batch runs and does not depend on the order in which batches run. Rows that cannot be mapped supersede nothing;
 * as copies they are counted, so that mending one does not move the numbers of the others. Memory: one batch and the keys.
 * @throws SourceRefused source.too_many_rows
 */
export async function* planRows(
  rows: AsyncIterable<readonly SourceRow[]>,
  mapRow: MapRow,
  options: PlanOptions,
): AsyncGenerator<PlannedBatch, void, undefined> {
  const planner = new Planner(options);
  try {
    for await (const some of rows) {
      for (const row of some) {
        if (row.rowNo > (options.maxRows ?? Infinity)) throw tooManyRows(options.maxRows ?? 0);
        const record = mapRow(row);
        if (record.unmapped.length > 0) options.onUnmapped?.(record.unmapped);
        const batch = planner.add(row, record);
        if (batch) yield batch;
      }
    }
    const last = planner.end();
    if (last) yield last;
  } finally {
    planner.forget();
  }
}

function tooManyRows(most: number): SourceRefused {
  return new SourceRefused('source.too_many_rows', `The file has more than ${most} rows. Split it.`, { most });
}

/** The batch under way. */
interface OpenBatch {
  readonly no: number;
  readonly rowFrom: number;
  readonly byteFrom: number;
  readonly lineFrom: number;
  readonly occurrences: number[];
  readonly superseded: Superseded[];
  readonly releaseSuperseded: Superseded[];
}

class Planner {
  /** Keys of records, and of releases where those are another matter. */
  private readonly records = new KeyRegistry();
  private readonly releases = new KeyRegistry();
  private open: OpenBatch | undefined;
  private byteTo = 0;
  private batches = 0;

  constructor(private readonly options: PlanOptions) {}

  /** @returns the batch that the row fills, or the one that has no room for it */
  add(row: SourceRow, record: MappedRecord): PlannedBatch | undefined {
    const most = this.options.batchBytes ?? BATCH_BYTES;
    const before = this.open && row.byteTo - this.open.byteFrom > most ? this.end() : undefined;
    this.open ??= {
      no: ++this.batches,
      rowFrom: row.rowNo,
      byteFrom: row.byteFrom,
      lineFrom: row.line,
      ...{ occurrences: [], superseded: [], releaseSuperseded: [] },
    };
    this.register(this.open, row, record);
    this.byteTo = row.byteTo;
    // After a cut by bytes the row is alone in a batch that takes at least two: no row ends two batches.
    return before ?? (this.open.occurrences.length === this.options.batchSize ? this.end() : undefined);
  }

  end(): PlannedBatch | undefined {
    const { open } = this;
    this.open = undefined;
    return open && { ...open, rowCount: open.occurrences.length, byteTo: this.byteTo };
  }

  /** Forgets the keys: what follows a plan, its import, needs their memory. */
  forget(): void {
    this.records.clear();
    this.releases.clear();
  }

  private register(batch: OpenBatch, { rowNo }: SourceRow, record: MappedRecord): void {
    const isSound = record.faults.length === 0;
    if (record.key === undefined) {
      batch.occurrences.push(0);
      return;
    }
    let counts = isSound;
    if (this.options.stockTarget && record.copies) {
      const { occurrence } = this.records.see(record.key, rowNo, 'never');
      batch.occurrences.push(occurrence);
    } else {
      const { occurrence, holder } = this.records.see(record.key, rowNo, this.takes(isSound));
      batch.occurrences.push(occurrence);
      counts = isSound && this.settle(batch.superseded, rowNo, holder);
    }
    if (!this.options.stockTarget || !counts || record.releaseKey === undefined) return;
    const { holder } = this.releases.see(record.releaseKey, rowNo, 'always');
    if (holder > 0) batch.releaseSuperseded.push({ rowNo: holder, by: rowNo });
  }

  private takes(isSound: boolean): 'always' | 'when_free' | 'never' {
    if (!isSound) return 'never';
    return this.options.duplicates === 'last_wins' ? 'always' : 'when_free';
  }

  /** @returns whether the row counts, for now */
  private settle(superseded: Superseded[], rowNo: number, holder: number): boolean {
    const isLast = this.options.duplicates === 'last_wins';
    if (holder === 0) return true;
    superseded.push(isLast ? { rowNo: holder, by: rowNo } : { rowNo, by: holder });
    return isLast;
  }
}
