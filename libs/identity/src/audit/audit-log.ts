import { Injectable } from '@nestjs/common';
import { type Actor, formatId, newUuid } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { AuditAction } from './audit-actions.js';
import { CHAIN_START, type ChainAnchor, linkHash } from './audit-chain.js';
import { type AuditValue, canonicalJson } from './canonical-json.js';

/** A sensitive action as it is recorded. */
export interface AuditRecord {
  readonly actor: Actor;
  /** The tenant in whose log it stands. */
  readonly tenantId: string;
  readonly action: AuditAction;
  /** Typed id of what it was done to. */
  readonly subject: string;
  /** Never a secret. */
  readonly details: { readonly [member: string]: AuditValue };
}

/** Adds rows to a tenant's hash chain, in the open unit of work: an action and its row are committed together. */
@Injectable()
export class AuditLog {
  constructor(private readonly work: UnitOfWork) {}

  /**
   * Records an action. Call it last in a unit: from here to the commit no other unit can record for this tenant, so that
   * each row follows the one before it.
   */
  async record({ actor, tenantId, action, subject, details }: AuditRecord): Promise<void> {
    const unit = this.work.current();
    await unit.flush();
    await unit.rows(`select pg_advisory_xact_lock(hashtextextended('identity.audit ' || $1, 0))`, [tenantId]);
    // A statement of its own: it sees what was committed while the lock was awaited.
    const place = await unit.row<{ seq: number | null; hash: string | null; at: string }>(
      `select head.seq, encode(head.hash, 'hex') as hash,
              to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
       from (select 1) as one left join identity.audit_head as head on head.tenant_id = $1`,
      [tenantId],
    );
    if (!place) throw new Error('a select without a condition has one row');
    const head: ChainAnchor =
      place.seq === null || place.hash === null ? CHAIN_START : { seq: place.seq, hash: place.hash };
    const columns = {
      tenantId,
      seq: String(head.seq + 1),
      id: newUuid(),
      at: place.at,
      actor: canonicalJson(auditActor(actor)),
      action,
      subject,
      details: canonicalJson(details),
      prevHash: head.hash,
    };
    const hash = linkHash({ ...columns, hash: '' });
    await unit.run(
      `with entry as (
         insert into identity.audit_entry (tenant_id, seq, id, at, actor, action, subject, details, prev_hash, hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, decode($9, 'hex'), decode($10, 'hex')) returning tenant_id, seq, hash)
       insert into identity.audit_head (tenant_id, seq, hash) select tenant_id, seq, hash from entry
       on conflict (tenant_id) do update set seq = excluded.seq, hash = excluded.hash`,
      [...Object.values(columns), hash],
    );
  }
}

/** Who acted, in the spelling of the API. */
function auditActor(actor: Actor): { readonly [member: string]: AuditValue } {
  if (actor.kind === 'key') return { kind: 'key', id: formatId('apiKey', actor.keyId), name: actor.keyName };
  return { kind: actor.kind, id: null, name: actor.name };
}
