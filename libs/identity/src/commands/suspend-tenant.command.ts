import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition, Note } from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { AuditLog } from '../audit/audit-log.js';
import { CredentialService } from '../credentials/credential.service.js';
import { databaseNow } from '../database-clock.js';
import { lockedTenant } from '../entities/locked.js';
import { type TenantView, tenantView } from '../identity.views.js';

export class SuspendTenantInput {
  /**
   * Why; it stands in the audit log, which the store can read.
   * @example "The invoice of January is unpaid."
   */
  @Note({ min: 1, max: 500 })
  readonly reason!: string;
}

/** The operator suspends a store: within a second every call of it is answered with 423. */
export class SuspendTenant extends Command<TenantView> {
  constructor(
    readonly actor: Actor,
    readonly tenantId: string,
    readonly change: { readonly input: SuspendTenantInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(SuspendTenant)
export class SuspendTenantHandler implements ICommandHandler<SuspendTenant> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly credentials: CredentialService,
  ) {}

  async execute({ actor, tenantId, change }: SuspendTenant): Promise<TenantView> {
    const unit = this.work.current();
    const tenant = await lockedTenant(unit, tenantId, change.ifMatch);
    const { reason } = change.input;
    tenant.suspend(reason, await databaseNow(unit));
    const subject = formatId('tenant', tenantId);
    await this.audit.record({ actor, tenantId, action: 'tenant.suspended', subject, details: { reason } });
    unit.afterCommit(() => this.credentials.forgetTenant(tenantId));
    return tenantView(tenant);
  }
}
