import { cellText, type CellText, unitsOf } from './cell-text.js';
import { badEncoding, CSV_FAULTS, type CsvFault, tooLarge, wrongCount } from './csv-faults.js';
import { isBlank, LINE_FEED, RETURN, SPACE, STOPS_CELL, STOPS_QUOTED, stopsOf } from './csv-units.js';
import { encodingOf, firstBadByte } from './encodings.js';
import { SOURCE_LIMITS } from './limits.js';
import { type BadCell, RecordCells } from './record-cells.js';
import type { CsvFormat, ReadFrom, RowFault, SourceRow } from './source-format.js';
import { notUtf8, placeAfter } from './source-refused.js';

/** Where the scan stands inside a record. */
const CELL_START = 0;
const IN_CELL = 1;
const IN_QUOTES = 2;
const AFTER_QUOTE = 3;
const AFTER_RETURN = 4;

/**
 * Reads CSV (RFC 4180 and what is found in its place: other delimiters, any line end, also mixed) in one pass over the bytes,
 * which gives each record its byte range and its cells at once. Chunks may end anywhere. At most one record and one chunk are
 * held; of a record over the limits nothing is held but its fault. Lines of blanks only are no records.
 */
export class CsvScanner {
  private readonly text: CellText;
  private readonly cells: RecordCells;
  private readonly delimiterUnit: number;
  private readonly quoteUnit: number;
  private readonly stops: Uint8Array;

  private bytes: Buffer = Buffer.alloc(0);
  private units: Uint8Array | Uint16Array = this.bytes;
  private window: string | undefined;
  /** Offsets in the source, in bytes: of `bytes`, and of the record that is being read. */
  private base: number;
  private recordFrom: number;

  private rowNo: number;
  /** Line of the next byte. */
  line: number;
  private recordLine: number;
  private state = CELL_START;
  private at = 0;
  private cellFrom = 0;
  private high = 0;
  private hasDoubled = false;
  /** Blanks behind a closing quote, as in files padded to fixed widths. */
  private padding = 0;
  private quoteAt = 0;
  private fault: RowFault | undefined;
  private discarding = false;
  private rows: SourceRow[] = [];

  constructor(
    private readonly format: CsvFormat,
    from: Required<ReadFrom>,
  ) {
    const encoding = encodingOf(format.encoding);
    this.text = cellText(encoding);
    const quote = format.quote ?? '"';
    this.cells = new RecordCells(this.text, quote);
    this.delimiterUnit = (format.delimiter ?? ',').charCodeAt(0);
    this.quoteUnit = quote === '' ? -1 : quote.charCodeAt(0);
    this.stops = stopsOf(this.delimiterUnit, this.quoteUnit);
    this.base = from.byte;
    this.recordFrom = from.byte;
    this.line = from.line;
    this.recordLine = from.line;
    this.rowNo = from.rowNo;
  }

  /**
   * Reads on. For UTF-16 a chunk is little endian and a whole number of units.
   * @param last nothing follows: what is open is ended
   * @returns the records that ended
   * @throws SourceRefused source.encoding_unknown where no encoding was declared and bytes are not UTF-8
   */
  feed(chunk: Buffer, last: boolean): SourceRow[] {
    this.rows = [];
    this.load(chunk);
    this.scan();
    if (last) this.end();
    else this.checkSize();
    return this.rows;
  }

  private load(chunk: Buffer): void {
    const { width } = this.text;
    const kept = this.discarding ? this.bytes.length : this.recordFrom - this.base;
    const shift = kept / width;
    const rest = this.bytes.subarray(kept);
    this.bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    this.units = unitsOf(this.bytes, width);
    this.window = undefined;
    this.base += kept;
    this.at -= shift;
    this.cellFrom -= shift;
    this.quoteAt -= shift;
    this.cells.shift(shift);
  }

  private scan(): void {
    const { units } = this;
    const end = units.length;
    while (this.at < end) {
      switch (this.state) {
        case CELL_START:
          this.startCell(units[this.at] ?? 0);
          break;
        case IN_CELL:
          this.skip(STOPS_CELL, units, end);
          if (this.at < end) this.stopCell(units[this.at] ?? 0);
          break;
        case IN_QUOTES:
          this.skip(STOPS_QUOTED, units, end);
          if (this.at < end) this.stopQuoted(units[this.at] ?? 0);
          break;
        case AFTER_QUOTE:
          this.afterQuote(units[this.at] ?? 0);
          break;
        default:
          if (units[this.at] === LINE_FEED) this.at++;
          this.endRecord();
      }
    }
  }

  /** Steps over units that end nothing. This is where the time goes. */
  private skip(mask: number, units: Uint8Array | Uint16Array, end: number): void {
    const { stops } = this;
    let { at, high } = this;
    for (; at < end; at++) {
      const unit = units[at] as number;
      if (unit < 256 && ((stops[unit] as number) & mask) !== 0) break;
      high |= unit;
    }
    this.at = at;
    this.high = high;
  }

  private startCell(unit: number): void {
    this.high = 0;
    this.hasDoubled = false;
    this.padding = 0;
    this.cellFrom = this.at;
    if (unit !== this.quoteUnit) {
      this.state = IN_CELL;
      return;
    }
    this.state = IN_QUOTES;
    this.quoteAt = this.at;
    this.cellFrom = ++this.at;
  }

  private stopCell(unit: number): void {
    if (unit === 0) return this.refuseControl();
    this.addCell(this.at);
    this.afterCell(unit);
  }

  private stopQuoted(unit: number): void {
    if (unit === this.quoteUnit) {
      this.state = AFTER_QUOTE;
      this.at++;
      return;
    }
    if (unit === 0) return this.refuseControl();
    if (unit === RETURN || this.units[this.at - 1] !== RETURN) this.line++;
    this.at++;
  }

  private afterQuote(unit: number): void {
    if (unit === this.quoteUnit && this.padding === 0) {
      this.hasDoubled = true;
      this.state = IN_QUOTES;
      this.at++;
    } else if ((this.stops[unit < 256 ? unit : 1] ?? 0) & STOPS_CELL && unit !== 0) {
      this.addCell(this.at - 1 - this.padding);
      this.afterCell(unit);
    } else if (unit === SPACE) {
      this.padding++;
      this.at++;
    } else {
      this.failAt(CSV_FAULTS.textAfterQuote);
      this.state = IN_CELL;
    }
  }

  private afterCell(unit: number): void {
    this.at++;
    if (unit === this.delimiterUnit) this.state = CELL_START;
    else if (unit === RETURN) this.state = AFTER_RETURN;
    else this.endRecord();
  }

  private refuseControl(): void {
    this.failAt(CSV_FAULTS.controlCharacter);
    this.at++;
  }

  private addCell(to: number): void {
    if (this.discarding) return;
    if ((to - this.cellFrom) * this.text.width > SOURCE_LIMITS.cellBytes) return this.failSize('cell');
    if (this.cells.count < SOURCE_LIMITS.columns) {
      this.cells.add(this.cellFrom, to, this.high, this.hasDoubled);
      return;
    }
    this.failAt(CSV_FAULTS.tooWide);
    this.discarding = true;
  }

  /** Too much to hold: the record is stepped over. */
  private failSize(what: 'cell' | 'record'): void {
    const inQuotes = this.state === IN_QUOTES;
    this.failAt(tooLarge(what, inQuotes), inQuotes ? this.quoteAt : this.at);
    this.discarding = true;
  }

  /** Between chunks: whatever is too large already is not held any longer. */
  private checkSize(): void {
    if (this.discarding || this.state === CELL_START || this.state === AFTER_RETURN) return;
    const { width } = this.text;
    if ((this.at - this.cellFrom) * width > SOURCE_LIMITS.cellBytes) this.failSize('cell');
    else if (this.base + this.at * width - this.recordFrom > SOURCE_LIMITS.recordBytes) this.failSize('record');
  }

  private end(): void {
    if (this.state === IN_QUOTES) this.failUnclosed();
    else if (this.state === AFTER_QUOTE) this.addCell(this.at - 1 - this.padding);
    else if (this.state !== AFTER_RETURN) {
      if (this.base + this.at * this.text.width === this.recordFrom) return;
      if (this.state === CELL_START) this.startCell(-1);
      this.addCell(this.at);
    }
    this.endRecord();
  }

  /** What was too large inside quotes that never close is told for what it is; the place it has is the quote's. */
  private failUnclosed(): void {
    if (this.fault?.code.endsWith('too_large')) this.fault = { ...this.fault, ...CSV_FAULTS.unclosedQuote };
    else this.failAt(CSV_FAULTS.unclosedQuote, this.quoteAt);
  }

  private endRecord(): void {
    const { width } = this.text;
    const byteTo = this.base + this.at * width;
    if (this.fault || !isBlank(this.units, (this.recordFrom - this.base) / width, this.at)) {
      if (!this.fault && byteTo - this.recordFrom > SOURCE_LIMITS.recordBytes) this.failSize('record');
      const cells = this.fault ? [] : this.readCells();
      const [rowNo, byteFrom, line] = [this.rowNo++, this.recordFrom, this.recordLine];
      this.rows.push(
        this.fault
          ? { rowNo, byteFrom, byteTo, line, cells: [], fault: this.fault }
          : { rowNo, byteFrom, byteTo, line, cells },
      );
    }
    this.recordFrom = byteTo;
    this.recordLine = ++this.line;
    this.cells.clear();
    this.fault = undefined;
    this.discarding = false;
    this.state = CELL_START;
  }

  private readCells(): string[] {
    const { count } = this.cells;
    const wanted = this.format.columns ?? count;
    if (count < wanted) this.failAt(wrongCount(count, wanted));
    for (let extra = wanted; extra < count; extra++) {
      if (this.cells.isEmpty(extra)) continue;
      this.failAt(wrongCount(count, wanted));
    }
    if (this.fault) return [];
    this.window ??= this.text.window(this.bytes);
    const cells = this.cells.read(wanted, this.window, this.bytes);
    if (Array.isArray(cells)) return cells;
    this.failEncoding(cells);
    return [];
  }

  private failEncoding({ from, to }: BadCell): void {
    const { encoding, encodingDeclared } = this.format;
    const { width } = this.text;
    const cell = this.bytes.subarray(from * width, to * width);
    const offset = encoding === 'utf-8' ? Math.max(0, firstBadByte(cell, true)) : 0;
    if (!encodingDeclared) throw notUtf8(this.base + from * width + offset);
    this.failAt(badEncoding(encoding), from + offset);
  }

  /** The first fault of a record is the one it is told of; until then the whole record is held, and with it the place. */
  private failAt(fault: CsvFault, at: number = this.at): void {
    if (this.fault) return;
    const before = this.bytes.subarray(this.recordFrom - this.base, at * this.text.width);
    this.fault = { ...fault, ...placeAfter(before, this.text.width, this.recordLine) };
  }
}
