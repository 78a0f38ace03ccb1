/** Every action that is recorded: `<thing>.<past fact>`. */
export const AUDIT_ACTIONS = [
  'tenant.created',
  'tenant.renamed',
  'tenant.suspended',
  'tenant.resumed',
  'tenant.deleted',
  'tenant.limits-changed',
  'tenant.flow-changed',
  'tenant.origins-changed',
  'api-key.issued',
  'api-key.rotated',
  'api-key.revoked',
  'command.replayed',
  'command.discarded',
] as const;

/** A recorded action. */
export type AuditAction = (typeof AUDIT_ACTIONS)[number];
