import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyPrefix, newKeyToken, keyIdOf } from './key-token.js';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const mode = fc.constantFrom('test' as const, 'live' as const);

describe('API key tokens', () => {
  test('a new key has its published form and reads back', () => {
    fc.assert(
      fc.property(mode, (wanted) => {
        const { token, keyId } = newKeyToken(wanted);
        expect(token).toMatch(/^rk_(test|live)_[0-9A-Za-z]{16}_[0-9A-Za-z]{38}$/);
        expect(keyIdOf(token)).toBe(keyId);
        expect(token.startsWith(`${keyPrefix(wanted, keyId)}_`)).toBe(true);
      }),
    );
  });

  test('any single wrong letter is noticed', () => {
    fc.assert(
      fc.property(mode, fc.nat(1_000), fc.constantFrom(...BASE62), (wanted, position, letter) => {
        const { token } = newKeyToken(wanted);
        const index = position % token.length;
        fc.pre(token[index] !== letter);
        expect(keyIdOf(token.slice(0, index) + letter + token.slice(index + 1))).toBeUndefined();
      }),
    );
  });

  test('two letters that changed places are noticed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 60 }), (index) => {
        const { token } = newKeyToken('live');
        fc.pre(token[index] !== token[index + 1]);
        const swapped = `${token.slice(0, index)}${token[index + 1]}${token[index]}${token.slice(index + 2)}`;
        expect(keyIdOf(swapped)).toBeUndefined();
      }),
    );
  });

  test.each([
    '',
    'rk_',
    'rk_live_',
    'rk_prod_0000000000000000_00000000000000000000000000000000000000',
    'x'.repeat(64_000),
  ])('%# is no key', (text) => {
    expect(keyIdOf(text)).toBeUndefined();
  });

  test('white space around a key makes it another text', () => {
    const { token } = newKeyToken('test');
    for (const text of [` ${token}`, `${token} `, `${token}\n`]) expect(keyIdOf(text)).toBeUndefined();
  });

  test('no two keys share an id or a secret', () => {
    const tokens = Array.from({ length: 1_000 }, () => newKeyToken('test'));
    expect(new Set(tokens.map((key) => key.keyId)).size).toBe(1_000);
    expect(new Set(tokens.map((key) => key.token.slice(25))).size).toBe(1_000);
  });
});
