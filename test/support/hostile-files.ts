import { gzipSync } from 'node:zlib';
import type { MappingInput } from '../../libs/freight/src/mapping/mapping.js';
import type { DeclaredFormat } from '../../libs/freight/src/sources/source-format.js';
import { ADDITIVE_MAPPING } from './freight.js';

/** A file that nobody would send on purpose, and what becomes of it. */
export interface HostileFile {
  readonly name: string;
  readonly content: () => Uint8Array;
  readonly format?: DeclaredFormat;
  readonly mapping?: MappingInput;
  /** It is not even taken as an upload. */
  readonly refused?: { readonly status: number; readonly code: string };
  /** The job fails as a whole; the words tell the next step. */
  readonly failure?: { readonly code: string; readonly words: RegExp };
  /** Records that are taken, and those that fail by their row. */
  readonly records?: {
    readonly created: number;
    readonly failed: Readonly<Record<number, { readonly code: string; readonly words: RegExp }>>;
  };
}

/** Most bytes of an upload in this test. */
export const UPLOAD_MAX_MIB = 64;
const MIB = 1_048_576;
const HEADER = 'id,title,quantity\n';
const GOOD = 'r1,Good,1\n';
const LAST = 'r9,Last,9\n';
/** A file whose second record is the hostile one. */
const amid = (record: string): Buffer => Buffer.from(`${HEADER}${GOOD}${record}\n${LAST}`);
const text = (content: string) => (): Buffer => Buffer.from(content);
/** The file goes in but for its second record. */
const butTheSecond = (code: string, words: RegExp): HostileFile['records'] => ({
  created: 2,
  failed: { 2: { code, words } },
});
const NDJSON_LINE = '{"id":"r1","title":"Good","quantity":1}\n';
const json = (line: string) => text(`${NDJSON_LINE}${line}\n{"id":"r9","title":"Last","quantity":9}\n`);
/** "Motörhead" as Windows writes it. */
const LATIN = Buffer.from(`${HEADER}r1,Mot\xf6rhead,1\n`, 'latin1');
/** Bytes that look like nothing, the same each time. */
const noise = (bytes: number): Buffer => Buffer.from(Array.from({ length: bytes }, (_, at) => (at * 7_919 + 13) % 251));

/** Files that are wrong as a whole, and those with wrong records, each with its code and with words that help. */
export const HOSTILE_FILES: readonly HostileFile[] = [
  { name: 'no byte at all', content: text(''), failure: { code: 'source.empty', words: /send/i } },
  { name: 'blanks', content: text(' \n\t\n\n'), failure: { code: 'source.empty', words: /send/i } },
  { name: 'a header alone', content: text(HEADER), failure: { code: 'source.header_only', words: /no records/ } },
  {
    name: 'a header and a million empty lines',
    content: () => Buffer.from(HEADER + '\n'.repeat(1_000_000)),
    failure: { code: 'source.header_only', words: /no records/ },
  },
  {
    name: 'a million empty lines',
    content: () => Buffer.alloc(1_000_000, '\n'),
    failure: { code: 'source.empty', words: /send/i },
  },
  { name: 'noise', content: () => noise(100_000), failure: { code: 'source.binary', words: /CSV or NDJSON/ } },
  {
    name: 'an Excel sheet',
    content: () => Buffer.concat([Buffer.from('504b0304', 'hex'), noise(5_000)]),
    failure: { code: 'source.binary', words: /save the sheet as CSV/ },
  },
  {
    name: 'gzip inside gzip',
    content: () => gzipSync(gzipSync(HEADER + GOOD)),
    failure: { code: 'source.compressed', words: /once/ },
  },
  {
    name: 'gzip that is cut off',
    content: () => gzipSync(HEADER + noise(20_000).toString('hex')).subarray(0, -500),
    refused: { status: 422, code: 'files.broken_gzip' },
  },
  {
    name: 'a gzip bomb',
    content: () => gzipSync(Buffer.alloc(UPLOAD_MAX_MIB * MIB + 1)),
    refused: { status: 413, code: 'files.upload_too_large' },
  },
  {
    name: 'one line that unpacks to all that an upload may have',
    content: () => gzipSync(Buffer.concat([Buffer.from(HEADER + GOOD), Buffer.alloc(UPLOAD_MAX_MIB * MIB - 100, 'x')])),
    records: { created: 1, failed: { 2: { code: 'source.cell_too_large', words: /1048576 bytes/ } } },
  },
  {
    name: 'an encoding that nobody declared',
    content: () => LATIN,
    failure: { code: 'source.encoding_unknown', words: /offset 24 is not UTF-8.+windows-1252.+Declare the encoding/ },
  },
  {
    name: 'an encoding that nobody declared, far from the beginning',
    content: () =>
      Buffer.concat([Buffer.from(HEADER + GOOD.repeat(50_000)), Buffer.from('r2,Mot\xf6rhead,1\n', 'latin1')]),
    failure: { code: 'source.encoding_unknown', words: /Declare the encoding/ },
  },
  {
    name: 'another encoding than the one that was declared',
    content: () => Buffer.concat([Buffer.from(HEADER + GOOD), Buffer.from('r2,Mot\xf6rhead,1\nr9,Last,9\n', 'latin1')]),
    format: { encoding: 'utf-8' },
    records: butTheSecond('source.bad_encoding', /not utf-8/),
  },
  {
    name: 'the encoding that was declared',
    content: () => LATIN,
    format: { encoding: 'latin1' },
    records: { created: 1, failed: {} },
  },
  {
    name: 'an encoding that is not read',
    content: text(HEADER + GOOD),
    format: { encoding: 'shift_jis' },
    failure: { code: 'source.encoding_not_supported', words: /Convert the file to UTF-8/ },
  },
  {
    name: 'a cell of 20 MB',
    content: () => amid(`r2,${'x'.repeat(20_000_000)},2`),
    records: butTheSecond('source.cell_too_large', /1048576 bytes/),
  },
  {
    name: 'a record of a million cells',
    content: () => amid(','.repeat(1_000_000)),
    records: butTheSecond('source.too_many_cells', /more than 2000 cells/),
  },
  {
    name: 'a header of a million columns',
    content: () => Buffer.from(`${'a,'.repeat(1_000_000)}\n${GOOD}`),
    failure: { code: 'source.too_many_columns', words: /delimiter/ },
  },
  { name: 'a NUL', content: () => amid('r2,ze\0ro,2'), records: butTheSecond('source.control_character', /U\+0000/) },
  {
    name: 'a quote that is never closed',
    content: text(`${HEADER}${GOOD}r2,"open,2\n${LAST}`),
    records: { created: 1, failed: { 2: { code: 'source.unclosed_quote', words: /never closed/ } } },
  },
  {
    name: 'a quote that is never closed, before much more',
    content: () => Buffer.from(`${HEADER}${GOOD}r2,"open,2\n${LAST.repeat(300_000)}`),
    records: { created: 1, failed: { 2: { code: 'source.unclosed_quote', words: /never closed/ } } },
  },
  {
    name: 'text behind a closing quote',
    content: () => amid('r2,"12" single",2'),
    records: butTheSecond('source.text_after_quote', /[Dd]ouble/),
  },
  {
    name: 'a record too short',
    content: () => amid('r2'),
    records: butTheSecond('source.too_few_cells', /1 cells.+3/),
  },
  {
    name: 'a record too long',
    content: () => amid('r2,a,2,b'),
    records: butTheSecond('source.too_many_cells', /4 cells.+3/),
  },
  {
    name: 'two columns of one name',
    content: text('id,title,title,quantity\nr1,a,b,1\n'),
    failure: { code: 'freight.mapping_invalid', words: /columns 2, 3 are called "title": use columnNo/ },
  },
  {
    name: 'two columns of one name, told apart by number',
    content: text('id,title,title,quantity\nr1,a,b,1\n'),
    mapping: { ...ADDITIVE_MAPPING, release: { ...ADDITIVE_MAPPING.release, title: { columnNo: 3 } } },
    records: { created: 1, failed: {} },
  },
  {
    name: 'half a surrogate pair in JSON',
    content: json('{"id":"r2","title":"\\ud83d","quantity":2}'),
    records: butTheSecond('source.malformed_json', /half a surrogate pair/),
  },
  {
    name: 'JSON of a hundred thousand levels',
    content: json(`{"id":"r2","title":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
    records: butTheSecond('source.malformed_json', /more than 32 levels/),
  },
  {
    name: 'JSON of a million members',
    content: json(`{"id":"r2",${Array.from({ length: 1_000_000 }, (_, at) => `"m${at}":1`).join(',')}}`),
    records: butTheSecond('source.record_too_large', /4194304 bytes/),
  },
  {
    name: 'a member that is there twice',
    content: json('{"id":"r2","id":"r3","title":"Twice"}'),
    records: butTheSecond('source.malformed_json', /a member that the object already has/),
  },
  {
    name: 'a JSON array',
    content: text('[{"id":"r1"},\n{"id":"r2"}]'),
    failure: { code: 'source.not_line_delimited', words: /one object per line/ },
  },
];
