import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { Mode } from '#platform/kernel';
import { DEFAULT_LIMITS, type TenantLimits } from '../domain/limits.js';
import { assertTenantMay, type TenantCommand, type TenantState } from '../domain/tenant-lifecycle.js';

/** A store on the platform. Its id is the tenant id of everything it owns. */
@Entity({ schema: 'identity', tableName: 'tenant' })
export class Tenant {
  @PrimaryKey({ type: 'uuid' })
  readonly tenantId: string;

  @Property({ type: 'text' })
  name: string;

  @Property({ type: 'text' })
  readonly mode: Mode;

  @Property({ type: 'text' })
  state: TenantState = 'active';

  @Property({ type: 'integer' })
  requestsPerMinute: number = DEFAULT_LIMITS.requestsPerMinute;

  @Property({ type: 'integer', fieldName: 'key_requests_per_10_seconds' })
  keyRequestsPer10Seconds: number = DEFAULT_LIMITS.keyRequestsPer10Seconds;

  @Property({ type: 'integer' })
  concurrentRequests: number = DEFAULT_LIMITS.concurrentRequests;

  @Property({ type: 'integer' })
  version = 1;

  @Property({ type: 'datetime' })
  readonly createdAt: Date;

  @Property({ type: 'datetime' })
  updatedAt: Date;

  @Property({ type: 'datetime', nullable: true })
  suspendedAt: Date | null = null;

  @Property({ type: 'text', nullable: true })
  suspendedReason: string | null = null;

  @Property({ type: 'datetime', nullable: true })
  deletedAt: Date | null = null;

  /** @param now the database's clock */
  constructor(id: string, name: string, mode: Mode, now: Date) {
    this.tenantId = id;
    this.name = name;
    this.mode = mode;
    this.createdAt = now;
    this.updatedAt = now;
  }

  /** Answers whether the name is another one; the same name changes nothing. @throws identity.tenant_transition */
  rename(name: string, now: Date): boolean {
    this.take('rename', now, name !== this.name);
    const changed = name !== this.name;
    this.name = name;
    return changed;
  }

  /** Every call of the tenant is refused from now on. @throws identity.tenant_transition */
  suspend(reason: string, now: Date): void {
    this.take('suspend', now);
    this.state = 'suspended';
    this.suspendedAt = now;
    this.suspendedReason = reason;
  }

  /** Ends a suspension. @throws identity.tenant_transition */
  resume(now: Date): void {
    this.take('resume', now);
    this.state = 'active';
    this.suspendedAt = null;
    this.suspendedReason = null;
  }

  /** Its keys stop working for ever; its rows stay. @throws identity.tenant_transition */
  delete(now: Date): void {
    this.take('delete', now);
    this.state = 'deleted';
    this.deletedAt = now;
  }

  /** @throws identity.tenant_transition */
  setLimits(limits: TenantLimits, now: Date): void {
    this.take('set_limits', now);
    this.requestsPerMinute = limits.requestsPerMinute;
    this.keyRequestsPer10Seconds = limits.keyRequestsPer10Seconds;
    this.concurrentRequests = limits.concurrentRequests;
  }

  private take(command: TenantCommand, now: Date, changes = true): void {
    assertTenantMay(this.state, command);
    if (!changes) return;
    this.version += 1;
    this.updatedAt = now;
  }
}
