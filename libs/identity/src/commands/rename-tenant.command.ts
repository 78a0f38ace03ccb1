import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition, Text } from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { AuditLog } from '../audit/audit-log.js';
import { databaseNow } from '../database-clock.js';
import { lockedTenant } from '../entities/locked.js';
import { type TenantView, tenantView } from '../identity.views.js';

export class RenameTenantInput {
  /**
   * The new name; left out, nothing changes.
   * @example "Plastic Palace Berlin"
   */
  @Text({ max: 200, optional: true })
  readonly name?: string;
}

/** The operator renames a store. The same name changes nothing. */
export class RenameTenant extends Command<TenantView> {
  constructor(
    readonly actor: Actor,
    readonly tenantId: string,
    readonly change: { readonly input: RenameTenantInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(RenameTenant)
export class RenameTenantHandler implements ICommandHandler<RenameTenant> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  async execute({ actor, tenantId, change }: RenameTenant): Promise<TenantView> {
    const unit = this.work.current();
    const tenant = await lockedTenant(unit, tenantId, change.ifMatch);
    const from = tenant.name;
    const isRenamed = tenant.rename(change.input.name ?? from, await databaseNow(unit));
    if (isRenamed) {
      const subject = formatId('tenant', tenantId);
      await this.audit.record({
        actor,
        tenantId,
        action: 'tenant.renamed',
        subject,
        details: { from, to: tenant.name },
      });
    }
    return tenantView(tenant);
  }
}
