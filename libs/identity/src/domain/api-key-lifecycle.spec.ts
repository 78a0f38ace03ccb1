import { describe, expect, test } from '@jest/globals';
import { DomainError } from '#platform/kernel';
import {
  API_KEY_COMMANDS,
  API_KEY_STATES,
  apiKeyState,
  type ApiKeyTimes,
  assertApiKeyMay,
} from './api-key-lifecycle.js';

const now = new Date('2026-11-20T12:00:00.000Z');
const before = new Date(now.getTime() - 1);
const after = new Date(now.getTime() + 1);
const fresh: ApiKeyTimes = { expiresAt: null, rotatedAt: null, overlapUntil: null, revokedAt: null };

const TABLE = {
  active: { rotate: true, revoke: true },
  rotated: { rotate: false, revoke: true },
  expired: { rotate: false, revoke: true },
  revoked: { rotate: false, revoke: false },
} as const;

describe('life of an API key', () => {
  test.each([
    ['without any end', fresh, 'active'],
    ['that expires later', { ...fresh, expiresAt: after }, 'active'],
    ['that expires at this very instant', { ...fresh, expiresAt: now }, 'expired'],
    ['that has expired', { ...fresh, expiresAt: before }, 'expired'],
    ['rotated, inside its overlap', { ...fresh, rotatedAt: before, overlapUntil: after }, 'rotated'],
    ['rotated, after its overlap', { ...fresh, rotatedAt: before, overlapUntil: before }, 'rotated'],
    ['rotated and expired', { ...fresh, rotatedAt: before, overlapUntil: after, expiresAt: before }, 'rotated'],
    ['revoked', { ...fresh, revokedAt: before }, 'revoked'],
    ['revoked and expired', { ...fresh, revokedAt: before, expiresAt: before }, 'revoked'],
    ['rotated and revoked', { ...fresh, rotatedAt: before, overlapUntil: after, revokedAt: before }, 'revoked'],
  ])('a key %s is %3$s', (_, times, state) => {
    expect(apiKeyState(times, now)).toBe(state);
  });

  const pairs = API_KEY_STATES.flatMap((state) =>
    API_KEY_COMMANDS.map((command) => [state, command, TABLE[state][command]] as const),
  );
  test.each(pairs)('given a key that is %s, when told to %s, then allowed is %s', (state, command, allowed) => {
    const attempt = (): void => assertApiKeyMay(state, command);
    if (allowed) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(DomainError);
  });

  test('a refusal names the state and what is possible in it', () => {
    expect(() => assertApiKeyMay('rotated', 'rotate')).toThrow(
      expect.objectContaining({
        problem: 'invalid-transition',
        code: 'identity.key_transition',
        members: { currentState: 'rotated', allowed: ['revoke'] },
      }),
    );
  });
});
