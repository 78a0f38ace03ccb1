import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import {
  CursorCodec,
  type CursorRow,
  idRule,
  ListPlan,
  type ListRequest,
  type ListSpec,
  oneOfRule,
  type Page,
  pageOf,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import {
  DEAD_LETTER_COLUMNS,
  DEAD_LETTER_STATES,
  type DeadLetterRow,
  type DeadLetterView,
  deadLetterView,
} from '../dead-letter.views.js';
import { FAILURE_CLASSES } from '../domain/failure-class.js';

/** What the list of dead letters can be asked for. */
export const DEAD_LETTERS: ListSpec = {
  name: 'dead-letters',
  id: 'd.id',
  sort: { lastAt: { sql: 'd.last_at', type: 'timestamptz' } },
  defaultSort: '-lastAt',
  filters: {
    state: { sql: 'd.state', type: 'text', rule: oneOfRule(DEAD_LETTER_STATES) },
    class: { sql: 'd.class', type: 'text', rule: oneOfRule(FAILURE_CLASSES) },
    jobId: { sql: 'd.job_id', type: 'uuid', rule: idRule('job') },
  },
};

/** The store's dead letters, the latest first. */
export class ListDeadLetters extends Query<Page<DeadLetterView>> {
  constructor(
    readonly actor: Actor,
    readonly request: ListRequest,
  ) {
    super();
  }
}

@QueryHandler(ListDeadLetters)
export class ListDeadLettersHandler implements IQueryHandler<ListDeadLetters> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: CursorCodec,
  ) {}

  async execute({ actor: { tenantId }, request }: ListDeadLetters): Promise<Page<DeadLetterView>> {
    const list = new ListPlan(DEAD_LETTERS, request, { tenantId, cursors: this.cursors, values: [tenantId] });
    return pageOf<DeadLetterRow & CursorRow, DeadLetterView>(this.work.current(), list, {
      columns: DEAD_LETTER_COLUMNS,
      from: 'freight.dead_letter d where d.tenant_id = $1',
      view: deadLetterView,
    });
  }
}
