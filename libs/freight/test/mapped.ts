import type { SourceRow } from '../src/sources/source-format.js';
import { compileMapping, type MappingOptions } from '../src/mapping/compile.js';
import { type MappingInput, mappingSchema } from '../src/mapping/mapping.js';
import type { MappedRecord } from '../src/mapping/record.js';

/** A row of a file that has only this one. */
export const row = (cells: SourceRow['cells']): SourceRow => ({ rowNo: 1, cells, byteFrom: 0, byteTo: 1, line: 1 });

/** One record of a file whose columns are the keys. */
export function map(mapping: MappingInput, record: Record<string, string>, options: MappingOptions = {}): MappedRecord {
  return compileMapping(mappingSchema.parse(mapping), options, Object.keys(record))(row(Object.values(record)));
}

/** The least that a release is mapped by, and a record that has it. */
export const TITLE = { externalId: { column: 'id' }, title: { column: 'title' } };
export const KNOWN = { id: '1', title: 'x' };

/** The stock that a record becomes, or the codes of its faults. */
export const stockOf = (
  stock: NonNullable<MappingInput['stock']>,
  record: Record<string, string>,
  options?: MappingOptions,
): unknown => {
  const mapped = map({ release: TITLE, stock }, { ...KNOWN, ...record }, options);
  return mapped.faults.length > 0 ? mapped.faults.map(({ code }) => code) : mapped.stock;
};

/** The release that a record becomes, or the codes of its faults. */
export const releaseOf = (
  release: Partial<MappingInput['release']>,
  record: Record<string, string>,
  options?: MappingOptions,
): unknown => {
  const mapped = map({ release: { ...TITLE, ...release } }, { ...KNOWN, ...record }, options);
  return mapped.faults.length > 0 ? mapped.faults.map(({ code }) => code) : mapped.release;
};
