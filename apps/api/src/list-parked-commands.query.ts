import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import {
  CursorCodec,
  type CursorRow,
  IdOf,
  idRule,
  Instant,
  ListPlan,
  type ListRequest,
  type ListSpec,
  type Page,
  pageOf,
} from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { type Unit, UnitOfWork } from '#platform/persistence';
import { contextNameRule } from './projections.views.js';

/** A command that was refused, or has failed six times. Nothing happens to it until the operator replays or discards it. */
export class ParkedCommandView {
  @IdOf('parkedCommand')
  id!: string;
  /** The store it belongs to. */
  @IdOf('tenant')
  tenantId!: string;
  /** @example "inventory.receive-stock" */
  command!: string;
  /**
   * What it answers to, and who answers: event, reaction, number.
   * @example "0190a5c4-3c00-7000-8000-00000000002a:inventory.on-line-purchased:0"
   */
  dedupeKey!: string;
  /**
   * How often it was tried.
   * @example 6
   */
  attempts!: number;
  /**
   * The last failure, in words.
   * @example "Error: the till is closed"
   */
  error!: string | null;
  /** Code of the refusal; null where it failed. */
  errorCode!: string | null;
  @Instant()
  parkedAt!: string;
}

/** The id of a row of the outbox, which has none of its own: a name for a person to act on. */
export const PARKED_ID = `md5(o.tenant_id::text || ' ' || o.id)::uuid`;

/** What the parked commands can be asked for. */
export const PARKED_COMMANDS: ListSpec = {
  name: 'parked-commands',
  id: PARKED_ID,
  sort: { parkedAt: { sql: 'o.parked_at', type: 'timestamptz' } },
  defaultSort: '-parkedAt',
  filters: {
    command: { sql: 'o.command', type: 'text', rule: contextNameRule('inventory.receive-stock') },
    tenantId: { sql: 'o.tenant_id', type: 'uuid', rule: idRule('tenant') },
  },
};

/** Commands of all stores that are parked. */
export class ListParkedCommands extends Query<Page<ParkedCommandView>> {
  constructor(
    readonly actor: Actor,
    readonly request: ListRequest,
  ) {
    super();
  }
}

@QueryHandler(ListParkedCommands)
export class ListParkedCommandsHandler implements IQueryHandler<ListParkedCommands> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: CursorCodec,
  ) {}

  async execute({ actor, request }: ListParkedCommands): Promise<Page<ParkedCommandView>> {
    const unit = this.work.current();
    const list = new ListPlan(PARKED_COMMANDS, request, { tenantId: actor.tenantId, cursors: this.cursors });
    return pageOf<ParkedRow & CursorRow, ParkedCommandView>(unit, list, {
      columns: COLUMNS,
      from: FROM,
      view: parkedCommandView,
    });
  }
}

/** A parked command as it is stored. */
export interface ParkedRow {
  readonly id: string;
  readonly rowId: number;
  readonly tenantId: string;
  readonly command: string;
  readonly dedupeKey: string;
  readonly attempts: number;
  readonly error: { readonly message?: string; readonly code?: string } | null;
  readonly parkedAt: Date;
}

const COLUMNS = `${PARKED_ID} as id, o.id as "rowId", o.tenant_id as "tenantId", o.command, o.dedupe_key as "dedupeKey",
  o.attempts, o.error, o.parked_at as "parkedAt"`;
const FROM = 'es.outbox o where o.parked_at is not null';

/** The parked command of an id, locked, or undefined. */
export function lockedParkedCommand(unit: Unit, id: string): Promise<ParkedRow | undefined> {
  return unit.row<ParkedRow>(`select ${COLUMNS} from ${FROM} and ${PARKED_ID} = $1 for update`, [id]);
}

/** A parked command as the operator sees it. */
export function parkedCommandView(row: ParkedRow): ParkedCommandView {
  const { id, tenantId, command, dedupeKey, attempts, error, parkedAt } = row;
  return {
    id: formatId('parkedCommand', id),
    tenantId: formatId('tenant', tenantId),
    command,
    dedupeKey,
    attempts,
    error: error?.message ?? null,
    errorCode: error?.code ?? null,
    parkedAt: parkedAt.toISOString(),
  };
}
