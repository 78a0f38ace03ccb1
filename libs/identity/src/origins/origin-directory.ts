import { Injectable } from '@nestjs/common';
import { OriginPolicy } from '#platform/http';
import { PLATFORM_TENANT_ID } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { isOrigin } from '../domain/origin.js';
import { FreshCache } from '../fresh-cache.js';

/** A changed list holds on every process after this time, and on the one that changed it at once. */
const TTL_MS = 3_000;
const MOST_ORIGINS = 10_000;
const MOST_MISSES = 10_000;

/** Stands where a tenant's id stands: the question whether any tenant allows the origin. */
const ANY = '*';

/** Which origins tenants allow, remembered for a few seconds. */
@Injectable()
export class OriginDirectory implements OriginPolicy {
  private readonly cache: FreshCache<true>;

  constructor(private readonly work: UnitOfWork) {
    const load = (key: string): Promise<true | undefined> => this.load(key);
    this.cache = new FreshCache({
      load,
      ttlMs: TTL_MS,
      missTtlMs: TTL_MS,
      most: MOST_ORIGINS,
      mostMisses: MOST_MISSES,
    });
  }

  /** Whether some tenant allows the origin: enough to answer a preflight. */
  anyTenantAllows(origin: string): Promise<boolean> {
    return this.allows(ANY, origin);
  }

  /** Whether this tenant allows the origin. */
  tenantAllows(tenantId: string, origin: string): Promise<boolean> {
    return this.allows(tenantId, origin);
  }

  /** A list has changed. */
  forget(): void {
    this.cache.clear();
  }

  /** What cannot be an origin is not looked up. */
  private async allows(who: string, origin: string): Promise<boolean> {
    return isOrigin(origin) && (await this.cache.get(`${who} ${origin}`)) === true;
  }

  private async load(key: string): Promise<true | undefined> {
    const [who = '', origin = ''] = key.split(' ');
    const isAny = who === ANY;
    const rows = await this.work.run({ tenantId: isAny ? PLATFORM_TENANT_ID : who, readOnly: true }, (unit) =>
      isAny
        ? unit.only('identity_origin_any', 'select 1 from identity.cors_origin where origin = $1 limit 1', [origin])
        : unit.only('identity_origin', 'select 1 from identity.cors_origin where tenant_id = $1 and origin = $2', [
            who,
            origin,
          ]),
    );
    return rows.length > 0 ? true : undefined;
  }
}
