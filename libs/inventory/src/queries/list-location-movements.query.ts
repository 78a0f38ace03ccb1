import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { CursorCodec, ListPlan, type ListRequest, notFound, type Page, pageOf } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { defaultLocationId, LOCATIONS } from '../locations.js';
import { liveTable } from '../live-table.js';
import { MOVEMENT_COLUMNS, type MovementRow, MOVEMENTS, type MovementView, movementView } from '../movement.views.js';

/** Units of a location that came and went, the latest first. */
export class ListLocationMovements extends Query<Page<MovementView>> {
  constructor(
    readonly actor: Actor,
    readonly locationId: string,
    readonly request: ListRequest,
  ) {
    super();
  }
}

@QueryHandler(ListLocationMovements)
export class ListLocationMovementsHandler implements IQueryHandler<ListLocationMovements> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: CursorCodec,
  ) {}

  async execute({ actor: { tenantId }, locationId, request }: ListLocationMovements): Promise<Page<MovementView>> {
    const unit = this.work.current();
    const values = [tenantId, defaultLocationId(tenantId), locationId];
    const known = await unit.row(`select 1 from ${LOCATIONS} where l.id = $3`, values);
    if (!known) throw notFound();
    const table = await liveTable(unit, 'inventory.movements', 'inventory.movement');
    const spec = { ...MOVEMENTS, name: `movements of ${locationId}` };
    const list = new ListPlan(spec, request, { tenantId, cursors: this.cursors, values: [tenantId, locationId] });
    return pageOf<MovementRow, MovementView>(unit, list, {
      columns: MOVEMENT_COLUMNS,
      from: `${table} m where m.tenant_id = $1 and m.location_id = $2`,
      view: movementView,
    });
  }
}
