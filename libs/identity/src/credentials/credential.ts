import type { KeyActor } from '#platform/kernel';
import type { RequestLimits } from '#platform/http';
import type { TenantState } from '../domain/tenant-lifecycle.js';

/** A key that called: who it is, and how much it may ask for. */
export interface AuthenticatedKey {
  readonly actor: KeyActor;
  readonly limits: RequestLimits;
}

/** What is known of a key between two looks at the database. */
export interface Credential extends AuthenticatedKey {
  readonly secretHash: Buffer;
  readonly tenantState: TenantState;
  /** On the clock of the process that only goes forward; -Infinity when the key is revoked, Infinity when nothing ends it. */
  readonly usableUntil: number;
  readonly allows: (address: string) => boolean;
}
