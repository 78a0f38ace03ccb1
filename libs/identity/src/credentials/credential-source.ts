import { Injectable } from '@nestjs/common';
import { isPermission, type Mode, PLATFORM_TENANT_ID } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { TenantState } from '../domain/tenant-lifecycle.js';
import { addressFilter } from './allowed-addresses.js';
import type { Credential } from './credential.js';

/** Keys whose tenant is remembered. A key never changes its tenant, so nothing here grows old. */
const MOST_TENANTS = 10_000;

interface CredentialRow {
  id: string;
  name: string;
  mode: Mode;
  tenantMode: Mode;
  scopes: string[];
  allowedIps: string[];
  secretHash: Buffer;
  isRevoked: boolean;
  usableForMs: number | null;
  tenantState: TenantState;
  tenantPerMinute: number;
  keyPer10Seconds: number;
  concurrent: number;
}

/** Reads keys for authentication: first the key's tenant, then, with that tenant set, the key. */
@Injectable()
export class CredentialSource {
  private readonly tenants = new Map<string, string>();

  constructor(private readonly work: UnitOfWork) {}

  /** The key with this public id, or undefined when there is none. @throws database.unavailable, database.overloaded */
  async find(keyId: string): Promise<Credential | undefined> {
    const tenantId = this.tenants.get(keyId) ?? (await this.tenantOf(keyId));
    if (tenantId === undefined) return undefined;
    const readAt = performance.now();
    const row = await this.work.run({ tenantId, readOnly: true }, async (unit) => {
      const [first] = await unit.only<CredentialRow>('identity_credential', FIND, [tenantId, keyId]);
      return first;
    });
    return row && row.mode === row.tenantMode ? credential(tenantId, row, readAt) : undefined;
  }

  private async tenantOf(keyId: string): Promise<string | undefined> {
    const rows = await this.work.run({ tenantId: PLATFORM_TENANT_ID, readOnly: true }, (unit) =>
      unit.only<{ tenantId: string }>('identity_tenant_of_key', TENANT_OF, [keyId]),
    );
    const [row, another] = rows;
    if (!row || another) return undefined;
    const oldest = this.tenants.keys().next().value;
    if (this.tenants.size >= MOST_TENANTS && oldest !== undefined) this.tenants.delete(oldest);
    this.tenants.set(keyId, row.tenantId);
    return row.tenantId;
  }
}

const TENANT_OF = `select tenant_id as "tenantId" from identity.credential_index where key_id = $1 limit 2`;

/** The time a key has left is a difference on the database's clock; the process only counts it down. */
const FIND = `
  select k.id, k.name, k.mode, t.mode as "tenantMode", k.scopes, k.allowed_ips as "allowedIps", k.secret_hash as "secretHash",
         k.revoked_at is not null as "isRevoked",
         extract(epoch from least(k.expires_at, k.overlap_until) - clock_timestamp())::float8 * 1000 as "usableForMs",
         t.state as "tenantState", t.requests_per_minute as "tenantPerMinute",
         t.key_requests_per_10_seconds as "keyPer10Seconds", t.concurrent_requests as concurrent
    from identity.api_key k join identity.tenant t on t.tenant_id = k.tenant_id
   where k.tenant_id = $1 and k.key_id = $2`;

function credential(tenantId: string, row: CredentialRow, readAt: number): Credential {
  const { id: keyId, name: keyName, mode, tenantPerMinute, keyPer10Seconds, concurrent } = row;
  const permissions = new Set(row.scopes.filter(isPermission));
  return {
    actor: { kind: 'key', tenantId, mode, keyId, keyName, permissions },
    limits: { tenantPerMinute, keyPer10Seconds, concurrent },
    secretHash: row.secretHash,
    tenantState: row.tenantState,
    usableUntil: row.isRevoked ? -Infinity : readAt + (row.usableForMs ?? Infinity),
    allows: addressFilter(row.allowedIps),
  };
}
