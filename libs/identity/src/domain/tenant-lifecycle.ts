import { identityErrors } from './identity.errors.js';

/** States of a tenant. `deleted` is for ever; its rows are kept for the audit log. */
export const TENANT_STATES = ['active', 'suspended', 'deleted'] as const;
export type TenantState = (typeof TENANT_STATES)[number];

/** What the operator can do with a tenant. */
export const TENANT_COMMANDS = ['rename', 'set_limits', 'issue_key', 'suspend', 'resume', 'delete'] as const;
export type TenantCommand = (typeof TENANT_COMMANDS)[number];

const ALLOWED: Record<TenantState, readonly TenantCommand[]> = {
  active: ['rename', 'set_limits', 'issue_key', 'suspend', 'delete'],
  suspended: ['rename', 'set_limits', 'issue_key', 'resume', 'delete'],
  deleted: [],
};

/** The commands that a tenant in this state takes. */
export function allowedForTenant(state: TenantState): readonly TenantCommand[] {
  return ALLOWED[state];
}

/** @throws identity.tenant_transition when a tenant in this state does not take the command */
export function assertTenantMay(state: TenantState, command: TenantCommand): void {
  const allowed = ALLOWED[state];
  if (allowed.includes(command)) return;
  const text = `The store is ${state}: it cannot take the command ${command}.`;
  throw identityErrors.tenant_transition(text, { currentState: state, allowed });
}
