import { describe, expect, test } from '@jest/globals';
import { DomainError } from '#platform/kernel';
import { allowedForTenant, assertTenantMay, TENANT_COMMANDS, TENANT_STATES } from './tenant-lifecycle.js';

/** Every state with every command, written out a second time by hand: yes or no. */
const TABLE = {
  active: { rename: true, set_limits: true, issue_key: true, suspend: true, resume: false, delete: true },
  suspended: { rename: true, set_limits: true, issue_key: true, suspend: false, resume: true, delete: true },
  deleted: { rename: false, set_limits: false, issue_key: false, suspend: false, resume: false, delete: false },
} as const;

const pairs = TENANT_STATES.flatMap((state) =>
  TENANT_COMMANDS.map((command) => [state, command, TABLE[state][command]] as const),
);

describe('life of a tenant', () => {
  test.each(pairs)('given a tenant that is %s, when told to %s, then allowed is %s', (state, command, allowed) => {
    const attempt = (): void => assertTenantMay(state, command);
    if (allowed) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(DomainError);
  });

  test('a refusal names the state and what is possible in it', () => {
    expect(() => assertTenantMay('suspended', 'suspend')).toThrow(
      expect.objectContaining({
        problem: 'invalid-transition',
        code: 'identity.tenant_transition',
        members: { currentState: 'suspended', allowed: ['rename', 'set_limits', 'issue_key', 'resume', 'delete'] },
      }),
    );
  });

  test('nothing is possible with a deleted tenant', () => {
    expect(allowedForTenant('deleted')).toEqual([]);
  });
});
