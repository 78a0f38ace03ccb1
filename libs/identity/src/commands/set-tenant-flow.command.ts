import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Flag, type IfMatchCondition, WholeNumber } from '#platform/http';
import { type TenantFlow, TenantFlows } from '#platform/jobs';
import { type Actor, formatId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { AuditLog } from '../audit/audit-log.js';
import { lockedTenant } from '../entities/locked.js';

export class SetTenantFlowInput implements TenantFlow {
  /**
   * Share of the workers against other stores.
   * @example 1
   */
  @WholeNumber({ min: 1, max: 100 })
  readonly weight!: number;

  /**
   * Units of work handed out at a time; null: as many as are free.
   * @example 8
   */
  @WholeNumber({ min: 1, max: 10_000, nullable: true })
  readonly maxInFlight!: number | null;

  /**
   * Units of work begun per minute; null: no limit.
   * @example 600
   */
  @WholeNumber({ min: 1, max: 1_000_000, nullable: true })
  readonly unitsPerMinute!: number | null;

  /** Nothing is begun while it is true. */
  @Flag()
  readonly paused!: boolean;
}

/** A store's share of the workers. */
export class TenantFlowView implements TenantFlow {
  /** @example 1 */
  weight!: number;
  /** @example null */
  maxInFlight!: number | null;
  /** @example null */
  unitsPerMinute!: number | null;
  paused!: boolean;
}

/** The operator sets a store's share of the workers. It holds within a second. */
export class SetTenantFlow extends Command<TenantFlowView> {
  constructor(
    readonly actor: Actor,
    readonly tenantId: string,
    readonly change: { readonly input: SetTenantFlowInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(SetTenantFlow)
export class SetTenantFlowHandler implements ICommandHandler<SetTenantFlow> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly flows: TenantFlows,
  ) {}

  async execute({ actor, tenantId, change: { input, ifMatch } }: SetTenantFlow): Promise<TenantFlowView> {
    await lockedTenant(this.work.current(), tenantId, ifMatch);
    const from = { ...(await this.flows.get(tenantId)) };
    const { weight, maxInFlight, unitsPerMinute, paused } = input;
    const to = { weight, maxInFlight, unitsPerMinute, paused };
    await this.flows.set(tenantId, to);
    const subject = formatId('tenant', tenantId);
    await this.audit.record({ actor, tenantId, action: 'tenant.flow-changed', subject, details: { from, to } });
    return to;
  }
}
