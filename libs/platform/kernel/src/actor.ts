import { PLATFORM_TENANT_ID } from './ids.js';
import { type Permission, PLATFORM_PERMISSION, type RequiredPermission } from './permissions.js';

/** Whether a tenant's data is real. Its keys carry the same mode. */
export type Mode = 'test' | 'live';

/** A tenant's system that called with an API key. */
export interface KeyActor {
  readonly kind: 'key';
  readonly tenantId: string;
  readonly mode: Mode;
  /** UUID of the API key. */
  readonly keyId: string;
  readonly keyName: string;
  readonly permissions: ReadonlySet<Permission>;
}

/** The platform's operator; its tenant is the platform's own. */
export interface OperatorActor {
  readonly kind: 'operator';
  readonly tenantId: typeof PLATFORM_TENANT_ID;
  readonly name: string;
}

/** The system itself acting for a tenant: scheduled work, reactions, process managers. */
export interface SystemActor {
  readonly kind: 'system';
  readonly tenantId: string;
  /** What acts, such as `idempotency-cleanup`. */
  readonly name: string;
}

/** Who causes a command or a query, and for which tenant. */
export type Actor = KeyActor | OperatorActor | SystemActor;

/** The operator as an actor. */
export function operatorActor(name = 'operator'): OperatorActor {
  return { kind: 'operator', tenantId: PLATFORM_TENANT_ID, name };
}

/** The system as an actor of one tenant. */
export function systemActor(tenantId: string, name: string): SystemActor {
  return { kind: 'system', tenantId, name };
}

/** Whether the actor may do what the route requires. Operators have the platform's permission and no tenant's. */
export function actorMay(actor: Actor, required: RequiredPermission): boolean {
  if (required === PLATFORM_PERMISSION) return actor.kind === 'operator';
  return actor.kind === 'key' && actor.permissions.has(required);
}

/** A stable name of the actor for audit rows, logs and idempotency scopes: `key:<uuid>`, `operator:<name>`. */
export function actorRef(actor: Actor): string {
  return actor.kind === 'key' ? `key:${actor.keyId}` : `${actor.kind}:${actor.name}`;
}
