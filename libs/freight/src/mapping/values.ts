import type { Money } from '#platform/kernel';
import type { SourceRow } from '../sources/source-format.js';
import type { ColumnRef, Columns, ReadColumn } from './columns.js';
import { type DateOrder, readDate } from './dates.js';
import type { Findings } from './findings.js';
import type { ReadGrade } from './grades.js';
import type {
  DateSpec,
  GradeSpec,
  ListSpec,
  MoneySpec,
  Transform,
  ValueSpec,
  WeightSpec,
  WholeSpec,
} from './mapping.js';
import { type MoneyReader, type ReadDigits, wholeOf } from './numbers.js';
import type { Grade, MappingFaultCode } from './record.js';
import { remembering } from './remember.js';
import { compileTransforms, type TransformText } from './transforms.js';
import { currencyExponent } from '#platform/kernel';

type Cells = SourceRow['cells'];
/** Reads one member of a record; undefined where it is blank or was found unfit. */
export type ReadValue<T> = (cells: Cells, findings: Findings) => T | undefined;

/** What the readers of one job share. */
export interface ReadingStyle {
  readonly dateOrder: DateOrder;
  readonly digits: ReadDigits;
  readonly money: MoneyReader;
  readonly grade: ReadGrade;
  readonly currency: string | undefined;
}

/** Makes the readers of a mapping's values. */
export class Values {
  constructor(
    private readonly columns: Columns,
    private readonly style: ReadingStyle,
  ) {}

  /** A text; blank ones are undefined. */
  text(spec: ValueSpec, field: string): ReadValue<string> {
    const { constant } = spec;
    const transform = compileTransforms(spec.transforms as readonly Transform[] | undefined);
    if (constant !== undefined) {
      const text = transform ? transform(constant) : constant;
      return () => text || undefined;
    }
    const read = this.columns.reader(spec, field);
    const plain = plainText(read, field);
    if (!transform) return plain;
    return (cells, findings) => {
      const text = plain(cells, findings);
      if (text === undefined) return undefined;
      const changed = transform(text);
      if (changed === undefined)
        return findings.fail('mapping.not_in_table', field, 'The table does not know this text.', text);
      return changed || undefined;
    };
  }

  /** Texts, blank elements left out; undefined where none is left. */
  list(spec: ListSpec, field: string): ReadValue<string[]> {
    const { split } = spec;
    const one = this.text(spec, field);
    const read = spec.constant === undefined ? this.columns.reader(spec, field) : () => '';
    const transform = compileTransforms(spec.transforms as readonly Transform[] | undefined);
    return (cells, findings) => {
      const raw = read(cells);
      if (Array.isArray(raw)) return listed(raw, field, { findings, transform });
      const text = one(cells, findings);
      if (text === undefined) return undefined;
      if (split === undefined || !text.includes(split)) return [text];
      const parts = text.split(split).flatMap((part) => part.trim() || []);
      return parts.length > 0 ? parts : undefined;
    };
  }

  whole(spec: WholeSpec, field: string): ReadValue<number> {
    const read = (text: string): number | undefined => {
      const value = wholeOf(this.style.digits(text.trim()));
      return value === undefined || value < 0 ? undefined : value;
    };
    return this.parsed(spec, field, read, 'mapping.not_a_whole_number', 'This is no whole number from 0.');
  }

  weight(spec: WeightSpec, field: string): ReadValue<number> {
    const grams = GRAMS[spec.unit];
    const read = (text: string): number | undefined => {
      const digits = this.style.digits(text.trim());
      return digits && !digits.negative
        ? Math.round(Number(`${digits.whole}.${digits.fraction || '0'}`) * grams)
        : undefined;
    };
    return this.parsed(spec, field, read, 'mapping.not_a_weight', 'This is no weight.');
  }

  date(spec: DateSpec, field: string): ReadValue<string> {
    const order = spec.order ?? this.style.dateOrder;
    const read = this.parsed(
      spec,
      field,
      remembering((text) => readDate(text, order)),
      'mapping.not_a_date',
      `This is no date written ${order}.`,
    );
    return (cells, findings) => read(cells, findings) || undefined;
  }

  grade(spec: GradeSpec, field: string): ReadValue<Grade> {
    const read = this.parsed(
      { ...spec, unreadable: spec.unreadable ?? 'leave_out' },
      field,
      (text) => this.style.grade(text),
      'mapping.unknown_grade',
      'Nothing says which grade this is.',
    );
    return (cells, findings) => read(cells, findings) ?? undefined;
  }

  money(spec: MoneySpec, field: string): ReadValue<Money> {
    const { money } = this.style;
    const text = this.text(spec, field);
    const currencyOf = this.currency(spec, field);
    const { fixed } = currencyOf;
    const read = fixed === undefined ? undefined : remembering((amount) => money.read(amount, fixed));
    return (cells, findings) => {
      const amount = text(cells, findings);
      if (amount === undefined) return undefined;
      const found = read?.(amount) ?? money.read(amount, currencyOf.read(cells, findings));
      if (typeof found !== 'string') return found;
      if (spec.unreadable === 'leave_out') return findings.leaveOut(field, amount);
      return findings.fail(found, field, MONEY_REFUSALS[found], amount);
    };
  }

  /** A currency that all rows have, or how it is read of a row. */
  private currency(
    { currency, ...place }: MoneySpec,
    field: string,
  ): { readonly fixed: string | undefined; readonly read: ReadValue<string> } {
    const all = (code: string | undefined) => ({ fixed: code, read: () => code });
    if (!currency) return all(this.style.currency);
    if ('constant' in currency) return all(currency.constant);
    if ('header' in currency) {
      const code = currencyIn(this.columns.nameOf(place));
      if (code === undefined)
        this.columns.fail('mapping.currency_missing', field, "The column's name holds no currency code.");
      return all(code);
    }
    const read = plainText(this.columns.reader(currency as ColumnRef, field), field);
    return {
      fixed: undefined,
      read: (cells, findings) => read(cells, findings)?.trim().toUpperCase() ?? this.style.currency,
    };
  }

  /** A text that is read as something else; what cannot be read fails, or is left out. */
  private parsed<T>(
    spec: ValueSpec & { unreadable?: 'fail' | 'leave_out' | undefined },
    field: string,
    parse: (text: string) => T | undefined,
    code: MappingFaultCode,
    message: string,
  ): ReadValue<T> {
    const read = this.text(spec, field);
    return (cells, findings) => {
      const text = read(cells, findings);
      if (text === undefined || text.trim() === '') return undefined;
      const value = parse(text);
      if (value !== undefined) return value;
      return spec.unreadable === 'leave_out'
        ? findings.leaveOut(field, text)
        : findings.fail(code, field, message, text);
    };
  }
}

const GRAMS = { g: 1, kg: 1_000, oz: 28.349523125, lb: 453.59237 } as const;

const MONEY_REFUSALS = {
  'mapping.not_money': 'This is no amount of money from 0, or of another currency.',
  'mapping.money_precision': 'This has more decimals than its currency.',
  'mapping.currency_missing': 'Nothing says in which currency this is: map it or give the job one.',
} as const;

function plainText(read: ReadColumn, field: string): ReadValue<string> {
  return (cells, findings) => {
    const value = read(cells);
    if (typeof value === 'string') return value === '' ? undefined : value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (value === null || value === undefined) return undefined;
    return findings.fail('mapping.not_a_text', field, 'A list or an object stands where a text is expected.');
  };
}

/** The elements of a list, each after the transforms; blank ones are left out. */
function listed(
  values: readonly unknown[],
  field: string,
  { findings, transform }: { findings: Findings; transform: TransformText | undefined },
): string[] | undefined {
  const texts: string[] = [];
  for (const value of values) {
    if (typeof value !== 'string' && typeof value !== 'number')
      return findings.fail('mapping.not_a_text', field, 'The list holds something that is no text.');
    const text = transform ? transform(String(value)) : String(value);
    if (text === undefined)
      return findings.fail('mapping.not_in_table', field, 'The table does not know this text.', String(value));
    if (text !== '') texts.push(text);
  }
  return texts.length > 0 ? texts : undefined;
}

function currencyIn(name: string): string | undefined {
  return name.match(/\b[A-Z]{3}\b/g)?.find((code) => currencyExponent(code) !== undefined);
}
