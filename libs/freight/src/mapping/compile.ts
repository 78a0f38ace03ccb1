import type { SourceRow } from '../sources/source-format.js';
import { Columns } from './columns.js';
import { dateOrderOf } from './dates.js';
import { readDiscogsFormats, type ReadFormat } from './discogs-format.js';
import { Findings } from './findings.js';
import { compileGrades } from './grades.js';
import { bounded, keyOf } from './keys.js';
import type { GradeWords, Mapping } from './mapping.js';
import { compileDigits, MoneyReader, numberStyleOf } from './numbers.js';
import type { MappedRecord, ReleaseItem, StockItem } from './record.js';
import { remembering } from './remember.js';
import { type ReadValue, Values } from './values.js';

type Cells = SourceRow['cells'];
type ReleaseSpec = Mapping['release'];
type StockSpec = NonNullable<Mapping['stock']>;

/** What the job says where the file does not. */
export interface MappingOptions {
  /** ISO 4217 code of prices without one. */
  readonly currency?: string | undefined;
  /** How numbers are written, such as `hu-HU`. Default: as in English. */
  readonly numberLocale?: string | undefined;
  /** How dates are written. Default: year first. */
  readonly dateLocale?: string | undefined;
  /** The job's words for grades. */
  readonly gradeVocabulary?: GradeWords | undefined;
  /** The store's, where the job's own do not know a word. */
  readonly storeGradeVocabulary?: GradeWords | undefined;
}

/** What a record becomes. A row with a fault of its own becomes nothing, with no key. */
export type MapRow = (row: SourceRow) => MappedRecord;

/**
 * Makes one function of a mapping: columns are found, tables built and patterns made once, not per record.
 * @param header of the file; undefined for NDJSON, or where the file has none
 * @throws MappingRefused for columns that are not there or not told apart. @throws RangeError for what is no locale
 */
export function compileMapping(
  mapping: Mapping,
  options: MappingOptions,
  header: readonly string[] | undefined,
  kind: 'csv' | 'ndjson' = 'csv',
): MapRow {
  const columns = new Columns(header, kind === 'ndjson');
  const digits = compileDigits(numberStyleOf(options.numberLocale));
  const values = new Values(columns, {
    dateOrder: dateOrderOf(options.dateLocale),
    digits,
    money: new MoneyReader(digits),
    grade: compileGrades(mapping.grades, options.gradeVocabulary, options.storeGradeVocabulary),
    currency: options.currency,
  });
  const readKey = releaseKey(mapping.release, values);
  const readRelease = mapping.release.title && releaseReader(mapping.release, values);
  const readStock = mapping.stock && stockReader(mapping.stock, values);
  if (mapping.stock?.quantity && mapping.stock.kind === 'single') {
    columns.fail(
      'mapping.quantity_of_single',
      'stock.quantity',
      'A row of kind single is one copy: quantity is for pools.',
    );
  }
  columns.check();
  const hasOwnKey = mapping.stock?.key !== undefined;
  return (row) => {
    if (row.fault) return UNREAD;
    const findings = new Findings();
    const known = readKey(row.cells, findings);
    const release = known !== undefined && readRelease ? readRelease(row.cells, findings, known) : undefined;
    const stock = readStock?.(row.cells, findings);
    const ownKey = hasOwnKey ? stock?.key : undefined;
    const { faults, unmapped } = findings;
    const key = ownKey ?? known;
    const copies = stock !== undefined && ownKey === undefined;
    if (faults.length > 0) return { key, copies, releaseKey: known, faults, unmapped };
    return { key, copies, releaseKey: known, release, stock, faults, unmapped };
  };
}

const UNREAD: MappedRecord = { key: undefined, copies: false, releaseKey: undefined, faults: [], unmapped: [] };

function releaseKey(spec: ReleaseSpec, values: Values): ReadValue<string> {
  const parts = (spec.keyColumns ?? []).map((part, at) => values.text(part, `release.keyColumns.${at}`));
  const id = spec.externalId && values.text(spec.externalId, 'release.externalId');
  const { exactKey } = spec;
  return (cells, findings) => {
    const own = id?.(cells, findings)?.trim();
    const key = id
      ? own && bounded(own)
      : keyOf(
          parts.map((part) => part(cells, findings) ?? ''),
          exactKey,
        );
    return (
      key || findings.fail('mapping.no_key', 'release.externalId', 'The record has nothing by which it is known again.')
    );
  };
}

/** Sets a member where the record has it. */
type SetMember<T> = (target: T, cells: Cells, findings: Findings) => void;

function member<T, K extends keyof T>(name: K, read: ReadValue<NonNullable<T[K]>> | undefined): SetMember<T>[] {
  if (!read) return [];
  return [
    (target, cells, findings) => {
      const value = read(cells, findings);
      if (value !== undefined) target[name] = value;
    },
  ];
}

function releaseReader(
  spec: ReleaseSpec,
  values: Values,
): (cells: Cells, findings: Findings, key: string) => ReleaseItem {
  const text = (name: 'title' | 'barcode' | 'country' | 'productType'): SetMember<ReleaseItem>[] =>
    member<ReleaseItem, typeof name>(name, spec[name] && values.text(spec[name], `release.${name}`));
  const list = (name: 'artists' | 'genres' | 'styles' | 'images'): SetMember<ReleaseItem>[] =>
    member<ReleaseItem, typeof name>(name, spec[name] && values.list(spec[name], `release.${name}`));
  const setters = [
    ...(['title', 'barcode', 'country', 'productType'] as const).flatMap(text),
    ...(['artists', 'genres', 'styles', 'images'] as const).flatMap(list),
    ...member<ReleaseItem, 'labels'>('labels', labelsReader(spec.labels, values)),
    ...member<ReleaseItem, 'formats'>('formats', formatsReader(spec.formats, values)),
    ...member<ReleaseItem, 'released'>('released', spec.released && values.date(spec.released, 'release.released')),
    ...member<ReleaseItem, 'weightGrams'>(
      'weightGrams',
      spec.weightGrams && values.weight(spec.weightGrams, 'release.weightGrams'),
    ),
    ...member<ReleaseItem, 'attributes'>('attributes', attributesReader(spec.attributes, values)),
  ];
  return (cells, findings, externalId) => {
    const item: ReleaseItem = { externalId };
    for (const set of setters) set(item, cells, findings);
    if (item.title === undefined) findings.fail('mapping.title_missing', 'release.title', 'The record has no title.');
    return item;
  };
}

/** A cell can hold several labels, and several numbers of one: the nth number goes with the nth label, or with the last. */
function labelsReader(
  spec: ReleaseSpec['labels'],
  values: Values,
): ReadValue<NonNullable<ReleaseItem['labels']>> | undefined {
  if (!spec) return undefined;
  const names = values.list(spec.name, 'release.labels.name');
  const numbers = spec.catalogNumber && values.list(spec.catalogNumber, 'release.labels.catalogNumber');
  return (cells, findings) => {
    const labels = names(cells, findings) ?? [];
    const catalogNumbers = numbers?.(cells, findings) ?? [];
    if (labels.length === 0) return undefined;
    return Array.from({ length: Math.max(labels.length, catalogNumbers.length) }, (_, at) => {
      const catalogNumber = catalogNumbers[at];
      return { name: labels[at] ?? (labels.at(-1) as string), ...(catalogNumber !== undefined && { catalogNumber }) };
    });
  };
}

function formatsReader(spec: ReleaseSpec['formats'], values: Values): ReadValue<ReadFormat[]> | undefined {
  if (!spec) return undefined;
  if ('style' in spec) {
    const read = values.text(spec, 'release.formats');
    const readFormats = remembering(readDiscogsFormats);
    return (cells, findings) => {
      const text = read(cells, findings);
      return text === undefined ? undefined : readFormats(text);
    };
  }
  const name = values.text(spec.name, 'release.formats.name');
  const quantity = spec.quantity && values.whole(spec.quantity, 'release.formats.quantity');
  const descriptions = spec.descriptions && values.list(spec.descriptions, 'release.formats.descriptions');
  const setters = [
    ...member<ReadFormat, 'quantity'>('quantity', quantity),
    ...member<ReadFormat, 'descriptions'>('descriptions', descriptions),
  ];
  return (cells, findings) => {
    const format = name(cells, findings);
    if (format === undefined) return undefined;
    const item: ReadFormat = { name: format };
    for (const set of setters) set(item, cells, findings);
    return [item];
  };
}

function attributesReader(
  spec: ReleaseSpec['attributes'],
  values: Values,
): ReadValue<Record<string, string>> | undefined {
  if (!spec) return undefined;
  const readers = Object.entries(spec).map(([name, value]) => ({
    name,
    read: values.text(value, `release.attributes.${name}`),
  }));
  return (cells, findings) => {
    const entries = readers.flatMap(({ name, read }): [string, string][] => {
      const value = read(cells, findings);
      return value === undefined ? [] : [[name, value]];
    });
    return entries.length > 0 ? Object.fromEntries(entries) : undefined;
  };
}

function stockReader(spec: StockSpec, values: Values): (cells: Cells, findings: Findings) => StockItem {
  const text = (name: 'key' | 'sku' | 'code' | 'note'): SetMember<StockItem>[] =>
    member<StockItem, typeof name>(name, spec[name] && values.text(spec[name], `stock.${name}`));
  const grade = (name: 'mediaGrade' | 'sleeveGrade'): SetMember<StockItem>[] =>
    member<StockItem, typeof name>(name, spec[name] && values.grade(spec[name], `stock.${name}`));
  const money = (name: 'price' | 'cost'): SetMember<StockItem>[] =>
    member<StockItem, typeof name>(name, spec[name] && values.money(spec[name], `stock.${name}`));
  const setters = [
    ...(['key', 'sku', 'code', 'note'] as const).flatMap(text),
    ...(['mediaGrade', 'sleeveGrade'] as const).flatMap(grade),
    ...(['price', 'cost'] as const).flatMap(money),
    ...(spec.kind === 'pool'
      ? member<StockItem, 'quantity'>('quantity', spec.quantity && values.whole(spec.quantity, 'stock.quantity'))
      : []),
  ];
  const { kind, key } = spec;
  return (cells, findings) => {
    const item: StockItem = { kind, quantity: 1 };
    for (const set of setters) set(item, cells, findings);
    if (key && item.key === undefined)
      findings.fail('mapping.no_key', 'stock.key', 'The record has no key of its own.');
    else if (item.key !== undefined) item.key = bounded(item.key.trim());
    return item;
  };
}
