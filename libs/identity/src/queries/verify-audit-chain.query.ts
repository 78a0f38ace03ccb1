import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { type Unit, UnitOfWork } from '#platform/persistence';
import {
  type AuditLink,
  type BrokenLink,
  CHAIN_START,
  type ChainAnchor,
  verifyAuditChain,
  verifyAuditHead,
} from '../audit/audit-chain.js';

/** Rows read at a time: about 1 MB. */
const PAGE = 1_000;

/** Whether a tenant's audit log is what was recorded. */
export interface AuditVerification {
  readonly tenantId: string;
  /** Rows that hold, from the first on. */
  readonly entries: number;
  /** The first place where the chain does not hold; null when all of it does. */
  readonly broken: BrokenLink | null;
}

/** Recalculates a tenant's hash chain from its first row to its noted head. */
export class VerifyAuditChain extends Query<AuditVerification> {
  /** @param tenantId another tenant than the actor's, where the operator asks */
  constructor(
    readonly actor: Actor,
    readonly tenantId: string = actor.tenantId,
  ) {
    super();
  }
}

@QueryHandler(VerifyAuditChain)
export class VerifyAuditChainHandler implements IQueryHandler<VerifyAuditChain> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ tenantId }: VerifyAuditChain): Promise<AuditVerification> {
    const unit = this.work.current();
    for (let end = CHAIN_START; ;) {
      // Rows may be added during the walk. Read in this order, the head is where an empty page says that the chain ends.
      const head = await headOf(unit, tenantId);
      const links = await pageAfter(unit, tenantId, end);
      if (links.length === 0) return { tenantId, entries: end.seq, broken: verifyAuditHead(end, head) ?? null };
      const walked = verifyAuditChain(links, end);
      end = walked.end;
      if (walked.broken) return { tenantId, entries: end.seq, broken: walked.broken };
    }
  }
}

/** The first page has no lower bound: a row before the first would be an intruder. */
function pageAfter(unit: Unit, tenantId: string, { seq }: ChainAnchor): Promise<AuditLink[]> {
  return unit.rows<AuditLink>(LINKS, [tenantId, seq === 0 ? null : seq]);
}

function headOf(unit: Unit, tenantId: string): Promise<ChainAnchor | undefined> {
  return unit.row<ChainAnchor>(
    `select seq, encode(hash, 'hex') as hash from identity.audit_head where tenant_id = $1`,
    [tenantId],
  );
}

const LINKS = `
  select tenant_id::text as "tenantId", seq::text as seq, id::text as id,
         to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, actor::text as actor, action, subject,
         details::text as details, encode(prev_hash, 'hex') as "prevHash", encode(hash, 'hex') as hash
    from identity.audit_entry
   where tenant_id = $1 and ($2::bigint is null or seq > $2)
   order by audit_entry.seq limit ${PAGE}`;
