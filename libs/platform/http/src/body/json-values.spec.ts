import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { codeOf, refusalOf } from '../../testing/json-refusals.js';
import { parseStrictJson } from './json-scanner.js';

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
