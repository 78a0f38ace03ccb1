import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodingOf, firstBadByte, likelyEncodings } from './encodings.js';

describe('the first byte that is not UTF-8', () => {
  it('is none in any text, and where it was planted in any other', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (before, after) => {
        const [head, tail] = [Buffer.from(before), Buffer.from(after)];
        expect(firstBadByte(Buffer.concat([head, tail]), true)).toBe(-1);
        expect(firstBadByte(Buffer.concat([head, Buffer.of(0xff), tail]), true)).toBe(head.length);
      }),
    );
  });

  it('is the beginning of a character that is cut off, but only at the end of the whole', () => {
    const cut = Buffer.from('ab😀').subarray(0, 5);
    expect(firstBadByte(cut, true)).toBe(2);
    expect(firstBadByte(cut, false)).toBe(-1);
    expect(firstBadByte(Buffer.of(0x61, 0xe2, 0x28), false)).toBe(1);
  });
});

describe('an encoding', () => {
  it('is known by any of its labels', () => {
    expect(['latin1', 'TIS-620', 'mac', 'utf8'].map((label) => encodingOf(label).name)).toEqual([
      'windows-1252',
      'windows-874',
      'macintosh',
      'utf-8',
    ]);
  });

  it('is guessed from what reads like words', () => {
    expect(likelyEncodings(Buffer.from('caf\xe9, na\xefve, Bj\xf6rk', 'latin1'))[0]).toBe('windows-1252');
    expect(likelyEncodings(Buffer.from([0xa1, 0xc3, 0xd8, 0xa7, 0xe0, 0xb7, 0xbe]))).toContain('windows-874');
    expect(likelyEncodings(Buffer.from('Beyonc\x8e, Tiësto'.replace('ë', '\x91'), 'latin1'))[0]).toBe('macintosh');
  });
});
