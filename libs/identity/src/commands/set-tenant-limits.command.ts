import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition, WholeNumber } from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { AuditLog } from '../audit/audit-log.js';
import { CredentialService } from '../credentials/credential.service.js';
import { databaseNow } from '../database-clock.js';
import { DEFAULT_LIMITS } from '../domain/limits.js';
import { lockedTenant } from '../entities/locked.js';
import { limitsView, type TenantView, tenantView } from '../identity.views.js';

/** A limit beyond this limits nothing on this system: about 16,000 requests per second. */
const MOST_PER_MINUTE = 1_000_000;
/** More than one api process can have under way. */
const MOST_CONCURRENT = 10_000;

export class SetTenantLimitsInput {
  /**
   * Requests per minute of all keys together.
   * @example 1000
   */
  @WholeNumber({ min: 1, max: MOST_PER_MINUTE })
  readonly requestsPerMinute!: number;

  /**
   * Requests per 10 seconds of each key. Left out: 200, or as many as all keys together where that is less.
   * @example 200
   */
  @WholeNumber({ min: 1, max: MOST_PER_MINUTE, optional: true })
  readonly keyRequestsPer10Seconds?: number;

  /**
   * Requests that one api process answers at the same time.
   * @example 50
   */
  @WholeNumber({ min: 1, max: MOST_CONCURRENT })
  readonly concurrentRequests!: number;
}

/** The operator replaces a store's limits. They hold within a second. */
export class SetTenantLimits extends Command<TenantView> {
  constructor(
    readonly actor: Actor,
    readonly tenantId: string,
    readonly change: { readonly input: SetTenantLimitsInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(SetTenantLimits)
export class SetTenantLimitsHandler implements ICommandHandler<SetTenantLimits> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly credentials: CredentialService,
  ) {}

  async execute({ actor, tenantId, change }: SetTenantLimits): Promise<TenantView> {
    const unit = this.work.current();
    const tenant = await lockedTenant(unit, tenantId, change.ifMatch);
    const { requestsPerMinute, concurrentRequests, keyRequestsPer10Seconds } = change.input;
    const perKey = keyRequestsPer10Seconds ?? Math.min(DEFAULT_LIMITS.keyRequestsPer10Seconds, requestsPerMinute);
    const from = { ...limitsView(tenant) };
    const to = { requestsPerMinute, keyRequestsPer10Seconds: perKey, concurrentRequests };
    tenant.setLimits(to, await databaseNow(unit));
    const subject = formatId('tenant', tenantId);
    await this.audit.record({ actor, tenantId, action: 'tenant.limits-changed', subject, details: { from, to } });
    unit.afterCommit(() => this.credentials.forgetTenant(tenantId));
    return tenantView(tenant);
  }
}
