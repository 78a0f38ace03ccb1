import { DomainError } from '#platform/kernel';
import { parseStrictJson } from '#platform/http';
import { encodingOf, firstBadByte } from './encodings.js';
import { SOURCE_LIMITS } from './limits.js';
import type { ReadFrom, RowFault, SourceFormat, SourceRow } from './source-format.js';
import { notUtf8 } from './source-refused.js';

const LINE_FEED = 0x0a;
/** Levels, members and values of one record: as for a body of the API, with the members of the widest record. */
const JSON_LIMITS = { maxDepth: 32, maxMembers: SOURCE_LIMITS.columns, maxValues: 20_000 };

/**
 * Reads one JSON object per line, as strictly as the API reads bodies: a member that is there twice, a number that reading
 * would change or half a surrogate pair fails the record. Blank lines are no records.
 */
export class NdjsonScanner {
  private rest: Buffer[] = [];
  private restBytes = 0;
  private tooLarge = false;
  private byteFrom: number;
  private rowNo: number;
  private line: number;
  private readonly utf16: boolean;

  constructor(
    private readonly format: SourceFormat,
    from: Required<ReadFrom>,
  ) {
    this.byteFrom = from.byte;
    this.rowNo = from.rowNo;
    this.line = from.line;
    this.utf16 = format.encoding.startsWith('utf-16');
  }

  /** Reads on; `last` ends the line that is open. */
  feed(chunk: Buffer, last: boolean): SourceRow[] {
    const rows: SourceRow[] = [];
    let from = 0;
    for (let end = this.lineEnd(chunk, from); end !== -1; end = this.lineEnd(chunk, from)) {
      this.keep(chunk.subarray(from, end));
      this.endLine(rows);
      from = end;
    }
    this.keep(chunk.subarray(from));
    if (last && this.restBytes > 0) this.endLine(rows);
    return rows;
  }

  /** Where the next line begins, or -1. */
  private lineEnd(chunk: Buffer, from: number): number {
    if (!this.utf16) return chunk.indexOf(LINE_FEED, from) + 1 || -1;
    for (let at = from; at + 1 < chunk.length; at += 2)
      if (chunk[at] === LINE_FEED && chunk[at + 1] === 0) return at + 2;
    return -1;
  }

  private keep(part: Buffer): void {
    this.restBytes += part.length;
    this.tooLarge ||= this.restBytes > SOURCE_LIMITS.recordBytes;
    if (this.tooLarge) this.rest = [];
    else if (part.length > 0) this.rest.push(part);
  }

  private endLine(rows: SourceRow[]): void {
    const bytes = this.rest.length === 1 ? (this.rest[0] as Buffer) : Buffer.concat(this.rest);
    const byteTo = this.byteFrom + this.restBytes;
    const row = this.tooLarge
      ? this.faulty(
          'source.record_too_large',
          `The line has more than ${SOURCE_LIMITS.recordBytes} bytes. Shorten it, or leave it out.`,
        )
      : this.read(bytes);
    if (row) rows.push({ rowNo: this.rowNo++, byteFrom: this.byteFrom, byteTo, line: this.line, ...row });
    this.byteFrom = byteTo;
    this.line++;
    this.rest = [];
    this.restBytes = 0;
    this.tooLarge = false;
  }

  private read(bytes: Buffer): Pick<SourceRow, 'cells' | 'fault'> | undefined {
    const text = this.decode(bytes);
    if (text === undefined) {
      return this.faulty(
        'source.bad_encoding',
        `The line holds bytes that are not ${this.format.encoding}. Declare the encoding that the file has.`,
      );
    }
    if (text.trim() === '') return undefined;
    try {
      const value = parseStrictJson(text, JSON_LIMITS);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        return { cells: value as Record<string, unknown> };
      }
      return this.faulty('source.not_an_object', 'The line is JSON, but not an object. Write one object per line.');
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const [, what, column] = /^The body has (.+) at line \d+, column (\d+)/.exec(error.message) ?? [];
      const message = `The line is no JSON that can be taken: it has ${what ?? error.code}.`;
      return this.faulty('source.malformed_json', message, Number(column ?? 1));
    }
  }

  private decode(bytes: Buffer): string | undefined {
    const encoding = encodingOf(this.format.encoding);
    if (encoding.kind === 'utf-16') {
      const text = bytes.toString('utf16le');
      return text.isWellFormed() ? text : undefined;
    }
    if (encoding.kind === 'single-byte') {
      const characters = Array.from(bytes, (byte) => encoding.table[byte] ?? '');
      return characters.includes('') ? undefined : characters.join('');
    }
    const bad = firstBadByte(bytes, true);
    if (bad === -1) return bytes.toString('utf8');
    if (!this.format.encodingDeclared) throw notUtf8(this.byteFrom + bad);
    return undefined;
  }

  private faulty(code: RowFault['code'], message: string, column = 1): Pick<SourceRow, 'cells' | 'fault'> {
    return { cells: [], fault: { code, message, line: this.line, column } };
  }
}
