import { describe, expect, it } from '@jest/globals';
import { checkIfMatch, etagOf, isNotModified, parseIfMatch, requireIfMatch } from './etag.js';

const code = (name: string) => expect.objectContaining({ code: `http.${name}` });

describe('an entity tag', () => {
  it('is strong and made of the version', () => {
    expect(etagOf(17)).toBe('"v17"');
  });
});

describe('If-Match', () => {
  it.each([
    ['"v17"', ['"v17"']],
    ['"v16", "v17"', ['"v16"', '"v17"']],
    [' "a,b" ,W/"v17"', ['"a,b"', 'W/"v17"']],
    ['""', ['""']],
    [' * ', '*'],
  ])('reads %j', (header, expected) => {
    expect(parseIfMatch(header)).toEqual(expected);
  });

  it('may be absent', () => {
    expect(parseIfMatch(undefined)).toBeUndefined();
    expect(() => checkIfMatch(undefined, 17)).not.toThrow();
  });

  it.each(['', 'v17', '"v17', '17', '*, "v17"', '"v17" x', "'v17'", ','])('refuses %j', (header) => {
    expect(() => parseIfMatch(header)).toThrow(code('invalid_parameter'));
  });

  it.each(['*', '"v17"', '"v1", "v17"'])('lets version 17 pass with %s', (header) => {
    expect(() => checkIfMatch(parseIfMatch(header), 17)).not.toThrow();
  });

  it.each(['"v16"', '"v170"', '"V17"', 'W/"v17"', '""'])('stops version 17 with %s', (header) => {
    expect(() => checkIfMatch(parseIfMatch(header), 17)).toThrow(code('precondition_failed'));
  });

  it('can be required', () => {
    expect(() => requireIfMatch(undefined)).toThrow(code('precondition_required'));
    expect(requireIfMatch('"v1"')).toEqual(['"v1"']);
  });
});

describe('If-None-Match', () => {
  it.each([
    [undefined, false],
    ['"v17"', true],
    ['W/"v17"', true],
    ['"v1", "v17"', true],
    ['*', true],
    ['"v16"', false],
    ['v17', false],
    ['', false],
  ])('%j means for version 17 that it is unchanged: %s', (header, expected) => {
    expect(isNotModified(header, etagOf(17))).toBe(expected);
  });
});
