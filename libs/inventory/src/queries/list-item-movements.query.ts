import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { CursorCodec, ListPlan, type ListRequest, notFound, type Page, pageOf } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { liveTable } from '../live-table.js';
import { MOVEMENT_COLUMNS, type MovementRow, MOVEMENTS, type MovementView, movementView } from '../movement.views.js';

/** Units of an item that came and went, the latest first. */
export class ListItemMovements extends Query<Page<MovementView>> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
    readonly request: ListRequest,
  ) {
    super();
  }
}

@QueryHandler(ListItemMovements)
export class ListItemMovementsHandler implements IQueryHandler<ListItemMovements> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: CursorCodec,
  ) {}

  async execute({ actor: { tenantId }, itemId, request }: ListItemMovements): Promise<Page<MovementView>> {
    const unit = this.work.current();
    const known = await unit.row('select 1 from inventory.item where tenant_id = $1 and id = $2', [tenantId, itemId]);
    if (!known) throw notFound();
    const table = await liveTable(unit, 'inventory.movements', 'inventory.movement');
    const spec = { ...MOVEMENTS, name: `movements of ${itemId}` };
    const list = new ListPlan(spec, request, { tenantId, cursors: this.cursors, values: [tenantId, itemId] });
    return pageOf<MovementRow, MovementView>(unit, list, {
      columns: MOVEMENT_COLUMNS,
      from: `${table} m where m.tenant_id = $1 and m.item_id = $2`,
      view: movementView,
    });
  }
}
