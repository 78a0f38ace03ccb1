import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { IdOf, Instant } from '#platform/http';
import {
  type Actor,
  formatId,
  type KeyActor,
  type Mode,
  PLATFORM_PERMISSION,
  type RequiredPermission,
} from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { keyPrefix } from '../credentials/key-token.js';
import { limitsView, TenantLimitsView } from '../identity.views.js';

/** The store that calls. */
export class OwnTenantView {
  @IdOf('tenant')
  id!: string;
  /** @example "Plastic Palace" */
  name!: string;
  mode!: Mode;
}

/** The key that calls. */
export class OwnKeyView {
  @IdOf('apiKey')
  id!: string;
  /** @example "ERP" */
  name!: string;
  /**
   * The beginning of the key, without its secret.
   * @example "rk_test_2b9XwQe4LmTz7Rk1"
   */
  prefix!: string;
  @Instant({ nullable: true })
  expiresAt!: string | null;
}

/** Who calls, and what they may do. */
export class MeView {
  kind!: 'key' | 'operator';
  /**
   * What the credential may do.
   * @example ["stock:read", "stock:write"]
   */
  permissions!: RequiredPermission[];
  /** Null for the operator. */
  tenant!: OwnTenantView | null;
  /** Null for the operator. */
  key!: OwnKeyView | null;
  /** Null for the operator. */
  limits!: TenantLimitsView | null;
}

/** Who calls, and what they may do. */
export class WhoAmI extends Query<MeView> {
  constructor(readonly actor: Actor) {
    super();
  }
}

interface OwnRow {
  name: string;
  requestsPerMinute: number;
  keyRequestsPer10Seconds: number;
  concurrentRequests: number;
  keyId: string;
  expiresAt: Date | null;
}

@QueryHandler(WhoAmI)
export class WhoAmIHandler implements IQueryHandler<WhoAmI> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ actor }: WhoAmI): Promise<MeView> {
    if (actor.kind === 'key') return this.key(actor);
    return { kind: 'operator', permissions: [PLATFORM_PERMISSION], tenant: null, key: null, limits: null };
  }

  private async key({ tenantId, mode, keyId, keyName, permissions }: KeyActor): Promise<MeView> {
    const [row] = await this.work.current().only<OwnRow>('identity_own', OWN, [tenantId, keyId]);
    if (!row) throw new Error('the key that calls has no row');
    return {
      kind: 'key',
      permissions: [...permissions],
      tenant: { id: formatId('tenant', tenantId), name: row.name, mode },
      key: {
        id: formatId('apiKey', keyId),
        name: keyName,
        prefix: keyPrefix(mode, row.keyId),
        expiresAt: row.expiresAt && row.expiresAt.toISOString(),
      },
      limits: limitsView(row),
    };
  }
}

const OWN = `
  select t.name, t.requests_per_minute as "requestsPerMinute", t.key_requests_per_10_seconds as "keyRequestsPer10Seconds",
         t.concurrent_requests as "concurrentRequests", k.key_id as "keyId", k.expires_at as "expiresAt"
    from identity.tenant t join identity.api_key k on k.tenant_id = t.tenant_id
   where t.tenant_id = $1 and k.id = $2`;
