import { describe, expect, test } from '@jest/globals';
import { addressFilter, isAddressOrNetwork } from './allowed-addresses.js';

describe('addresses of a key', () => {
  test.each(['192.0.2.1', '192.0.2.0/24', '0.0.0.0/0', '::1', '2001:db8::/32', '2001:db8::1/128'])(
    '%s can be listed',
    (text) => {
      expect(isAddressOrNetwork(text)).toBe(true);
    },
  );

  test.each([
    '',
    'localhost',
    '192.0.2.256',
    '192.0.2.0/33',
    '192.0.2.0/',
    '192.0.2.0/08',
    '2001:db8::/129',
    '1.2.3.4/24/8',
    'fe80::1%eth0',
    '192.0.2.*',
  ])('%j cannot', (text) => {
    expect(isAddressOrNetwork(text)).toBe(false);
  });

  test('without a list every address passes', () => {
    expect(addressFilter([])('203.0.113.9')).toBe(true);
  });

  test('a list lets its addresses and networks pass, in either spelling of IPv4', () => {
    const passes = addressFilter(['192.0.2.7', '198.51.100.0/24', '2001:db8::/32']);
    for (const address of ['192.0.2.7', '::ffff:192.0.2.7', '198.51.100.200', '2001:db8:1::5']) {
      expect([address, passes(address)]).toEqual([address, true]);
    }
    for (const address of ['192.0.2.8', '198.51.101.1', '2001:db9::1', '::1', '', 'unknown']) {
      expect([address, passes(address)]).toEqual([address, false]);
    }
  });
});
