import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { codeOf, refusalOf } from '../../testing/json-refusals.js';
import { parseStrictJson } from './json-scanner.js';

const pointerOf = (text: string) => refusalOf(text)?.members.errors?.[0]?.pointer;

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('the scanner and JSON.parse agree on the grammar', () => {
  const jsonish = fc.array(
    fc.constantFrom(
      ...'{}[]",:0123456789.-+eE \n\t\\/abfnrtu',
      'true',
      'false',
      'null',
      '"a"',
      '"b":',
      '\\u00e9',
      'é',
      '😀',
      '\u0001',
    ),
    { maxLength: 24 },
  );
  const broken = fc
    .tuple(fc.json(), fc.nat(200), fc.nat(3), fc.constantFrom('', ',', '"', '}', ']', '0', '.', 'e', '\\', ' ', '-'))
    .map(([text, at, removed, added]) => text.slice(0, at) + added + text.slice(at + removed));
  const pretty = fc.jsonValue().map((value) => ` ${JSON.stringify(value, null, '\t')}\r\n`);

  it('calling a text malformed exactly when JSON.parse does', () => {
    const texts = fc.oneof(
      jsonish.map((parts) => parts.join('')),
      broken,
      fc.json(),
      pretty,
      fc.string(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const code = codeOf(text);
        fc.pre(code !== 'http.json_too_complex');
        expect(code !== 'http.malformed_json').toBe(parses(text));
      }),
      { numRuns: 5_000 },
    );
  });

  it('so that what passes reads as JSON.parse reads it', () => {
    const value = { a: [1, -2.5, 'é😀\n', true, false, null, {}], '': [[]] };
    expect(parseStrictJson(JSON.stringify(value, null, 2))).toEqual(value);
  });
});

describe('a malformed text', () => {
  it.each([
    ['', 'line 1, column 1'],
    ['{', 'line 1, column 2'],
    ['{"a":1,}', 'line 1, column 8'],
    ['[1,\n 2,\n x]', 'line 3, column 2'],
    ['"abc', 'line 1, column 5'],
    ['"a\nb"', 'line 1, column 3'],
    ['"\\x"', 'line 1, column 2'],
    ['"\\u12G4"', 'line 1, column 2'],
    ['"\\', 'line 1, column 2'],
    ['01', 'line 1, column 2'],
    ['1.', 'line 1, column 3'],
    ['1e+', 'line 1, column 4'],
    ['-', 'line 1, column 2'],
    ['[1 2]', 'line 1, column 4'],
    ['{"a" 1}', 'line 1, column 6'],
    ['{1:2}', 'line 1, column 2'],
    ['[}', 'line 1, column 2'],
    ['null null', 'line 1, column 6'],
    ['\uFEFF{}', 'line 1, column 1'],
  ])('is refused with its place: %j at %s', (text, place) => {
    expect(refusalOf(text)).toMatchObject({ code: 'http.malformed_json', message: expect.stringContaining(place) });
  });
});

describe('a refusal', () => {
  it.each(['{"a":1,"a":2', '[1e999,]', '["\\ud800\\x"]', '{"__proto__":1}}'])(
    'is for being malformed before all else: %s',
    (text) => {
      expect(codeOf(text)).toBe('http.malformed_json');
    },
  );

  it('is for the first fault in the text', () => {
    expect(codeOf('{"a":-0,"a":"\\u0000"}')).toBe('http.unsafe_number');
  });

  it('points to the value', () => {
    expect(pointerOf('{"lines":[{"a/b":1},{"a/b":{"~":1e999}}]}')).toBe('/lines/1/a~1b/~0');
  });

  it('points to the object where the name itself is at fault or is not fit to be repeated', () => {
    expect(pointerOf('{"a":{"\\u0000":1}}')).toBe('/a');
    expect(pointerOf(`{"a":{"${'x'.repeat(65)}":-0}}`)).toBe('/a');
    expect(pointerOf('{"a":{"<b>":-0}}')).toBe('/a');
  });

  it('never repeats what was sent', () => {
    const secret = 'hunter2';
    for (const text of [`{"p":"${secret}"`, `{"p":"${secret}\\u0000"}`, `["${secret}",1e999]`, `${secret}`]) {
      const refusal = refusalOf(text);
      expect(JSON.stringify([refusal?.message, refusal?.members])).not.toContain(secret);
    }
  });
});
