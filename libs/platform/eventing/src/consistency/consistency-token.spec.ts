import { describe, expect, it } from '@jest/globals';
import { consistencyToken, readConsistencyToken, waitMsOf } from './consistency-token.js';

describe('consistency tokens', () => {
  it.each([0, 1, 35, 36, 2 ** 40, Number.MAX_SAFE_INTEGER])('stand for position %d', (position) => {
    expect(readConsistencyToken(consistencyToken(position))).toBe(position);
  });

  it.each([
    '',
    'x',
    '1',
    'MS4',
    `${consistencyToken(7)}=`,
    ` ${consistencyToken(7)}`,
    Buffer.from('2.7').toString('base64url'),
  ])('are not made of %j', (text) => {
    expect(readConsistencyToken(text)).toBeUndefined();
  });
});

describe('Prefer: wait', () => {
  it.each([
    [undefined, 0],
    ['', 0],
    ['wait=5', 5_000],
    ['respond-async, wait=2', 2_000],
    ['wait = 3; x=y', 3_000],
    ['WAIT="4"', 4_000],
    ['wait=999999', 30_000],
    ['await=5', 0],
    ['wait=-1', 0],
    ['wait=5s', 0],
  ])('%j asks for %d ms', (header, expected) => {
    expect(waitMsOf(header)).toBe(expected);
  });
});
