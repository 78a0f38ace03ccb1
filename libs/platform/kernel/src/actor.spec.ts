import { describe, expect, it } from '@jest/globals';
import { actorMay, actorRef, type KeyActor, operatorActor, systemActor } from './actor.js';
import { ManualClock, systemClock } from './clock.js';
import { newUuid, PLATFORM_TENANT_ID } from './ids.js';
import { ALL_PERMISSIONS, isPermission, PLATFORM_PERMISSION } from './permissions.js';

const tenantId = newUuid();
const key: KeyActor = {
  kind: 'key',
  tenantId,
  mode: 'live',
  keyId: newUuid(),
  keyName: 'till',
  permissions: new Set(['stock:read']),
};

describe('what an actor may do', () => {
  it('is for a key what it was granted', () => {
    expect([actorMay(key, 'stock:read'), actorMay(key, 'stock:write')]).toEqual([true, false]);
  });

  it('is for a key never the platform, even with every permission', () => {
    expect(actorMay({ ...key, permissions: new Set(ALL_PERMISSIONS) }, PLATFORM_PERMISSION)).toBe(false);
  });

  it.each(ALL_PERMISSIONS)('is for the operator and the system not %s', (permission) => {
    expect([actorMay(operatorActor(), permission), actorMay(systemActor(tenantId, 'cleanup'), permission)]).toEqual([
      false,
      false,
    ]);
  });

  it('is the platform for the operator alone', () => {
    expect(actorMay(operatorActor(), PLATFORM_PERMISSION)).toBe(true);
    expect(actorMay(systemActor(tenantId, 'cleanup'), PLATFORM_PERMISSION)).toBe(false);
  });
});

describe('actors', () => {
  it('have stable names', () => {
    expect([actorRef(key), actorRef(operatorActor('ann')), actorRef(systemActor(tenantId, 'cleanup'))]).toEqual([
      `key:${key.keyId}`,
      'operator:ann',
      'system:cleanup',
    ]);
  });

  it('belong to a tenant; the operator to the platform', () => {
    expect(operatorActor()).toEqual({ kind: 'operator', tenantId: PLATFORM_TENANT_ID, name: 'operator' });
    expect(systemActor(tenantId, 'cleanup').tenantId).toBe(tenantId);
  });
});

describe('permissions', () => {
  it('are spelt resource:action', () => {
    expect(ALL_PERMISSIONS.every((permission) => /^[a-z]+:[a-z]+$/.test(permission))).toBe(true);
  });

  it.each(['platform:*', 'toString', '__proto__', 'stock:fly', ''])('do not include %p', (word) => {
    expect(isPermission(word)).toBe(false);
  });

  it('are recognised', () => {
    expect(ALL_PERMISSIONS.every(isPermission)).toBe(true);
  });
});

describe('clocks', () => {
  it('stand still until moved when manual, whatever is done to the date they gave', () => {
    const clock = new ManualClock(new Date('2026-03-01T00:00:00.000Z'));
    clock.now().setFullYear(1999);
    clock.advance(1_500);
    expect(clock.now().toISOString()).toBe('2026-03-01T00:00:01.500Z');
  });

  it('begin in 2026 when manual and not told otherwise', () => {
    expect(new ManualClock().now().toISOString()).toBe('2026-01-01T00:00:00.000Z');
  });

  it('tell the time when real', () => {
    const before = Date.now();
    const now = systemClock.now().getTime();
    expect(now >= before && now <= Date.now()).toBe(true);
  });
});
