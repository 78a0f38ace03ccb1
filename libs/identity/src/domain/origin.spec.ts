import { describe, expect, test } from '@jest/globals';
import { isOrigin } from './origin.js';

describe('origins', () => {
  test.each([
    'https://shop.example',
    'http://localhost:5173',
    'https://shop.example:8443',
    'https://xn--mnchen-3ya.example',
    'http://127.0.0.1:3000',
    'http://[::1]:3000',
  ])('%s is what a browser sends', (text) => {
    expect(isOrigin(text)).toBe(true);
  });

  test.each([
    '',
    'null',
    '*',
    'https://*.shop.example',
    'https://shop.example/',
    'https://shop.example/path',
    'https://shop.example:443',
    'http://shop.example:80',
    'HTTPS://shop.example',
    'https://Shop.example',
    'https://münchen.example',
    'https://user@shop.example',
    'https://shop.example?x',
    'https://shop.example#x',
    ' https://shop.example',
    'https://shop.example\n',
    'shop.example',
    'ftp://shop.example',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://shop.example:99999',
    'https://',
    `https://${'a'.repeat(300)}.example`,
  ])('%j is none', (text) => {
    expect(isOrigin(text)).toBe(false);
  });
});
