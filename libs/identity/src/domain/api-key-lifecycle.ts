import { identityErrors } from './identity.errors.js';

/** States of a key. A rotated key works until its overlap ends; a revoked or expired one does not. */
export const API_KEY_STATES = ['active', 'rotated', 'expired', 'revoked'] as const;
export type ApiKeyState = (typeof API_KEY_STATES)[number];

/** What can be done with a key. */
export const API_KEY_COMMANDS = ['rotate', 'revoke'] as const;
export type ApiKeyCommand = (typeof API_KEY_COMMANDS)[number];

/** The instants that decide a key's state. */
export interface ApiKeyTimes {
  readonly expiresAt: Date | null;
  readonly rotatedAt: Date | null;
  /** The end of the overlap of a rotated key. */
  readonly overlapUntil: Date | null;
  readonly revokedAt: Date | null;
}

const ALLOWED: Record<ApiKeyState, readonly ApiKeyCommand[]> = {
  active: ['rotate', 'revoke'],
  rotated: ['revoke'],
  expired: ['revoke'],
  revoked: [],
};

/** The state at an instant: what was done to a key counts before what time did. */
export function apiKeyState(times: ApiKeyTimes, now: Date): ApiKeyState {
  if (times.revokedAt) return 'revoked';
  if (times.rotatedAt) return 'rotated';
  return times.expiresAt && times.expiresAt <= now ? 'expired' : 'active';
}

/** @throws identity.key_transition when a key in this state does not take the command */
export function assertApiKeyMay(state: ApiKeyState, command: ApiKeyCommand): void {
  const allowed = ALLOWED[state];
  if (allowed.includes(command)) return;
  const text = `The key is ${state}: it cannot take the command ${command}.`;
  throw identityErrors.key_transition(text, { currentState: state, allowed });
}
