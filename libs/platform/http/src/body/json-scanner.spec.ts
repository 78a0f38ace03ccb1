import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DomainError } from '#platform/kernel';
import { DEFAULT_JSON_LIMITS, parseStrictJson, scanJson } from './json-scanner.js';

function refusalOf(text: string, limits = DEFAULT_JSON_LIMITS): DomainError | undefined {
  try {
    scanJson(text, limits);
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

/** A text that counts how often a character of it is looked at. */
class CountedText extends String {
  looks = 0;

  override charCodeAt(index: number): number {
    this.looks++;
    return super.charCodeAt(index);
  }

  override charAt(index: number): string {
    this.looks++;
    return super.charAt(index);
  }

  override startsWith(term: string, at: number): boolean {
    this.looks += term.length;
    return super.startsWith(term, at);
  }

  override slice(from: number, to = this.length): string {
    this.looks += to - from;
    return super.slice(from, to);
  }

  override isWellFormed(): boolean {
    this.looks += this.length;
    return super.isWellFormed();
  }

  override search(term: RegExp): number {
    this.looks += this.length;
    return super.search(term);
  }
}

/** How many characters a scan looks at, all its looks at the same one counted. */
function looksAt(text: string): number {
  const counted = new CountedText(text);
  refusalOf(counted as unknown as string);
  return counted.looks;
}

const codeOf = (text: string) => refusalOf(text)?.code;
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

describe('numbers', () => {
  it.each([
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '1e400',
    '-1E400',
    '1e22',
    '-0',
    '-0.0',
    '-0e5',
    '-1e-400',
  ])('that cannot be kept are refused: %s', (literal) => expect(codeOf(`{"n":${literal}}`)).toBe('http.unsafe_number'));

  it.each(['9007199254740990.7', '9007199254740993.0', '1.00000000000000000001', '0.99999999999999999999', '1e-400'])(
    'that would be rounded to a whole number are refused: %s',
    (literal) => expect(codeOf(`[${literal}]`)).toBe('http.unsafe_number'),
  );

  it.each([
    '0',
    '9007199254740991',
    '-9007199254740991',
    '1.5',
    '1.50',
    '150e-1',
    '1500e-2',
    '1.5e1',
    '2.0',
    '0.0',
    '0e-5',
    '0.000',
  ])('that are exact or plain fractions pass: %s', (literal) => expect(codeOf(`[${literal}]`)).toBeUndefined());

  it('of any whole value come through unchanged or not at all', () => {
    const literal = fc.oneof(
      fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
      fc.maxSafeInteger().map(String),
    );
    fc.assert(
      fc.property(literal, (text) => {
        fc.pre(codeOf(text) === undefined);
        expect(String(parseStrictJson(text))).toBe(text);
      }),
    );
  });
});

describe('strings', () => {
  it.each([
    '\\u0000',
    '\\u0001',
    '\\u001f',
    '\\b',
    '\\f',
    '\\ud800',
    '\\udc00',
    '\\udc00\\udc00',
    '\\ud800\\n',
    '\\ud800\\u0041',
    '\\ud83d\\ud83d',
  ])('with the escape %s are refused, as value and as name', (escape) => {
    expect(codeOf(`["${escape}"]`)).toBe('http.unsafe_text');
    expect(codeOf(`{"${escape}":1}`)).toBe('http.unsafe_text');
  });

  it.each([
    '\\t\\n\\r',
    '\\u0009\\u000A\\u000d',
    '\\ud83d\\ude00',
    '\\uD83D\\uDE00',
    '\\u00e9',
    '\\uffff',
    '\\\\u0000',
    '\\/',
    '\u007f',
  ])('with %s pass', (content) => expect(codeOf(`["${content}"]`)).toBeUndefined());

  it('with half a surrogate pair in the text itself are refused with its place', () => {
    expect(refusalOf('["a\ud800"]')).toMatchObject({
      code: 'http.unsafe_text',
      message: expect.stringContaining('column 4'),
    });
  });

  it('of any kind come through unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = JSON.stringify({ text });
        fc.pre(codeOf(json) === undefined);
        expect(parseStrictJson(json)).toEqual({ text });
      }),
    );
  });
});

describe('members', () => {
  it.each(['{"quantity":1,"quantity":99}', '{"a":1,"\\u0061":2}', '{"":1,"":2}', '[{"x":{"b":1,"c":2,"b":3}}]'])(
    'that come twice in one object are refused: %s',
    (text) => expect(codeOf(text)).toBe('http.duplicate_member'),
  );

  it('that come twice among many are refused', () => {
    const names = Array.from({ length: 40 }, (_, index) => `"k${index}":1`);
    expect(codeOf(`{${names.join(',')}}`)).toBeUndefined();
    expect(codeOf(`{${[...names, '"k3":1'].join(',')}}`)).toBe('http.duplicate_member');
  });

  it('may have the names of the members of the object before, many as they may be', () => {
    const object = `{${Array.from({ length: 40 }, (_, index) => `"k${index}":1`).join(',')}}`;
    expect(codeOf(`[${object},${object}]`)).toBeUndefined();
  });

  it('may have the name of a member of another object', () => {
    expect(codeOf('[{"a":{"a":1}},{"a":2}]')).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'prototype', '\\u005f_proto__'])(
    'called %s are refused at any depth',
    (name) => {
      expect(codeOf(`[{"a":{"${name}":{}}}]`)).toBe('http.forbidden_member');
    },
  );
});

describe('limits', () => {
  it('are 32 levels', () => {
    expect(codeOf('['.repeat(32) + ']'.repeat(32))).toBeUndefined();
    expect(codeOf('['.repeat(33) + ']'.repeat(33))).toBe('http.json_too_complex');
  });

  it('are 1,000 members in one object', () => {
    const object = (size: number) => `{${Array.from({ length: size }, (_, index) => `"k${index}":0`).join(',')}}`;
    expect(codeOf(object(1_000))).toBeUndefined();
    expect(codeOf(object(1_001))).toBe('http.json_too_complex');
  });

  it('are 100,000 values in all', () => {
    const list = (size: number) => `[${'0,'.repeat(size - 1)}0]`;
    expect(codeOf(list(100_000))).toBeUndefined();
    expect(codeOf(list(100_001))).toBe('http.json_too_complex');
  });

  it('can be set', () => {
    expect(refusalOf('{"a":1,"b":2}', { maxDepth: 1, maxMembers: 1, maxValues: 9 })?.message).toContain('1 members');
  });

  const wide = (members: number) => `{${Array.from({ length: members }, (_, index) => `"k${index}":1`).join(',')}`;

  it.each([
    ['levels', '['.repeat(33), '['.repeat(20_000) + ']'.repeat(20_000)],
    ['members', wide(1_001), wide(100_000)],
    ['values', '[' + '0,'.repeat(100_001), '[' + '0,'.repeat(500_000)],
  ])('of %s end the scan where they are passed: nothing behind is looked at', (_, upToThere, whole) => {
    expect([codeOf(upToThere), codeOf(whole)]).toEqual(['http.json_too_complex', 'http.json_too_complex']);
    expect(looksAt(whole)).toBe(looksAt(upToThere));
  });

  it.each([
    ['escapes', `{"name":"${'\\u0041'.repeat(170_000)}"}`],
    ['halves of surrogate pairs', `{"name":"${'\\ud83d'.repeat(170_000)}"}`],
    ['digits', `{"name":${'9'.repeat(1_000_000)}}`],
    ['blanks', ' '.repeat(1_000_000)],
    ['quotes', '"'.repeat(1_000_000)],
    ['lines', '\n'.repeat(1_000_000)],
    ['short texts', `[${'"",'.repeat(90_000)}""]`],
    ['members in members', `[${`${'{"a":'.repeat(30)}1${'}'.repeat(30)},`.repeat(3_000)}1]`],
  ])('leave 1 MB of %s to a scan that looks at no character more than four times', (_, text) => {
    expect(looksAt(text)).toBeLessThanOrEqual(4 * text.length);
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
