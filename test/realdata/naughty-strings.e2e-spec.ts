import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DomainError, PROBLEMS } from '#platform/kernel';
import { readJsonBody } from '../../libs/platform/http/src/body/body-parser.js';
import { Note, Text } from '../../libs/platform/http/src/validation/decorators.js';
import { readBody } from '../../libs/platform/http/src/validation/dto-reader.js';
import { SHARED_DATA } from '../support/project.js';

const FILE = join(SHARED_DATA, 'hostile/blns.json');
const HEAD = { method: 'POST', headers: { 'content-type': 'application/json' } };

class Named {
  @Text({ min: 0, max: 300 }) value!: string;
}

class Noted {
  @Note({ max: 300 }) value!: string;
}

/** What a string becomes on its way through the edge: itself, or the status of its refusal. */
function through(type: typeof Named | typeof Noted, value: string): string | number {
  try {
    return readBody<Named | Noted>(type, readJsonBody(HEAD, Buffer.from(JSON.stringify({ value })))).value;
  } catch (error) {
    if (error instanceof DomainError) return PROBLEMS[error.problem].status;
    throw error;
  }
}

if (!existsSync(FILE)) {
  it('naughty strings are not tested: ../shared/data is not beside the project', () =>
    expect(existsSync(FILE)).toBe(false));
} else {
  const strings = JSON.parse(readFileSync(FILE, 'utf8')) as string[];
  const outcomes = [Named, Noted].flatMap((type) =>
    strings.map((value) => ({ type, value, got: through(type, value) })),
  );
  const refusedBy = (type: typeof Named | typeof Noted) =>
    outcomes.filter((outcome) => outcome.type === type && outcome.got === 400).map(({ value }) => value);

  describe('the Big List of Naughty Strings', () => {
    it('is there in full', () => {
      expect(strings).toHaveLength(515);
    });

    it('comes out of a name and of a note as it went in, or is refused with 400', () => {
      expect(outcomes.filter(({ value, got }) => got !== value && got !== 400)).toEqual([]);
    });

    it('is refused as a name only for control, line-separating and bidirectional formatting characters', () => {
      const odd = refusedBy(Named);
      expect(odd.filter((value) => !/[\p{Cc}\u2028\u2029\p{Bidi_Control}]/u.test(value))).toEqual([]);
      expect(odd.length).toBeLessThan(20);
    });

    it('is refused as a note only for control characters', () => {
      const odd = refusedBy(Noted);
      expect(odd.filter((value) => !/(?![\t\n\r])\p{Cc}/u.test(value))).toEqual([]);
      expect(odd.length).toBeLessThan(10);
    });

    it('makes no JSON by itself that is read as an object', () => {
      const read = strings.filter((text) => {
        try {
          readBody(Named, readJsonBody(HEAD, Buffer.from(text)));
          return true;
        } catch (error) {
          return !(error instanceof DomainError);
        }
      });
      expect(read).toEqual([]);
    });
  });
}
