import { IdOf, Instant } from '#platform/http';
import { formatId, type Mode, type Permission } from '#platform/kernel';
import { keyPrefix } from './credentials/key-token.js';
import type { ApiKeyState } from './domain/api-key-lifecycle.js';
import type { TenantLimits } from './domain/limits.js';
import type { TenantState } from './domain/tenant-lifecycle.js';

/** How much a store may ask for. */
export class TenantLimitsView implements TenantLimits {
  /**
   * Requests per minute of all keys together.
   * @example 1000
   */
  requestsPerMinute!: number;
  /**
   * Requests per 10 seconds of each key.
   * @example 200
   */
  keyRequestsPer10Seconds!: number;
  /**
   * Requests that one api process answers at the same time.
   * @example 50
   */
  concurrentRequests!: number;
}

/** A store on the platform. */
export class TenantView {
  /** `ten_` and 26 letters. */
  @IdOf('tenant')
  id!: string;
  /** @example "Plastic Palace" */
  name!: string;
  /** Whether its data is real; its keys carry the same mode. */
  mode!: Mode;
  /** `deleted` is for ever: its keys do not work any more, its rows are kept. */
  state!: TenantState;
  limits!: TenantLimitsView;
  @Instant()
  createdAt!: string;
  @Instant()
  updatedAt!: string;
  /** Since when it is suspended, or was when it was deleted. */
  @Instant({ nullable: true })
  suspendedAt!: string | null;
  suspendedReason!: string | null;
  @Instant({ nullable: true })
  deletedAt!: string | null;
  /**
   * Grows with every change; the ETag is made of it.
   * @example 1
   */
  version!: number;
}

/** A tenant's row, or the entity. */
export interface TenantFields extends TenantLimits {
  readonly tenantId: string;
  readonly name: string;
  readonly mode: Mode;
  readonly state: TenantState;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly suspendedAt: Date | null;
  readonly suspendedReason: string | null;
  readonly deletedAt: Date | null;
  readonly version: number;
}

/** Columns of `identity.tenant as t` by the names of TenantFields. */
export const TENANT_COLUMNS = `t.tenant_id as "tenantId", t.name, t.mode, t.state, t.requests_per_minute as "requestsPerMinute",
  t.key_requests_per_10_seconds as "keyRequestsPer10Seconds", t.concurrent_requests as "concurrentRequests", t.created_at as "createdAt",
  t.updated_at as "updatedAt", t.suspended_at as "suspendedAt", t.suspended_reason as "suspendedReason",
  t.deleted_at as "deletedAt", t.version`;

export function tenantView(tenant: TenantFields): TenantView {
  return {
    id: formatId('tenant', tenant.tenantId),
    name: tenant.name,
    mode: tenant.mode,
    state: tenant.state,
    limits: limitsView(tenant),
    createdAt: tenant.createdAt.toISOString(),
    updatedAt: tenant.updatedAt.toISOString(),
    suspendedAt: instant(tenant.suspendedAt),
    suspendedReason: tenant.suspendedReason,
    deletedAt: instant(tenant.deletedAt),
    version: tenant.version,
  };
}

export function limitsView({
  requestsPerMinute,
  keyRequestsPer10Seconds,
  concurrentRequests,
}: TenantLimits): TenantLimitsView {
  return { requestsPerMinute, keyRequestsPer10Seconds, concurrentRequests };
}

/** An API key, without its secret. */
export class ApiKeyView {
  /** `key_` and 26 letters. */
  @IdOf('apiKey')
  id!: string;
  /** @example "ERP" */
  name!: string;
  /**
   * The beginning of the key, as it may be shown and logged: `rk_live_` and its public part.
   * @example "rk_test_2b9XwQe4LmTz7Rk1"
   */
  prefix!: string;
  mode!: Mode;
  /**
   * What the key may do. Fixed when it was issued.
   * @example ["stock:read", "stock:write"]
   */
  scopes!: Permission[];
  /**
   * IP addresses and networks it may be used from; none listed means from anywhere.
   * @example ["192.0.2.0/24"]
   */
  allowedIps!: string[];
  /** `rotated`: another key has taken over, this one works until overlapUntil. */
  state!: ApiKeyState;
  @Instant()
  createdAt!: string;
  @Instant({ nullable: true })
  expiresAt!: string | null;
  /** The key it took over from. */
  @IdOf('apiKey', { nullable: true })
  rotatedFrom!: string | null;
  /** The key that has taken over. */
  @IdOf('apiKey', { nullable: true })
  rotatedTo!: string | null;
  @Instant({ nullable: true })
  rotatedAt!: string | null;
  @Instant({ nullable: true })
  overlapUntil!: string | null;
  @Instant({ nullable: true })
  revokedAt!: string | null;
  /** Minute of the last use, written a few seconds later. It does not change the version. */
  @Instant({ nullable: true })
  lastUsedAt!: string | null;
  /**
   * Grows with every change; the ETag is made of it.
   * @example 1
   */
  version!: number;
}

/** A key that was just made. */
export class IssuedApiKeyView extends ApiKeyView {
  /**
   * The key with its secret. It is shown this once and cannot be read again.
   * @example "rk_test_2b9XwQe4LmTz7Rk1_KEEP_THIS_SECRET"
   */
  key!: string;
}

/** The origins from which browsers may call with a store's keys. */
export class CorsOriginsView {
  /**
   * In alphabetical order.
   * @example ["https://shop.example"]
   */
  origins!: string[];
  /** Null as long as none was ever set. */
  @Instant({ nullable: true })
  updatedAt!: string | null;
  /**
   * Grows with every change; 0 as long as none was ever set. The ETag is made of it.
   * @example 1
   */
  version!: number;
}

/** A key's row, or the entity. */
export interface ApiKeyFields {
  readonly id: string;
  readonly keyId: string;
  readonly name: string;
  readonly mode: Mode;
  readonly scopes: readonly Permission[];
  readonly allowedIps: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly rotatedFrom: string | null;
  readonly rotatedTo: string | null;
  readonly rotatedAt: Date | null;
  readonly overlapUntil: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly version: number;
}

/** `apiKeyState` of `identity.api_key as k` in SQL. */
export const API_KEY_STATE = `case when k.revoked_at is not null then 'revoked' when k.rotated_at is not null then 'rotated'
  when k.expires_at <= now() then 'expired' else 'active' end`;

/** Columns of `identity.api_key as k` by the names of ApiKeyFields, and its state. */
export const API_KEY_COLUMNS = `k.id, k.key_id as "keyId", k.name, k.mode, k.scopes, k.allowed_ips as "allowedIps",
  k.created_at as "createdAt", k.expires_at as "expiresAt", k.rotated_from as "rotatedFrom", k.rotated_to as "rotatedTo",
  k.rotated_at as "rotatedAt", k.overlap_until as "overlapUntil", k.revoked_at as "revokedAt",
  k.last_used_at as "lastUsedAt", k.version, ${API_KEY_STATE} as state`;

export function apiKeyView(key: ApiKeyFields, state: ApiKeyState): ApiKeyView {
  return {
    id: formatId('apiKey', key.id),
    name: key.name,
    prefix: keyPrefix(key.mode, key.keyId),
    mode: key.mode,
    scopes: [...key.scopes],
    allowedIps: [...key.allowedIps],
    state,
    createdAt: key.createdAt.toISOString(),
    expiresAt: instant(key.expiresAt),
    rotatedFrom: key.rotatedFrom && formatId('apiKey', key.rotatedFrom),
    rotatedTo: key.rotatedTo && formatId('apiKey', key.rotatedTo),
    rotatedAt: instant(key.rotatedAt),
    overlapUntil: instant(key.overlapUntil),
    revokedAt: instant(key.revokedAt),
    lastUsedAt: instant(key.lastUsedAt),
    version: key.version,
  };
}

function instant(at: Date | null): string | null {
  return at && at.toISOString();
}
