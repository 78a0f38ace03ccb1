import { describe, expect, test } from '@jest/globals';
import { digestOf, sameDigest, SecretHash } from './secret-hash.js';

const pepper = 'p'.repeat(32);

describe('what is stored of a key', () => {
  test('depends on the key and on the pepper', () => {
    const hash = new SecretHash(pepper);
    expect(hash.of('a')).toHaveLength(32);
    expect(hash.of('a').equals(hash.of('a'))).toBe(true);
    expect(hash.of('a').equals(hash.of('b'))).toBe(false);
    expect(hash.of('a').equals(new SecretHash('q'.repeat(32)).of('a'))).toBe(false);
    expect(hash.of('a').equals(digestOf('a'))).toBe(false);
  });

  test('a pepper that could be guessed is refused', () => {
    expect(() => new SecretHash('short')).toThrow('32 bytes');
  });

  test('digests of different length are different, not an error', () => {
    expect(sameDigest(Buffer.alloc(32), Buffer.alloc(31))).toBe(false);
    expect(sameDigest(Buffer.alloc(32, 1), Buffer.alloc(32, 1))).toBe(true);
  });
});
