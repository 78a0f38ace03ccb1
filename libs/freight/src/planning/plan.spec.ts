import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MapRow } from '../mapping/compile.js';
import type { SourceRow } from '../sources/source-format.js';
import { KeyRegistry } from './key-registry.js';
import { type DuplicatePolicy, type PlannedBatch, type PlanOptions, planRows } from './plan.js';

/** A row is its key; `!` marks one that cannot be mapped, `?` one without a key, `sku@release` one with a key of its own. */
const mapRow: MapRow = ({ cells }) => {
  const text = (cells as string[])[0] ?? '';
  if (text === '?') return { key: undefined, copies: false, releaseKey: undefined, faults: [], unmapped: [] };
  const [word, release] = text.replace('!', '').split('@') as [string, string | undefined];
  const faults = text.endsWith('!') ? [{ code: 'mapping.not_money' as const, field: 'stock.price', message: '' }] : [];
  return { key: word, copies: release === undefined, releaseKey: release ?? word, faults, unmapped: [] };
};

/** Rows that follow one another, of so many bytes each. */
function sized(
  lengths: readonly number[],
  texts: readonly string[] = lengths.map((_length, at) => `k${at}`),
): SourceRow[] {
  let byte = 0;
  return lengths.map((length, at) => ({
    rowNo: at + 1,
    cells: [texts[at] ?? ''],
    byteFrom: byte,
    byteTo: (byte += length),
    line: at + 2,
  }));
}

async function* chunked(rows: readonly SourceRow[], size: number): AsyncGenerator<SourceRow[]> {
  for (let at = 0; at < rows.length; at += size) yield rows.slice(at, at + size);
}

const inGroups = (texts: readonly string[], size: number): AsyncGenerator<SourceRow[]> =>
  chunked(
    sized(
      texts.map(() => 10),
      texts,
    ),
    size,
  );

async function plan(texts: readonly string[], options: Partial<PlanOptions> = {}, size = 3): Promise<PlannedBatch[]> {
  const batches: PlannedBatch[] = [];
  const all = { batchSize: 4, duplicates: 'last_wins' as const, stockTarget: false, ...options };
  for await (const batch of planRows(inGroups(texts, size), mapRow, all)) batches.push(batch);
  return batches;
}

const pairs = (batches: readonly PlannedBatch[], list: 'superseded' | 'releaseSuperseded' = 'superseded') =>
  batches.flatMap((batch) => batch[list].map(({ rowNo, by }) => [rowNo, by]));

describe('a plan', () => {
  it('cuts the source into batches that follow one another', async () => {
    expect(await plan(['a', 'b', 'c', 'd', 'e'])).toEqual([
      expect.objectContaining({
        no: 1,
        rowFrom: 1,
        rowCount: 4,
        byteFrom: 0,
        byteTo: 40,
        lineFrom: 2,
        occurrences: [1, 1, 1, 1],
      }),
      expect.objectContaining({
        no: 2,
        rowFrom: 5,
        rowCount: 1,
        byteFrom: 40,
        byteTo: 50,
        lineFrom: 6,
        occurrences: [1],
      }),
    ]);
    expect(await plan([])).toEqual([]);
  });

  it.each<[DuplicatePolicy, number[][]]>([
    [
      'last_wins',
      [
        [1, 3],
        [3, 6],
      ],
    ],
    [
      'first_wins',
      [
        [3, 1],
        [6, 1],
      ],
    ],
    [
      'fail',
      [
        [3, 1],
        [6, 1],
      ],
    ],
  ])('of releases, where %s, says which row supersedes which', async (duplicates, expected) => {
    const batches = await plan(['a', 'b', 'a', '?', 'c', 'a'], { duplicates });
    expect(pairs(batches)).toEqual(expected);
    expect(batches.flatMap(({ occurrences }) => occurrences)).toEqual([1, 1, 2, 0, 1, 3]);
  });

  it('lets a row that cannot be mapped supersede nothing, and count as a copy', async () => {
    expect(pairs(await plan(['a', 'a!', 'b!', 'b']))).toEqual([]);
    const copies = await plan(['a', 'a!', 'a'], { stockTarget: true });
    expect(copies[0]?.occurrences).toEqual([1, 2, 3]);
  });

  it('of stock skips no row of a release, and lets the last one describe it', async () => {
    const batches = await plan(['a', 'b', 'a', 'a!', 'a'], { stockTarget: true });
    expect(batches.flatMap(({ occurrences }) => occurrences)).toEqual([1, 1, 2, 3, 4]);
    expect(pairs(batches)).toEqual([]);
    expect(pairs(batches, 'releaseSuperseded')).toEqual([
      [1, 3],
      [3, 5],
    ]);
  });

  it('of stock with keys of its own holds those against each other', async () => {
    const rows = ['s1@x', 's2@x', 's1@y', 's3@y'];
    const last = await plan(rows, { stockTarget: true });
    expect([pairs(last), pairs(last, 'releaseSuperseded')]).toEqual([
      [[1, 3]],
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    const first = await plan(rows, { stockTarget: true, duplicates: 'first_wins' });
    expect([pairs(first), pairs(first, 'releaseSuperseded')]).toEqual([[[3, 1]], [[1, 2]]]);
  });

  it('begins another batch where a row would make it larger than a batch may be', async () => {
    const batches = await plan(['a', 'b', 'c', 'd', 'e'], { batchBytes: 25 });
    expect(batches.map(({ rowFrom, rowCount, byteTo }) => [rowFrom, rowCount, byteTo])).toEqual([
      [1, 2, 20],
      [3, 2, 40],
      [5, 1, 50],
    ]);
    expect(batches.map(({ no }) => no)).toEqual([1, 2, 3]);
  });

  it('covers all rows in order, in batches that are within their bounds or one row', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 60 });
    const bound = fc.integer({ min: 1, max: 100 });
    const size = fc.integer({ min: 1, max: 9 });
    await fc.assert(
      fc.asyncProperty(lengths, bound, size, size, async (lengths, batchBytes, batchSize, chunk) => {
        const rows = sized(lengths);
        const batches: PlannedBatch[] = [];
        const options = { batchSize, batchBytes, duplicates: 'last_wins' as const, stockTarget: false };
        for await (const batch of planRows(chunked(rows, chunk), mapRow, options)) batches.push(batch);
        expect(batches.flatMap(({ occurrences }) => occurrences)).toEqual(rows.map(() => 1));
        let [rowNo, byte] = [1, 0];
        for (const { rowFrom, rowCount, byteFrom, byteTo } of batches) {
          expect([rowFrom, byteFrom]).toEqual([rowNo, byte]);
          expect(rowCount <= batchSize && (byteTo - byteFrom <= batchBytes || rowCount === 1)).toBe(true);
          [rowNo, byte] = [rowNo + rowCount, byteTo];
        }
        expect(batches.map(({ no }) => no)).toEqual(batches.map((_batch, at) => at + 1));
      }),
    );
  });

  it('refuses more rows than there may be', async () => {
    await expect(plan(['a', 'b', 'c'], { maxRows: 2 })).rejects.toMatchObject({ code: 'source.too_many_rows' });
  });

  it('leaves one row per key, whatever the sizes of chunks and batches', async () => {
    const keys = fc.array(fc.constantFrom<string>('a', 'b', 'c', 'd', 'e!', '?'), { maxLength: 40 });
    const policy = fc.constantFrom<DuplicatePolicy>('last_wins', 'first_wins');
    await fc.assert(
      fc.asyncProperty(
        keys,
        policy,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, duplicates, batchSize, size) => {
          const batches = await plan(rows, { duplicates, batchSize }, size);
          const gone = new Set(pairs(batches).map(([rowNo]) => rowNo));
          const left = rows.flatMap((key, at) =>
            gone.has(at + 1) || key === '?' || key.endsWith('!') ? [] : [[key, at]],
          );
          const expected = [...new Set(rows)].filter((key) => key !== '?' && !key.endsWith('!'));
          expect(left.map(([key]) => key).sort()).toEqual(expected.sort());
          const keeps = (key: string): number =>
            duplicates === 'last_wins' ? rows.lastIndexOf(key) : rows.indexOf(key);
          expect(left.every(([key, at]) => at === keeps(String(key)))).toBe(true);
          expect(pairs(batches)).toEqual(pairs(await plan(rows, { duplicates })));
        },
      ),
    );
  });
});

describe('the registry of keys', () => {
  it('counts every key and knows its holder, as a map would', () => {
    const registry = new KeyRegistry();
    const known = new Map<string, { occurrence: number; row: number }>();
    for (let row = 1; row <= 200_000; row++) {
      // A few keys come thousands of times, from the beginning to the end.
      const key = row % 9 === 0 ? `many ${row % 5}` : `${(row * 7_919) % 120_011}#key`;
      const before = known.get(key) ?? { occurrence: 0, row: 0 };
      const seen = registry.see(key, row, 'always');
      if (seen.occurrence !== before.occurrence + 1 || seen.holder !== before.row)
        throw new Error(`row ${row} differs`);
      known.set(key, { occurrence: seen.occurrence, row });
    }
    expect(registry.size).toBe(known.size);
  });

  it('takes 20 bytes per key at most, those of tables that have grown included', () => {
    const [keys, before] = [200_000, process.memoryUsage().arrayBuffers];
    const registry = new KeyRegistry();
    for (let row = 1; row <= keys; row++) registry.see(`key ${row}`, row, 'always');
    expect(registry.size).toBe(keys);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * keys);
  });

  it('gives its memory back as soon as it is cleared, and begins anew', () => {
    const registry = new KeyRegistry();
    for (let row = 1; row <= 100_000; row++) registry.see(`key ${row}`, row, 'always');
    const before = process.memoryUsage().arrayBuffers;
    registry.clear();
    expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThan(14 * 100_000);
    expect(registry.size).toBe(0);
    expect(registry.see('key 7', 1, 'always')).toEqual({ occurrence: 1, holder: 0 });
  });
});
