import type { TargetResult } from '../domain/record-outcome.js';
import type { JobOptions } from '../job-options.js';
import type { ReleaseItem, StockItem } from '../mapping/record.js';
import type { SourceRow } from '../sources/source-format.js';

/** A record that is ready to be taken over. */
export interface ReadyRecord {
  readonly rowNo: number;
  readonly key: string | undefined;
  /** External id of the release. */
  readonly releaseKey: string | undefined;
  /** What the release is to be; undefined where it is only looked up. */
  readonly release: ReleaseItem | undefined;
  /** Its key is the record's. */
  readonly stock: StockItem | undefined;
  /** Another row of the file writes the release: here it is looked up, and made only where it is not there yet. */
  readonly leavesRelease: boolean;
  /** The record as it stands in the source, for whoever must look at it. */
  readonly cells: SourceRow['cells'];
}

/** What became of one record. */
export interface Applied {
  readonly release?: TargetResult;
  stock?: TargetResult;
}

/** On whose behalf records are taken over. */
export interface ImportOf {
  readonly tenantId: string;
  readonly jobId: string;
  /** Whose ids the file's are. */
  readonly source: string;
  readonly options: JobOptions;
}

/** Takes records over into the contexts that own what they say. Joins the open unit. */
export abstract class RecordTargets {
  /** One answer per record, in order. @throws what the database throws when it refuses one of them */
  abstract apply(of: ImportOf, records: readonly ReadyRecord[]): Promise<Applied[]>;
}
