/** What a source is, as detected or declared. Stored with its job and shown; reading a part of the source needs nothing else. */
export interface SourceFormat {
  readonly kind: 'csv' | 'ndjson';
  /** WHATWG name, such as `utf-8` or `windows-1250`. */
  readonly encoding: string;
  /** The encoding was declared: bytes that do not belong to it fail their record, not the whole source. */
  readonly encodingDeclared: boolean;
  readonly bom: boolean;
  readonly delimiter?: string;
  /** Empty: cells are never quoted. */
  readonly quote?: string;
  /** As far as it was looked at. Every kind of line end is read, whatever this says. */
  readonly lineEnd?: 'lf' | 'crlf' | 'cr' | 'mixed';
  /** Absent: columns have numbers only. A cell can be empty and names can repeat. */
  readonly header?: readonly string[];
  /** Byte where the first record starts. */
  readonly dataFrom: number;
  /** Line of that byte, from 1. */
  readonly dataFromLine: number;
}

/** What a client says of its source; the rest is detected. */
export interface DeclaredFormat {
  readonly kind?: 'csv' | 'ndjson';
  /** A label of the WHATWG Encoding Standard. */
  readonly encoding?: string;
  /** One ASCII character. */
  readonly delimiter?: string;
  /** One ASCII character, or empty: cells are never quoted. */
  readonly quote?: string;
  /** False: the first line is a record. */
  readonly header?: boolean;
}

/** One record of a source. */
export interface SourceRow {
  /** From 1; the header does not count. */
  readonly rowNo: number;
  /** CSV: text by column. NDJSON: the members of the line's object. Empty where `fault` is set. */
  readonly cells: readonly string[] | Readonly<Record<string, unknown>>;
  readonly byteFrom: number;
  /** Line on which it begins, from 1, in the whole source. */
  readonly line: number;
  /** Where the next record begins; the line end belongs to this one. */
  readonly byteTo: number;
  /** The record cannot be read; those after it can. */
  readonly fault?: RowFault;
}

/** Why one record cannot be read. */
export interface RowFault {
  readonly code: RowFaultCode;
  readonly message: string;
  /** From 1, in the whole source. */
  readonly line: number;
  /** Characters from the beginning of the line, from 1. */
  readonly column: number;
}

/** Stable codes of records that cannot be read. */
export type RowFaultCode =
  | 'source.cell_too_large'
  | 'source.record_too_large'
  | 'source.too_many_cells'
  | 'source.too_few_cells'
  | 'source.unclosed_quote'
  | 'source.text_after_quote'
  | 'source.control_character'
  | 'source.bad_encoding'
  | 'source.malformed_json'
  | 'source.not_an_object';

/** Where to begin reading: a record's first byte, with what it is called. */
export interface ReadFrom {
  readonly byte: number;
  readonly rowNo: number;
  /** Line of the byte, for the places of faults. Default: the first line of data. */
  readonly line?: number;
}

/** How a scanner reads: as detected, with what one record may hold. */
export type CsvFormat = Pick<SourceFormat, 'encoding' | 'encodingDeclared' | 'delimiter' | 'quote'> & {
  /** Cells of a record; undefined: any number. */
  readonly columns: number | undefined;
};
