import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { IfMatchCondition } from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { AuditLog } from '../audit/audit-log.js';
import { CredentialService } from '../credentials/credential.service.js';
import { databaseNow } from '../database-clock.js';
import { lockedTenant } from '../entities/locked.js';
import { type TenantView, tenantView } from '../identity.views.js';

/** The operator ends a store's suspension; its keys work again. */
export class ResumeTenant extends Command<TenantView> {
  constructor(
    readonly actor: Actor,
    readonly tenantId: string,
    readonly ifMatch?: IfMatchCondition,
  ) {
    super();
  }
}

@CommandHandler(ResumeTenant)
export class ResumeTenantHandler implements ICommandHandler<ResumeTenant> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly credentials: CredentialService,
  ) {}

  async execute({ actor, tenantId, ifMatch }: ResumeTenant): Promise<TenantView> {
    const unit = this.work.current();
    const tenant = await lockedTenant(unit, tenantId, ifMatch);
    tenant.resume(await databaseNow(unit));
    const subject = formatId('tenant', tenantId);
    await this.audit.record({ actor, tenantId, action: 'tenant.resumed', subject, details: {} });
    unit.afterCommit(() => this.credentials.forgetTenant(tenantId));
    return tenantView(tenant);
  }
}
