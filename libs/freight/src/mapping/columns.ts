import type { SourceRow } from '../sources/source-format.js';

/** A mapping does not fit its file: the job fails before any record is read. */
export class MappingRefused extends Error {
  override readonly name = 'MappingRefused';

  constructor(readonly errors: readonly { readonly code: string; readonly field: string; readonly message: string }[]) {
    super(errors.map(({ field, message }) => `${field}: ${message}`).join(' '));
  }
}

/** Names a column of the file. */
export interface ColumnRef {
  readonly column?: string | undefined;
  readonly columnNo?: number | undefined;
}

/** The raw value of a record's column: a text, or what NDJSON holds. */
export type ReadColumn = (cells: SourceRow['cells']) => unknown;

/** Finds columns by name or number and gathers what does not fit. */
export class Columns {
  private readonly errors: { code: string; field: string; message: string }[] = [];

  /** @param header undefined where the file has none (NDJSON: members have names of their own) */
  constructor(
    private readonly header: readonly string[] | undefined,
    private readonly ndjson: boolean,
  ) {}

  /** Reads the column; one that is not there is noted and read as blank. */
  reader(ref: ColumnRef, field: string): ReadColumn {
    if (ref.column !== undefined && this.ndjson) return memberReader(ref.column);
    const index = ref.column === undefined ? this.byNumber(ref.columnNo ?? 0, field) : this.byName(ref.column, field);
    return (cells) => (cells as readonly string[])[index] ?? '';
  }

  /** The name of the column, for what stands in it. */
  nameOf(ref: ColumnRef): string {
    return ref.column ?? this.header?.[(ref.columnNo ?? 0) - 1] ?? '';
  }

  fail(code: string, field: string, message: string): void {
    if (this.errors.some((known) => known.code === code && known.field === field)) return;
    this.errors.push({ code, field, message });
  }

  /** @throws MappingRefused when something did not fit */
  check(): void {
    if (this.errors.length > 0) throw new MappingRefused(this.errors);
  }

  private byNumber(number: number, field: string): number {
    if (this.ndjson) this.fail('mapping.column_missing', field, 'Members of NDJSON have names, not numbers.');
    else if (this.header && number > this.header.length) {
      this.fail('mapping.column_missing', field, `The file has ${this.header.length} columns.`);
    }
    return number - 1;
  }

  /** The name as it stands, else but for blanks at its ends and its case. */
  private byName(name: string, field: string): number {
    const header = this.header ?? [];
    const folded = (text: string): string => text.trim().toLowerCase();
    const exact = header.flatMap((column, index) => (column === name ? [index] : []));
    const found =
      exact.length > 0 ? exact : header.flatMap((column, index) => (folded(column) === folded(name) ? [index] : []));
    const [index] = found;
    if (index === undefined)
      this.fail('mapping.column_missing', field, `The file has no column ${JSON.stringify(name)}.`);
    else if (found.length > 1) {
      const numbers = found.map((at) => at + 1).join(', ');
      this.fail(
        'mapping.column_ambiguous',
        field,
        `The columns ${numbers} are called ${JSON.stringify(name)}: use columnNo.`,
      );
    }
    return index ?? 0;
  }
}

/** A member by its name, else by a path of names with dots. */
function memberReader(name: string): ReadColumn {
  const path = name.split('.');
  return (cells) => {
    const record = cells as Readonly<Record<string, unknown>>;
    if (path.length === 1 || Object.hasOwn(record, name)) return own(record, name);
    return path.reduce<unknown>((value, part) => own(value, part), record);
  };
}

function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return '';
  return (value as Record<string, unknown>)[name] ?? '';
}
