import { describe, expect, test } from '@jest/globals';
import { bearerOf } from './bearer.js';

describe('the Authorization header', () => {
  test.each(['Bearer abc', 'bearer abc', 'BEARER abc', 'Bearer   abc'])('%j holds a credential', (header) => {
    expect(bearerOf(header)).toBe('abc');
  });

  test.each([
    '',
    'abc',
    'Bearer',
    'Bearer ',
    'Bearerabc',
    'Basic abc',
    'Bearer a b',
    'Bearer abc ',
    ' Bearer abc',
    'Bearer \tabc',
    `Bearer ${'a'.repeat(600)}`,
  ])('%j holds none', (header) => {
    expect(bearerOf(header)).toBe('');
  });
});
