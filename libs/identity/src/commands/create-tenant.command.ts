import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { OneOf, Text } from '#platform/http';
import { type Actor, formatId, type Mode, newUuid } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { AuditLog } from '../audit/audit-log.js';
import { databaseNow } from '../database-clock.js';
import { Tenant } from '../entities/tenant.entity.js';
import { type TenantView, tenantView } from '../identity.views.js';

export class CreateTenantInput {
  /**
   * The store's name. Two stores may have the same.
   * @example "Plastic Palace"
   */
  @Text({ max: 200 })
  readonly name!: string;

  /** Whether its data is real. It cannot be changed later. */
  @OneOf(['test', 'live'])
  readonly mode!: Mode;
}

/** The operator takes in a store, with the default limits and without a key. */
export class CreateTenant extends Command<TenantView> {
  constructor(
    readonly actor: Actor,
    readonly input: CreateTenantInput,
  ) {
    super();
  }
}

@CommandHandler(CreateTenant)
export class CreateTenantHandler implements ICommandHandler<CreateTenant> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  async execute({ actor, input }: CreateTenant): Promise<TenantView> {
    const unit = this.work.current();
    const tenantId = newUuid();
    const tenant = new Tenant(tenantId, input.name, input.mode, await databaseNow(unit));
    unit.em.persist(tenant);
    const { name, mode } = input;
    const subject = formatId('tenant', tenantId);
    await this.audit.record({ actor, tenantId, action: 'tenant.created', subject, details: { name, mode } });
    return tenantView(tenant);
  }
}
