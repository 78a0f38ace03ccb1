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
import { UnitOfWork } from '#platform/persistence';
import { contextNameRule } from './projections.views.js';

/** An event that a projection or reaction could not digest, or one that waits behind such an event of its stream. */
export class ParkedEventView {
  /** @example "inventory.stock-levels" */
  projection!: string;
  /**
   * Which of its two builds lacks the event.
   * @example "a"
   */
  slot!: string;
  @IdOf('tenant')
  tenantId!: string;
  /**
   * The stream: later events of it are parked as well.
   * @example "0190a5c4-3c00-7000-8000-00000000002a"
   */
  streamId!: string;
  /**
   * Place in the feed.
   * @example 4711
   */
  position!: number;
  /**
   * How often it was tried; 0 where it waits behind another.
   * @example 1
   */
  attempts!: number;
  /** The last failure, in words; null where it waits behind another. */
  error!: string | null;
  @Instant()
  parkedAt!: string;
}

/** What the parked events can be asked for. */
export const PARKED_EVENTS: ListSpec = {
  name: 'parked-events',
  id: `md5(k.name || ' ' || k.tenant_id || ' ' || k.stream_id || ' ' || k.position)::uuid`,
  sort: { position: { sql: 'k.position', type: 'bigint' } },
  defaultSort: 'position',
  filters: {
    projection: { sql: `split_part(k.name, '@', 1)`, type: 'text', rule: contextNameRule('inventory.stock-levels') },
    tenantId: { sql: 'k.tenant_id', type: 'uuid', rule: idRule('tenant') },
  },
};

/** Events of all stores that are parked, in the order of the feed. */
export class ListParkedEvents extends Query<Page<ParkedEventView>> {
  constructor(
    readonly actor: Actor,
    readonly request: ListRequest,
  ) {
    super();
  }
}

interface Row extends CursorRow, Omit<ParkedEventView, 'parkedAt'> {
  readonly parkedAt: Date;
}

@QueryHandler(ListParkedEvents)
export class ListParkedEventsHandler implements IQueryHandler<ListParkedEvents> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: CursorCodec,
  ) {}

  async execute({ actor, request }: ListParkedEvents): Promise<Page<ParkedEventView>> {
    const unit = this.work.current();
    const list = new ListPlan(PARKED_EVENTS, request, { tenantId: actor.tenantId, cursors: this.cursors });
    return pageOf<Row, ParkedEventView>(unit, list, { columns: COLUMNS, from: FROM, view: parkedEventView });
  }
}

const FROM = 'es.parked k where true';
const COLUMNS = `split_part(k.name, '@', 1) as projection, split_part(k.name, '@', 2) as slot, k.tenant_id as "tenantId",
  k.stream_id as "streamId", k.position, k.attempts, k.error->>'message' as error, k.parked_at as "parkedAt"`;

function parkedEventView({ cursor_key: _, tenantId, parkedAt, ...row }: Row): ParkedEventView {
  return { ...row, tenantId: formatId('tenant', tenantId), parkedAt: parkedAt.toISOString() };
}
