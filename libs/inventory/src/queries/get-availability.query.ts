import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { IdOf } from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';

/** How many units of an item can be had now. */
export class AvailableView {
  @IdOf('stockItem')
  itemId!: string;
  /**
   * Free units where the item is on sale, 0 otherwise. Expired holds count as free.
   * @example 1
   */
  available!: number;
}

/** How many units of some items can be had now. Items that are not there are left out. */
export class AvailabilityView {
  items!: AvailableView[];
}

export class AvailabilityParameters {
  @IdOf('stockItem', { optional: true, list: { max: 100 }, description: 'Up to 100 items.' })
  readonly itemIds: string[] = [];
}

/** What can be had of some items at this moment: read from what claims themselves are decided on. */
export class GetAvailability extends Query<AvailabilityView> {
  constructor(
    readonly actor: Actor,
    readonly itemIds: readonly string[],
  ) {
    super();
  }
}

@QueryHandler(GetAvailability)
export class GetAvailabilityHandler implements IQueryHandler<GetAvailability> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ actor, itemIds }: GetAvailability): Promise<AvailabilityView> {
    const rows = await this.work
      .current()
      .prepared<{ id: string; available: number }>('inventory.availability', AVAILABLE, [actor.tenantId, itemIds]);
    return { items: rows.map(({ id, available }) => ({ itemId: formatId('stockItem', id), available })) };
  }
}

const AVAILABLE = `
  select i.id, case when i.status = 'available' then coalesce(
           (select sum(a.on_hand - a.held - a.allocated) from inventory.availability a where a.tenant_id = $1 and a.item_id = i.id)
         + coalesce((select sum(l.quantity) from inventory.reservation_line l
              where l.tenant_id = $1 and l.item_id = i.id and l.state = 'held' and l.expires_at <= clock_timestamp()), 0), 0) else 0 end::bigint as available
    from inventory.item i where i.tenant_id = $1 and i.id = any($2) order by i.id`;
