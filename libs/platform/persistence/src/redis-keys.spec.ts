import { describe, expect, it } from '@jest/globals';
import { platformKey, tenantKey } from './redis-keys.js';

const store = { tenantId: '0190c2a4-0000-7000-8000-000000000001' };

describe('redis keys', () => {
  it('carry the tenant as the hash tag', () => {
    expect(tenantKey(store, 'rate', 'key', 7)).toBe('recrate:t:{0190c2a4-0000-7000-8000-000000000001}:rate:key:7');
  });

  it('of the platform never fall among the keys of a tenant', () => {
    expect(platformKey('leader', 'dispatcher')).toBe('recrate:p:leader:dispatcher');
  });

  it('keep parts apart whatever a part contains', () => {
    expect(tenantKey(store, 'cache', 'a:b', 'c')).not.toBe(tenantKey(store, 'cache', 'a', 'b:c'));
    expect(platformKey('cache', '}:x{')).toBe('recrate:p:cache:%7D%3Ax%7B');
  });
});
