import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ALL_PERMISSIONS, type KeyActor, operatorActor, type Permission, systemActor } from '#platform/kernel';
import { grantedBy } from './grants.js';

const key = (...permissions: Permission[]): KeyActor => ({
  kind: 'key',
  tenantId: 'tenant',
  mode: 'test',
  keyId: 'id',
  keyName: 'name',
  permissions: new Set(permissions),
});
const some = fc.subarray(ALL_PERMISSIONS);

describe('what a new key may do', () => {
  test('whatever a key asks for, it never grants more than it holds', () => {
    fc.assert(
      fc.property(some, some, (held, wanted) => {
        const isWithin = wanted.every((permission) => held.includes(permission));
        if (isWithin) expect(grantedBy(key(...held), wanted)).toEqual(wanted);
        else expect(() => grantedBy(key(...held), wanted)).toThrow('cannot hand out');
      }),
    );
  });

  test('without a wish a key grants what it holds, the operator and the system grant everything of a tenant', () => {
    fc.assert(fc.property(some, (held) => expect(grantedBy(key(...held))).toEqual(held)));
    expect(grantedBy(operatorActor())).toEqual(ALL_PERMISSIONS);
    expect(grantedBy(systemActor('tenant', 'setup'))).toEqual(ALL_PERMISSIONS);
  });

  test('a refusal names what is missing', () => {
    expect(() => grantedBy(key('key:read', 'key:write'), ['key:read', 'audit:read', 'job:write'])).toThrow(
      expect.objectContaining({
        problem: 'forbidden',
        code: 'identity.exceeds_issuer',
        members: { missing: ['audit:read', 'job:write'] },
      }),
    );
  });

  test('order and repetition in the wish do not matter', () => {
    expect(grantedBy(operatorActor(), ['job:write', 'key:read', 'job:write'])).toEqual(['key:read', 'job:write']);
  });
});
