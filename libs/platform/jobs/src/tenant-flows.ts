import { Inject, Injectable } from '@nestjs/common';
import { PLATFORM_TENANT_ID } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';

/** A tenant's share of the workers. */
export interface TenantFlow {
  /** Against the other tenants', from 1 to 100; 1 unless set. */
  readonly weight: number;
  /** Units of work handed out at a time; null: as many as are free. */
  readonly maxInFlight: number | null;
  /** Units of work begun per minute; null: no limit. */
  readonly unitsPerMinute: number | null;
  /** Nothing is begun while it is true. */
  readonly paused: boolean;
}

const DEFAULTS: TenantFlow = { weight: 1, maxInFlight: null, unitsPerMinute: null, paused: false };

/** Reads and sets what the dispatcher goes by, in the open unit: for its tenant, or for any on the operator's pool. */
@Injectable()
export class TenantFlows {
  constructor(@Inject(UnitOfWork) private readonly work: UnitOfWork) {}

  /** The tenant's share, with defaults where nothing was set. */
  async get(tenantId: string): Promise<TenantFlow> {
    const row = await this.work.current().row<TenantFlow & Record<string, unknown>>(
      `select weight, max_in_flight as "maxInFlight", units_per_minute as "unitsPerMinute", paused_at is not null as paused
       from jobs.tenant_flow where tenant_id = $1`,
      [tenantId],
    );
    return row ?? DEFAULTS;
  }

  /** Sets the tenant's share; it holds from the next round of the dispatcher on. */
  async set(tenantId: string, flow: TenantFlow): Promise<void> {
    await this.work.current().run(
      `insert into jobs.tenant_flow (tenant_id, weight, max_in_flight, units_per_minute, paused_at)
       values ($1, $2, $3, $4, case when $5 then clock_timestamp() end)
       on conflict (tenant_id) do update set weight = excluded.weight, max_in_flight = excluded.max_in_flight,
         units_per_minute = excluded.units_per_minute,
         paused_at = case when excluded.paused_at is null then null else coalesce(tenant_flow.paused_at, excluded.paused_at) end`,
      [tenantId, flow.weight, flow.maxInFlight, flow.unitsPerMinute, flow.paused],
    );
  }

  /** Stops or restarts all work of all tenants; what runs goes on. Only on the operator's pool or in the worker. */
  async pauseEverything(paused: boolean): Promise<void> {
    await this.set(PLATFORM_TENANT_ID, { ...(await this.get(PLATFORM_TENANT_ID)), paused });
  }
}
