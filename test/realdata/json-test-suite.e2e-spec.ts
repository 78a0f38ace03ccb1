import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { DomainError, PROBLEMS } from '#platform/kernel';
import { readJsonBody } from '../../libs/platform/http/src/body/body-parser.js';
import { SHARED_DATA } from '../support/project.js';

const FILE = join(SHARED_DATA, 'hostile/json-test-suite.ndjson.gz');

interface Case {
  readonly name: string;
  readonly expect: 'accept' | 'reject' | 'either';
  readonly base64: string;
}

/** Texts that RFC 8259 allows and this API refuses by design. */
const STRICTER: Readonly<Record<string, string>> = {
  // 1e22 and beyond are whole numbers that no safe integer holds.
  'y_number.json': 'http.unsafe_number',
  'y_number_real_capital_e.json': 'http.unsafe_number',
  'y_number_real_exponent.json': 'http.unsafe_number',
  'y_number_real_fraction_exponent.json': 'http.unsafe_number',
  'y_object_extreme_numbers.json': 'http.unsafe_number',
  // -0 would become 0 in the database, so that the answer differs from what was sent.
  'y_number_minus_zero.json': 'http.unsafe_number',
  'y_number_negative_zero.json': 'http.unsafe_number',
  // The last of two equal names would win silently.
  'y_object_duplicated_key.json': 'http.duplicate_member',
  'y_object_duplicated_key_and_value.json': 'http.duplicate_member',
  // Control characters: PostgreSQL cannot store U+0000, and no text of a store needs the others.
  'y_object_escaped_null_in_key.json': 'http.unsafe_text',
  'y_string_allowed_escapes.json': 'http.unsafe_text',
  'y_string_escaped_control_character.json': 'http.unsafe_text',
  'y_string_null_escape.json': 'http.unsafe_text',
};

/** Texts that are malformed, but stopped by a limit before they can be seen to be. */
const LIMITED: Readonly<Record<string, string>> = {
  'n_structure_100000_opening_arrays.json': 'http.json_too_complex',
  'n_structure_open_array_object.json': 'http.json_too_complex',
};

/** The refusal of a body, or undefined when it is read. */
function refusalOf({ base64 }: Case): DomainError | undefined {
  const body = Buffer.from(base64, 'base64');
  try {
    readJsonBody({ method: 'POST', headers: { 'content-type': 'application/json' } }, body);
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

if (!existsSync(FILE)) {
  it('JSONTestSuite is not tested: ../shared/data is not beside the project', () =>
    expect(existsSync(FILE)).toBe(false));
} else {
  const lines = gunzipSync(readFileSync(FILE)).toString('utf8').trim().split('\n');
  const cases = lines.map((line) => JSON.parse(line) as Case);
  const of = (expected: Case['expect']) => cases.filter((entry) => entry.expect === expected);

  describe('JSONTestSuite', () => {
    it('is there in full', () => {
      expect([of('accept').length, of('reject').length, of('either').length]).toEqual([95, 188, 35]);
    });

    it.each(of('reject'))('$name is refused as malformed', (entry) => {
      const expected = LIMITED[entry.name] ?? 'http.malformed_json';
      expect(refusalOf(entry)).toMatchObject({ code: expected });
    });

    it.each(of('accept'))('$name is read, unless our rules are stricter', (entry) => {
      expect(refusalOf(entry)?.code).toBe(STRICTER[entry.name]);
    });

    it.each(of('either'))('$name is read, or refused with a reason', (entry) => {
      const refusal = refusalOf(entry);
      expect([undefined, 400, 415]).toContain(refusal && PROBLEMS[refusal.problem].status);
    });

    it.each(of('either').filter(({ name }) => /UTF|utf|surrogate|latin|overlong|_BOM/.test(name)))(
      '$name, which is not well-formed Unicode or not plain UTF-8, is refused',
      (entry) => expect(refusalOf(entry)).toBeInstanceOf(DomainError),
    );

    it('is answered without repeating it', () => {
      const refusals = cases.flatMap((entry) => refusalOf(entry) ?? []);
      expect(refusals.every(({ message }) => message.length < 100 && /^[\x20-\x7e]*$/.test(message))).toBe(true);
    });
  });
}
