import { declareErrors } from '#platform/kernel';

/** What identity refuses, with the code that callers may rely on. */
export const identityErrors = declareErrors('identity', {
  credential_invalid: {
    problem: 'unauthenticated',
    when: 'The credential is mistyped, unknown, expired, revoked, rotated away, of another mode, used from an address it does not allow, or of a deleted store. The answer does not say which.',
  },
  tenant_suspended: {
    problem: 'tenant-locked',
    when: 'The store is suspended. Every call with one of its keys is answered so until the operator resumes it.',
  },
  tenant_transition: {
    problem: 'invalid-transition',
    when: "The store's state does not allow the command; `currentState` and `allowed` say what is possible.",
  },
  key_transition: {
    problem: 'invalid-transition',
    when: "The key's state does not allow the command; `currentState` and `allowed` say what is possible.",
  },
  exceeds_issuer: {
    problem: 'forbidden',
    when: 'The key to issue or rotate may do more than the key that asks for it; `missing` names the permissions.',
  },
  expiry_in_past: { problem: 'validation-failed', when: 'The expiry of a key does not lie in the future.' },
});
