import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { detectFormat } from './detect-format.js';
import { SOURCE_LIMITS } from './limits.js';
import { readRows } from './rows.js';
import type { DeclaredFormat, SourceRow } from './source-format.js';

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(bytes: Buffer, size = bytes.length, declared?: DeclaredFormat): Promise<SourceRow[]> {
  const format = detectFormat(bytes.subarray(0, 1_000), bytes.length <= 1_000, { kind: 'ndjson', ...declared });
  const rows: SourceRow[] = [];
  for await (const some of readRows(pieces(bytes.subarray(format.dataFrom), size), format)) rows.push(...some);
  return rows;
}

describe('an NDJSON source', () => {
  it('gives the members of each line, and fails only the lines that are not objects of strict JSON', async () => {
    const text = '{"a":"1","n":19.99}\n\n[1]\n{"a":1,"a":2}\n{"a":\n{"big":9007199254740993}\r\n{"t":"žluť"}';
    const rows = await read(Buffer.from(text), 5);
    expect(rows.map(({ rowNo, cells, fault }) => [rowNo, fault?.code ?? cells, fault?.line])).toEqual([
      [1, { a: '1', n: 19.99 }, undefined],
      [2, 'source.not_an_object', 3],
      [3, 'source.malformed_json', 4],
      [4, 'source.malformed_json', 5],
      [5, 'source.malformed_json', 6],
      [6, { t: 'žluť' }, undefined],
    ]);
    expect(rows.at(-1)?.byteTo).toBe(Buffer.byteLength(text));
  });

  it('holds nothing of a line over the limit', async () => {
    const giant = JSON.stringify({ a: 'x'.repeat(SOURCE_LIMITS.recordBytes) });
    const rows = await read(Buffer.from(`{"a":1}\n${giant}\n{"a":2}\n`), 65_536);
    expect(rows.map(({ cells, fault }) => fault?.code ?? cells)).toEqual([
      { a: 1 },
      'source.record_too_large',
      { a: 2 },
    ]);
  });

  it('reads declared encodings, and fails what does not belong to them', async () => {
    const latin = Buffer.from('{"a":"caf\xe9"}\n', 'latin1');
    expect((await read(latin, 4, { encoding: 'windows-1252' })).map(({ cells }) => cells)).toEqual([{ a: 'café' }]);
    expect((await read(latin, 4, { encoding: 'utf-8' })).map(({ fault }) => fault?.code)).toEqual([
      'source.bad_encoding',
    ]);
    const wide = Buffer.from('{"a":"ž"}\n{"b":1}', 'utf16le');
    expect((await read(wide, 3)).map(({ cells }) => cells)).toEqual([{ a: 'ž' }, { b: 1 }]);
  });

  it('comes back the same wherever the bytes are cut', async () => {
    const line = fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.string({ unit: 'grapheme' }).filter((text) => !/\p{Cc}/u.test(text)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 40 }),
        async (lines, size) => {
          const bytes = Buffer.from(lines.map((value) => JSON.stringify(value)).join('\n'));
          expect((await read(bytes, size)).map(({ cells }) => ({ ...cells }))).toEqual(
            lines.map((value) => ({ ...value })),
          );
        },
      ),
    );
  });
});
