import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { notFound } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import {
  DEAD_LETTER_COLUMNS,
  type DeadLetterDetailView,
  type DeadLetterRow,
  deadLetterView,
} from '../dead-letter.views.js';

/** A dead letter with its record. @throws http.not_found */
export class GetDeadLetter extends Query<DeadLetterDetailView> {
  constructor(
    readonly actor: Actor,
    readonly id: string,
  ) {
    super();
  }
}

@QueryHandler(GetDeadLetter)
export class GetDeadLetterHandler implements IQueryHandler<GetDeadLetter> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ actor: { tenantId }, id }: GetDeadLetter): Promise<DeadLetterDetailView> {
    const row = await this.work
      .current()
      .row<DeadLetterRow & Record<string, unknown>>(
        `select ${DEAD_LETTER_COLUMNS} from freight.dead_letter d where d.tenant_id = $1 and d.id = $2`,
        [tenantId, id],
      );
    if (!row) throw notFound();
    return { ...deadLetterView(row), raw: row.raw };
  }
}
