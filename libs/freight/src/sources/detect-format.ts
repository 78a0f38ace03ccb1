import { likelyEncodings, encodingOf, firstBadByte } from './encodings.js';
import { CsvScanner } from './csv-scanner.js';
import { SOURCE_LIMITS } from './limits.js';
import type { DeclaredFormat, SourceFormat, SourceRow } from './source-format.js';
import { headerOnly, notUtf8, SourceRefused } from './source-refused.js';

/** Bytes at the beginning of a source that are enough to tell what it is: the widest header there may be fits. */
export const HEAD_BYTES = 262_144;

const DELIMITERS = [',', ';', '\t', '|'];
/** What a delimiter is judged by. */
const JUDGED_ROWS = 50;
const JUDGED_BYTES = 65_536;
const NDJSON_TYPE = /^[\s\uFEFF]*\{/;
const JSON_ARRAY = /^[\s\uFEFF]*\[\s*[[{"]/;

/**
 * Tells what a source is from its beginning. Encoding: byte order mark, zero bytes of UTF-16, else UTF-8; nothing else is
 * guessed. Byte order marks and blank lines before the first text are skipped, wherever they stand among each other.
 * @param head the first HEAD_BYTES of the source, or all of it where it is shorter
 * @param whole the head is all of it
 * @throws SourceRefused for what no record can be read from
 */
export function detectFormat(head: Buffer, whole: boolean, declared: DeclaredFormat = {}): SourceFormat {
  if (head.length === 0) throw new SourceRefused('source.empty', 'The file is empty. Send one with records.');
  refusePacked(head);
  const { encoding, bom } = detectEncoding(head, declared);
  const { kind: family } = encodingOf(encoding);
  if (family !== 'utf-16') refuseBinary(head);
  if (family === 'utf-8' && declared.encoding === undefined) refuseOtherEncodings(head, whole);
  const units = family === 'utf-16' ? littleEndian(head, encoding === 'utf-16be') : head;
  const textFrom = firstText(units, family === 'utf-16' ? 2 : 1);
  const common = { encoding, encodingDeclared: declared.encoding !== undefined, bom: bom || textFrom.bom };
  if (textFrom.at >= units.length) throw blank(whole);
  const beginning = units
    .subarray(textFrom.at, textFrom.at + 4_096)
    .toString(family === 'utf-16' ? 'utf16le' : 'latin1');
  const kind = declared.kind ?? (NDJSON_TYPE.test(beginning) ? 'ndjson' : 'csv');
  const start = { dataFrom: textFrom.at, dataFromLine: textFrom.line };
  if (kind === 'ndjson') return { kind, ...common, ...start };
  if (declared.kind === undefined && JSON_ARRAY.test(beginning)) {
    throw new SourceRefused(
      'source.not_line_delimited',
      'The file is one JSON array. Write one object per line (NDJSON).',
    );
  }
  return csvFormat(units.subarray(textFrom.at), whole, { ...common, ...start }, declared);
}

function blank(whole: boolean): SourceRefused {
  const part = whole ? 'The file holds' : `The first ${HEAD_BYTES} bytes of the file hold`;
  return new SourceRefused('source.empty', `${part} nothing but blanks. Send one that begins with its records.`);
}

type Common = Pick<SourceFormat, 'encoding' | 'encodingDeclared' | 'bom' | 'dataFrom' | 'dataFromLine'>;

function csvFormat(text: Buffer, whole: boolean, common: Common, declared: DeclaredFormat): SourceFormat {
  const quote = declared.quote ?? '"';
  const delimiter = declared.delimiter ?? bestDelimiter(text, whole, { ...common, quote });
  for (const [name, sign] of Object.entries({ delimiter, quote })) {
    if (!(sign === '' && name === 'quote') && !/^[\t\x20-\x7e]$/.test(sign)) {
      throw new SourceRefused('source.format_not_supported', `The ${name} must be one ASCII character.`);
    }
  }
  const lineEnd = lineEndOf(text, common.encoding);
  const format = { kind: 'csv' as const, ...common, delimiter, quote, ...(lineEnd && { lineEnd }) };
  if (declared.header === false) return format;
  const rows = firstRows(text, whole, format, delimiter);
  const [header] = rows;
  if (!header) {
    const message = `The header has more than ${SOURCE_LIMITS.columns} columns or ${HEAD_BYTES} bytes. Is the delimiter right?`;
    throw new SourceRefused('source.too_many_columns', message, { delimiter });
  }
  if (header.fault) throw refusedHeader(header);
  if (whole && rows.length === 1) throw headerOnly();
  const scanner = scannerOf(format, delimiter);
  scanner.feed(text.subarray(0, header.byteTo - format.dataFrom), true);
  const names = header.cells as readonly string[];
  return { ...format, header: names, dataFrom: header.byteTo, dataFromLine: scanner.line };
}

function refusedHeader({ fault }: SourceRow): SourceRefused {
  if (fault?.code === 'source.too_many_cells') {
    return new SourceRefused('source.too_many_columns', `The header has more than ${SOURCE_LIMITS.columns} columns.`);
  }
  const place = `line ${fault?.line}, column ${fault?.column}`;
  return new SourceRefused('source.header_broken', `The header cannot be read: ${fault?.message} (${place})`, {
    ...fault,
  });
}

/** Signatures of what is often sent in place of text. */
const SIGNATURES: readonly (readonly [string, string])[] = [
  ['504b0304', 'a zip or Excel file: save the sheet as CSV'],
  ['d0cf11e0', 'an old Excel file: save the sheet as CSV'],
  ['25504446', 'a PDF: send the table as CSV or NDJSON'],
  ['89504e47', 'an image: send the table as CSV or NDJSON'],
];
/** Share of control characters from which on a file is no text: a text has none but tabs and line ends. */
const BINARY_SHARE = 0.01;

function refusePacked(head: Buffer): void {
  const begins = (hex: string): boolean => head.subarray(0, hex.length / 2).toString('hex') === hex;
  if (['1f8b', '28b52ffd', '425a68', 'fd377a58'].some(begins)) {
    throw new SourceRefused(
      'source.compressed',
      'The file is still compressed inside. Send it compressed once, with gzip, or not at all.',
    );
  }
  const known = SIGNATURES.find(([hex]) => begins(hex));
  if (known) throw new SourceRefused('source.binary', `The file is ${known[1]}.`);
}

function refuseBinary(head: Buffer): void {
  const controls = head.reduce((sum, byte) => sum + (byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) ? 1 : 0), 0);
  if (controls > 1 && controls > head.length * BINARY_SHARE)
    throw new SourceRefused('source.binary', 'The file is not text. Send it as CSV or NDJSON.');
}

function detectEncoding(head: Buffer, declared: DeclaredFormat): { encoding: string; bom: boolean } {
  const bom = [0xff, 0xfe].every((byte, at) => head[at] === byte)
    ? 'utf-16le'
    : [0xfe, 0xff].every((byte, at) => head[at] === byte)
      ? 'utf-16be'
      : undefined;
  if (declared.encoding !== undefined) return { encoding: encodingOf(declared.encoding).name, bom: bom !== undefined };
  if (bom) return { encoding: bom, bom: true };
  const zeros = zeroSides(head);
  return { encoding: zeros === 'even' ? 'utf-16be' : zeros === 'odd' ? 'utf-16le' : 'utf-8', bom: false };
}

/** UTF-16 of mostly Latin text has its zero bytes on one side. */
function zeroSides(head: Buffer): 'even' | 'odd' | undefined {
  let [even, odd] = [0, 0];
  for (let at = 0; at + 1 < head.length; at += 2) {
    if (head[at] === 0) even++;
    if (head[at + 1] === 0) odd++;
  }
  const many = head.length * 0.1;
  if (even > many && odd < even / 20) return 'even';
  return odd > many && even < odd / 20 ? 'odd' : undefined;
}

function refuseOtherEncodings(head: Buffer, whole: boolean): void {
  const offset = firstBadByte(head, whole);
  if (offset !== -1) throw notUtf8(offset, likelyEncodings(head));
}

function littleEndian(head: Buffer, swap: boolean): Buffer {
  const even = Buffer.from(head.subarray(0, head.length & ~1));
  return swap ? even.swap16() : even;
}

/** Where the first text stands: after blank lines and byte order marks. Blanks before text on its own line are text. */
function firstText(bytes: Buffer, width: 1 | 2): { at: number; line: number; bom: boolean } {
  const unit = (at: number): number =>
    width === 1 ? (bytes[at] ?? -1) : at + 1 < bytes.length ? bytes.readUInt16LE(at) : -1;
  const markBytes = width === 1 ? 3 : 2;
  const isMark = (at: number): boolean =>
    width === 1 ? bytes.subarray(at, at + 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) : unit(at) === 0xfeff;
  let [from, line, bom] = [0, 1, false];
  for (let at = 0; at < bytes.length;) {
    const code = unit(at);
    if (isMark(at)) {
      at += markBytes;
      from = at;
      bom = true;
    } else if (code === 0x0a || code === 0x0d) {
      at += code === 0x0d && unit(at + width) === 0x0a ? 2 * width : width;
      from = at;
      line++;
    } else if (code === 0x20 || code === 0x09) at += width;
    else return { at: from, line, bom };
  }
  return { at: bytes.length, line, bom };
}

/** The delimiter by which the first records have the same number of cells as the header, the more the better. */
function bestDelimiter(text: Buffer, whole: boolean, format: Common & { quote: string }): string {
  const scores = DELIMITERS.map((delimiter) => {
    const rows = firstRows(text.subarray(0, JUDGED_BYTES), whole && text.length <= JUDGED_BYTES, format, delimiter);
    const widths = rows.slice(0, JUDGED_ROWS).map(({ cells }) => (cells as readonly string[]).length);
    const [width = 0, ...others] = widths;
    const share = others.length === 0 ? 1 : others.filter((other) => other === width).length / others.length;
    return { delimiter, score: width < 2 ? 0 : share * 1_000 + width };
  });
  return scores.reduce((best, next) => (next.score > best.score ? next : best)).delimiter;
}

function firstRows(text: Buffer, whole: boolean, format: Common & { quote: string }, delimiter: string): SourceRow[] {
  return scannerOf(format, delimiter).feed(text, whole);
}

function scannerOf(format: Common & { quote: string }, delimiter: string): CsvScanner {
  const from = { byte: format.dataFrom, rowNo: 1, line: format.dataFromLine };
  return new CsvScanner({ ...format, encodingDeclared: true, delimiter, columns: undefined }, from);
}

function lineEndOf(text: Buffer, encoding: string): SourceFormat['lineEnd'] {
  const sample = text.toString(encoding.startsWith('utf-16') ? 'utf16le' : 'latin1');
  const crlf = sample.match(/\r\n/g)?.length ?? 0;
  const cr = sample.match(/\r(?!\n|$)/g)?.length ?? 0;
  const lf = (sample.match(/\n/g)?.length ?? 0) - crlf;
  const kinds = [crlf > 0, cr > 0, lf > 0].filter(Boolean).length;
  if (kinds > 1) return 'mixed';
  return crlf > 0 ? 'crlf' : cr > 0 ? 'cr' : lf > 0 ? 'lf' : undefined;
}
