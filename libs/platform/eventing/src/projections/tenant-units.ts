import { Injectable, Inject } from '@nestjs/common';
import { PLATFORM_TENANT_ID } from '#platform/kernel';
import { Databases, Unit, UnitOfWork } from '#platform/persistence';

/** Transactions over a page of the feed, which holds events of many tenants. */
@Injectable()
export class TenantUnits {
  constructor(
    @Inject(UnitOfWork) private readonly work: UnitOfWork,
    @Inject(Databases) private readonly databases: Databases,
  ) {}

  /** A transaction that is no tenant's: it sees the feed and the control tables. */
  run<T>(work: (unit: Unit) => Promise<T>): Promise<T> {
    return this.work.run({ tenantId: PLATFORM_TENANT_ID }, work);
  }

  /**
   * A part of that transaction in which a tenant is set: everything in it passes that tenant's row-level security. Parts follow
   * each other, they do not nest.
   * @param tenantId from a row of the database
   */
  async as<T>(outer: Unit, tenantId: string, work: (unit: Unit) => Promise<T>): Promise<T> {
    const setting = `set local app.tenant_id='${tenantId}'`;
    const part = new Unit(tenantId, outer.pool, outer.client, setting, this.databases);
    await part.begin();
    const result = await work(part);
    await part.flush();
    part.afterCommitHooks.forEach((hook) => outer.afterCommit(hook));
    return result;
  }
}
