export type { BrokenLink } from './audit/audit-chain.js';
export { RecordOperatorAction } from './commands/record-operator-action.command.js';
export type { TenantState } from './domain/tenant-lifecycle.js';
export { IdentityHttpModule, IdentityModule, IdentityWorkerModule } from './identity.module.js';
export type { IdentityOptions } from './identity.module.js';
export { ListTenantStates } from './queries/list-tenant-states.query.js';
export type { TenantWithState } from './queries/list-tenant-states.query.js';
export { VerifyAuditChain } from './queries/verify-audit-chain.query.js';
export type { AuditVerification } from './queries/verify-audit-chain.query.js';
