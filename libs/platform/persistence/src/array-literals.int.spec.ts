import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createTestDatabase, type TestDatabase } from '../../../../test/support/database.js';
import { innerArray, plainArray, textArray, textArrays } from './array-literals.js';

const text = fc.string({ unit: 'grapheme' }).map((value) => value.replaceAll('\0', ''));
const nasty = fc.stringMatching(/^[\\"{},\n\tnul \x7f]{0,12}$/);

describe('array literals', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const read = async (sql: string, literal: string): Promise<unknown> =>
    (await database.admin<{ value: unknown }>(`select ${sql} as value`, [literal]))[0]?.value;

  it('come out as the texts that went in, whatever these hold', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(fc.oneof(text, nasty)), { maxLength: 8 }), async (texts) => {
        expect(await read('to_json($1::text[])', textArray(texts))).toEqual(texts);
      }),
      { numRuns: 60 },
    );
  });

  it('come out as the lists that went in, the empty one too', async () => {
    const lists = [['a b', '"q"', '\\'], [], ['{x}', 'null', 'é ☃']];
    const sql = `(select json_agg(${innerArray('u.t')}) from unnest($1::text[]) as u (t))`;
    expect(await read(sql, textArrays(lists))).toEqual(lists);
  });

  it('of numbers have no quotes, and null for none', async () => {
    expect(await read('to_json($1::int[])', plainArray([1, null, -3]))).toEqual([1, null, -3]);
  });
});
