import { type Actor, ALL_PERMISSIONS, type Permission } from '#platform/kernel';
import { identityErrors } from './identity.errors.js';

/** What the issuer of a key can grant: a key what it holds itself, the operator and the system everything of a tenant. */
export function grantableBy(issuer: Actor): readonly Permission[] {
  return issuer.kind === 'key'
    ? ALL_PERMISSIONS.filter((permission) => issuer.permissions.has(permission))
    : ALL_PERMISSIONS;
}

/**
 * The permissions of a new key, in the order of the list of permissions and each once.
 * @param wanted left out: everything the issuer can grant
 * @throws identity.exceeds_issuer
 */
export function grantedBy(issuer: Actor, wanted?: readonly Permission[]): Permission[] {
  const grantable = new Set(grantableBy(issuer));
  const granted = wanted ? ALL_PERMISSIONS.filter((permission) => wanted.includes(permission)) : [...grantable];
  const missing = granted.filter((permission) => !grantable.has(permission));
  if (missing.length === 0) return granted;
  const text = `A key cannot hand out what it does not hold: ${missing.join(', ')}.`;
  throw identityErrors.exceeds_issuer(text, { missing });
}
