import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import {
  CursorCodec,
  type CursorRow,
  IdOf,
  Instant,
  instantRule,
  ListPlan,
  type ListRequest,
  type ListSpec,
  notFound,
  oneOfRule,
  type Page,
  pageOf,
  type ValueRule,
} from '#platform/http';
import { type Actor, formatId, parseId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { AUDIT_ACTIONS, type AuditAction } from '../audit/audit-actions.js';

/** Who acted. */
export class AuditActorView {
  /** @example "operator" */
  kind!: 'key' | 'operator' | 'system';
  /** Id of the API key. */
  @IdOf('apiKey', { nullable: true })
  id!: string | null;
  /** @example "operator" */
  name!: string;
}

/** One sensitive action. */
export class AuditEntryView {
  /** `aud_` and 26 letters. */
  @IdOf('auditEntry')
  id!: string;
  /**
   * 1, 2, 3 ... without a gap.
   * @example 1
   */
  seq!: number;
  @Instant()
  at!: string;
  actor!: AuditActorView;
  action!: AuditAction;
  /**
   * Id of what it was done to.
   * @example "ten_01j2jw8f00e00800000000001a"
   */
  subject!: string;
  /**
   * What changed; its members depend on the action. Never a secret.
   * @example {"name":"Plastic Palace","mode":"test"}
   */
  details!: Record<string, unknown>;
  /**
   * SHA-256 over the hash of the entry before and this entry's own columns, as hex.
   * @example "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
   */
  hash!: string;
}

const actorRule: ValueRule = {
  name: 'actor',
  refuse: (value) =>
    value === 'operator' || value === 'system' || parseId('apiKey', String(value)) !== undefined
      ? undefined
      : { code: 'actor', message: 'must be the id of an API key, operator or system' },
  schema: { type: 'string', example: 'operator' },
};

/** What an audit log can be asked for. */
export const AUDIT_LOG: ListSpec = {
  name: 'audit-log',
  id: 'e.id',
  sort: { seq: { sql: 'e.seq', type: 'bigint' } },
  defaultSort: '-seq',
  filters: {
    action: { sql: 'e.action', type: 'text', rule: oneOfRule(AUDIT_ACTIONS) },
    actor: { sql: `coalesce(e.actor->>'id', e.actor->>'kind')`, type: 'text', rule: actorRule },
    at: { sql: 'e.at', type: 'timestamptz', rule: instantRule(), range: true },
  },
};

/** The audit log of a store, newest first. */
export class ListAuditLog extends Query<Page<AuditEntryView>> {
  /** @param tenantId the store, where the operator asks */
  constructor(
    readonly actor: Actor,
    readonly request: ListRequest,
    readonly tenantId: string = actor.tenantId,
  ) {
    super();
  }
}

interface AuditRow extends CursorRow, Omit<AuditEntryView, 'at'> {
  at: Date;
}

@QueryHandler(ListAuditLog)
export class ListAuditLogHandler implements IQueryHandler<ListAuditLog> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: CursorCodec,
  ) {}

  async execute({ request, tenantId }: ListAuditLog): Promise<Page<AuditEntryView>> {
    const unit = this.work.current();
    const known = await unit.row('select 1 from identity.tenant where tenant_id = $1', [tenantId]);
    if (!known) throw notFound();
    const list = new ListPlan(AUDIT_LOG, request, { tenantId, cursors: this.cursors, values: [tenantId] });
    return pageOf<AuditRow, AuditEntryView>(unit, list, {
      columns: `e.id, e.seq, e.at, e.actor, e.action, e.subject, e.details, encode(e.hash, 'hex') as hash`,
      from: 'identity.audit_entry e where e.tenant_id = $1',
      view: auditEntryView,
    });
  }
}

function auditEntryView({ id, seq, at, actor, action, subject, details, hash }: AuditRow): AuditEntryView {
  return { id: formatId('auditEntry', id), seq, at: at.toISOString(), actor, action, subject, details, hash };
}
