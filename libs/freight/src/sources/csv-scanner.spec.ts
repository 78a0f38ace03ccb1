import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { detectFormat } from './detect-format.js';
import { SOURCE_LIMITS } from './limits.js';
import { readRows } from './rows.js';
import type { DeclaredFormat, SourceFormat, SourceRow } from './source-format.js';

async function* inPieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b).concat(bytes.length);
  let from = 0;
  for (const end of ends) {
    yield bytes.subarray(from, end);
    from = end;
  }
}

async function read(
  bytes: Buffer,
  format: SourceFormat,
  { cuts = [] as readonly number[], from = undefined as Parameters<typeof readRows>[2] } = {},
): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  const start = from?.byte ?? format.dataFrom;
  for await (const some of readRows(inPieces(bytes.subarray(start), cuts), format, from)) rows.push(...some);
  return rows;
}

/** Every record of a text, with its format detected. */
async function parse(text: string | Buffer, declared?: DeclaredFormat): Promise<SourceRow[]> {
  const bytes = Buffer.from(text as string);
  return read(bytes, detectFormat(bytes, true, declared));
}

const cellsOf = async (text: string | Buffer, declared?: DeclaredFormat): Promise<unknown[]> =>
  (await parse(text, declared)).map(({ cells, fault }) => fault?.code ?? cells);
const faultsOf = async (text: string | Buffer, declared?: DeclaredFormat): Promise<unknown[]> =>
  (await parse(text, declared)).flatMap(({ rowNo, fault }) =>
    fault ? [{ rowNo, code: fault.code, line: fault.line, column: fault.column }] : [],
  );

describe('a CSV source', () => {
  it('gives quoted delimiters, doubled quotes and line breaks as they are', async () => {
    expect(await cellsOf('a,b\n"1,2","say ""hi"""\n"two\r\nlines",\n')).toEqual([
      ['1,2', 'say "hi"'],
      ['two\r\nlines', ''],
    ]);
  });

  it('is refused when nothing but empty lines follows its header, however many', async () => {
    const bytes = Buffer.from('a,b\n' + '\n'.repeat(1_000));
    const format = detectFormat(bytes.subarray(0, 100), false);
    await expect(read(bytes, format)).rejects.toMatchObject({ code: 'source.header_only' });
    expect(await read(bytes, format, { from: { byte: 500, rowNo: 1 } })).toEqual([]);
  });

  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('ends records at %s, with and without one after the last', async (_name, end) => {
    const expected = [
      ['1', '2'],
      ['3', '4'],
    ];
    expect(await cellsOf(['a,b', '1,2', '3,4'].join(end))).toEqual(expected);
    expect(await cellsOf(['a,b', '1,2', '3,4', ''].join(end))).toEqual(expected);
  });

  it('reads line ends of all kinds in one file', async () => {
    expect(await cellsOf('a,b\r\n1,2\n3,4\r5,6')).toEqual([
      ['1', '2'],
      ['3', '4'],
      ['5', '6'],
    ]);
  });

  it('takes a quote inside an unquoted cell for text, such as inches', async () => {
    expect(await cellsOf('format,n\n12",1\nLP 12" x,2\n')).toEqual([
      ['12"', '1'],
      ['LP 12" x', '2'],
    ]);
  });

  it('lets blanks follow a closing quote, as in files padded to fixed widths', async () => {
    expect(await cellsOf('a  ,b\n"x"  ,"y""" \n"z" ,w  \n"q" "r",1')).toEqual([
      ['x', 'y"'],
      ['z', 'w  '],
      'source.text_after_quote',
    ]);
  });

  it('does not take lines of blanks for records, but an empty quoted cell', async () => {
    expect(await cellsOf('a\n\n  \n""\n\t\nx\n    ')).toEqual([[''], ['x']]);
    expect(await cellsOf('a\tb\n\t\n1\t2\n')).toEqual([['1', '2']]);
  });

  it('says where a record stands that it cannot read, and goes on after it', async () => {
    expect(await faultsOf('a,b\n1,2\n"x"y,2\n3\n4,5,6\n7,\u0000\n8,9,,\n')).toEqual([
      { rowNo: 2, code: 'source.text_after_quote', line: 3, column: 4 },
      { rowNo: 3, code: 'source.too_few_cells', line: 5, column: 1 },
      { rowNo: 4, code: 'source.too_many_cells', line: 6, column: 1 },
      { rowNo: 5, code: 'source.control_character', line: 6, column: 3 },
    ]);
    expect((await cellsOf('a,b\n"x"y,2\n8,9,,\n')).at(-1)).toEqual(['8', '9']);
  });

  it('tells of an open quote where it opens, in a record of its own', async () => {
    const text = 'a,b\n1,2\n"two\nlines",3\nžluť,"oh\nno\n5,6\n';
    expect(await faultsOf(text)).toEqual([{ rowNo: 3, code: 'source.unclosed_quote', line: 5, column: 6 }]);
    expect((await parse(text)).map(({ byteFrom, byteTo }) => [byteFrom, byteTo])).toEqual([
      [4, 8],
      [8, 22],
      [22, Buffer.byteLength(text)],
    ]);
  });

  it('tells of a quote that never closes also where more follows than a cell may have, and of a cell that is too large', async () => {
    const cuts = Array.from({ length: 20 }, (_, at) => at * 65_536);
    const tail = 'x,y\n'.repeat(SOURCE_LIMITS.cellBytes / 3);
    for (const [end, code] of [
      ['', 'source.unclosed_quote'],
      ['",2\n', 'source.cell_too_large'],
    ] as const) {
      const bytes = Buffer.from(`a,b\n1,"open\n${tail}${end}`);
      const [row, ...others] = await read(bytes, detectFormat(bytes.subarray(0, 1_000), false), { cuts });
      expect(others).toEqual([]);
      expect(row?.fault).toMatchObject({ code, line: 2, column: 3 });
      expect(row?.fault?.message).toMatch(/quote opens here.+(never closed|closing quote missing)/);
    }
  });

  it('holds nothing of a cell, a record or a width over the limits', async () => {
    const { cellBytes, columns } = SOURCE_LIMITS;
    const giant = `"${'x'.repeat(20 * cellBytes)}"`;
    const wide = '1,'.repeat(1_000_000);
    const many = `${'y'.repeat(cellBytes - 1)},`.repeat(5);
    const bytes = Buffer.from(`a,b\n1,2\n${giant},3\n4,5\n${wide}\n6,7\n${many}\n8,9\n`);
    const format = detectFormat(bytes.subarray(0, 1_000), false);
    const cuts = Array.from({ length: Math.floor(bytes.length / 65_536) }, (_, at) => at * 65_536);
    const rows = await read(bytes, { ...format, header: ['a', 'b'] }, { cuts });
    expect(rows.map(({ cells, fault }) => fault?.code ?? cells)).toEqual([
      ['1', '2'],
      'source.cell_too_large',
      ['4', '5'],
      'source.too_many_cells',
      ['6', '7'],
      'source.record_too_large',
      ['8', '9'],
    ]);
    expect(columns).toBeLessThan(1_000_000);
    expect(rows.at(-1)?.byteTo).toBe(bytes.length);
    expect(rows[1]?.fault).toMatchObject({ line: 3 });
  });

  it('fails a record whose bytes are not the declared encoding, and refuses the source when none was declared', async () => {
    const bytes = Buffer.concat([Buffer.from('a,b\n1,2\nčé,'), Buffer.of(0xe9), Buffer.from('\n3,4\n')]);
    expect(await cellsOf(bytes, { encoding: 'utf-8' })).toEqual([['1', '2'], 'source.bad_encoding', ['3', '4']]);
    expect(await faultsOf(bytes, { encoding: 'utf-8' })).toMatchObject([{ line: 3, column: 4 }]);
    const format = detectFormat(bytes.subarray(0, 8), false);
    await expect(read(bytes, format)).rejects.toMatchObject({
      code: 'source.encoding_unknown',
      details: { offset: 13 },
    });
  });

  it('has no header where none was declared to be', async () => {
    const bytes = Buffer.from('1;2\n3;4\n');
    const format = detectFormat(bytes, true, { header: false });
    expect(format).toMatchObject({ delimiter: ';', dataFrom: 0 });
    expect(format.header).toBeUndefined();
    expect((await read(bytes, format)).map(({ cells }) => cells)).toEqual([
      ['1', '2'],
      ['3', '4'],
    ]);
  });
});

const cell = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', '"', ',', ';', '\n', '\r', ' ', 'ž', '黒', '😀', '|') }),
  fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => !text.includes('\0')),
);
const table = fc.integer({ min: 2, max: 5 }).chain((width) =>
  fc.record({
    rows: fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }),
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
    encoding: fc.constantFrom('utf-8' as const, 'utf-16le' as const, 'utf-16be' as const),
    ended: fc.boolean(),
    cuts: fc.array(fc.nat(), { maxLength: 8 }),
  }),
);

type Table = typeof table extends fc.Arbitrary<infer T> ? Omit<T, 'cuts'> : never;

/** Written so that every cell comes back: quoted where it must be, and where the record would look blank. */
function written({ rows, delimiter, lineEnd, encoding, ended }: Table): Buffer {
  const header = rows[0]?.map((_, at) => `c${at}`) ?? [];
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const write = (text: string): string => (/^[a-z0-9ž]+$/.test(text) ? text : quoted(text));
  const text = [header, ...rows].map((row) => row.map(write).join(delimiter)).join(lineEnd) + (ended ? lineEnd : '');
  const bytes = Buffer.from(text, encoding === 'utf-8' ? 'utf8' : 'utf16le');
  return encoding === 'utf-16be' ? bytes.swap16() : bytes;
}

describe('any table, written as CSV', () => {
  it('comes back cell by cell, wherever the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(table, async (input) => {
        const bytes = written(input);
        const format = detectFormat(bytes, true, { encoding: input.encoding, delimiter: input.delimiter });
        const rows = await read(bytes, format, { cuts: input.cuts });
        expect(rows.map(({ cells }) => cells)).toEqual(input.rows.map((row) => row.map((text) => text.toWellFormed())));
        expect(rows).toEqual(await read(bytes, format));
      }),
      { numRuns: 200 },
    );
  });

  it('comes back the same from any byte range that its records name', async () => {
    await fc.assert(
      fc.asyncProperty(table, fc.nat(), fc.nat(), async (input, a, b) => {
        const bytes = written(input);
        const format = detectFormat(bytes, true, { encoding: input.encoding, delimiter: input.delimiter });
        const rows = await read(bytes, format);
        const [first, last] = [a % rows.length, b % rows.length].sort((x, y) => x - y) as [number, number];
        const from = { byte: rows[first]?.byteFrom ?? 0, rowNo: first + 1, line: rows[first]?.line ?? 0 };
        const range = bytes.subarray(0, rows[last]?.byteTo);
        expect(await read(range, format, { cuts: input.cuts, from })).toEqual(rows.slice(first, last + 1));
        expect(rows.every((row, at) => row.byteFrom === (rows[at - 1]?.byteTo ?? format.dataFrom))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
