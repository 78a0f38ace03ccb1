import { Inject, Injectable } from '@nestjs/common';
import { UploadStorage } from '#libs/files';
import { type BatchRow, rowsOf } from '../batch-rows.js';
import { mappingOptionsOf } from '../job-options.js';
import type { JobRow } from '../job-rows.js';
import { compileMapping, type MapRow } from '../mapping/compile.js';
import type { MappedRecord } from '../mapping/record.js';
import { readRows } from '../sources/rows.js';
import type { SourceRow } from '../sources/source-format.js';
import { bytesOf } from '../sources/source-refused.js';

/** Compiled mappings that are kept: those of the jobs that run now. */
const MAPPINGS_KEPT = 100;

/** One record of a batch, read and mapped. */
export interface MappedRow {
  readonly row: SourceRow;
  readonly mapped: MappedRecord;
}

/** Reads a batch's records out of its upload: only its bytes. */
@Injectable()
export class JobReader {
  private readonly mappings = new Map<string, MapRow>();

  constructor(@Inject(UploadStorage) private readonly storage: UploadStorage) {}

  /** How the job's rows become records. Compiled once per job and version of its mapping. */
  mapping({ id, mappingVersion, mapping, options, format }: JobRow): MapRow {
    const key = `${id}:${mappingVersion}`;
    const made =
      this.mappings.get(key) ?? compileMapping(mapping, mappingOptionsOf(options), format?.header, format?.kind);
    this.mappings.delete(key);
    this.mappings.set(key, made);
    for (const oldest of this.mappings.keys()) {
      if (this.mappings.size <= MAPPINGS_KEPT) break;
      this.mappings.delete(oldest);
    }
    return made;
  }

  /**
   * The batch's records in order.
   * @throws SourceRefused source.missing. @throws Error when its bytes hold fewer records than planning counted
   */
  async read(job: JobRow, batch: BatchRow): Promise<MappedRow[]> {
    if (!job.format) throw new Error('a job that has batches has a format');
    const toRecord = this.mapping(job);
    const wanted = batch.rows && new Set(batch.rows);
    const bytes = this.storage.open(job.tenantId, job.uploadId, { start: batch.byteFrom, end: batch.byteTo });
    const records: MappedRow[] = [];
    for await (const rows of readRows(bytesOf(bytes), job.format, {
      byte: batch.byteFrom,
      rowNo: batch.rowFrom,
      line: batch.lineFrom,
    })) {
      for (const row of rows) if (!wanted || wanted.has(row.rowNo)) records.push({ row, mapped: toRecord(row) });
    }
    const expected = rowsOf(batch).length;
    if (records.length !== expected)
      throw new Error(`the batch's bytes hold ${records.length} of its ${expected} records`);
    return records;
  }
}
