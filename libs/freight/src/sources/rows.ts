import { CsvScanner } from './csv-scanner.js';
import { NdjsonScanner } from './ndjson-scanner.js';
import type { ReadFrom, SourceFormat, SourceRow } from './source-format.js';
import { headerOnly } from './source-refused.js';

/** What reads records out of chunks. */
interface RowScanner {
  feed(chunk: Buffer, last: boolean): SourceRow[];
}

/**
 * The records of a source, some at a time, from bytes that may be cut anywhere. Memory is bounded: one record and one chunk are
 * held. A record that cannot be read is a row with its fault; those after it are read.
 * @param chunks the source from `from.byte` on, up to the end of a record (or of the source)
 * @param from default: the first record, and the source is read in full
 * @throws SourceRefused source.encoding_unknown, or source.header_only where a source read in full has none
 */
export async function* readRows(
  chunks: AsyncIterable<Buffer>,
  format: SourceFormat,
  from?: ReadFrom,
): AsyncGenerator<readonly SourceRow[], void, undefined> {
  const scanner = scannerOf(format, {
    byte: from?.byte ?? format.dataFrom,
    rowNo: from?.rowNo ?? 1,
    line: from?.line ?? format.dataFromLine,
  });
  const { encoding } = format;
  let isEmpty = from === undefined;
  for await (const chunk of encoding.startsWith('utf-16') ? wholeUnits(chunks, encoding === 'utf-16be') : chunks) {
    const rows = scanner.feed(chunk, false);
    if (rows.length === 0) continue;
    isEmpty = false;
    yield rows;
  }
  const rows = scanner.feed(Buffer.alloc(0), true);
  if (rows.length > 0) yield rows;
  else if (isEmpty) throw headerOnly();
}

function scannerOf(format: SourceFormat, from: Required<ReadFrom>): RowScanner {
  return format.kind === 'ndjson'
    ? new NdjsonScanner(format, from)
    : new CsvScanner({ ...format, columns: format.header?.length }, from);
}

/** UTF-16 in pieces of whole units, little endian. A last odd byte belongs to nothing and is left out. */
async function* wholeUnits(chunks: AsyncIterable<Buffer>, swap: boolean): AsyncGenerator<Buffer, void, undefined> {
  let odd: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const joined = Buffer.concat([odd, chunk]);
    const end = joined.length & ~1;
    odd = joined.subarray(end);
    const units = joined.subarray(0, end);
    yield swap ? units.swap16() : units;
  }
}
