import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { IfMatchCondition } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { inventoryErrors } from '../domain/inventory.errors.js';
import { type LocationView, locationView } from '../location.views.js';
import { excludeStock, lockedLocation } from '../locations.js';

/** Nothing can be put into a location any more; it must be empty. Closing it again changes nothing. */
export class CloseLocation extends Command<LocationView> {
  constructor(
    readonly actor: Actor,
    readonly locationId: string,
    readonly ifMatch?: IfMatchCondition,
  ) {
    super();
  }
}

@CommandHandler(CloseLocation)
export class CloseLocationHandler implements ICommandHandler<CloseLocation> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ actor: { tenantId }, locationId, ifMatch }: CloseLocation): Promise<LocationView> {
    const unit = this.work.current();
    await excludeStock(unit, locationId);
    const location = await lockedLocation(unit, locationId, ifMatch);
    if (location.closedAt) return locationView(location);
    if (location.isDefault) {
      throw inventoryErrors.location_is_default('The default location stays open. Rename it, or close another one.');
    }
    const [stock] = await unit.rows<{ items: number }>(STOCK, [tenantId, locationId]);
    if (stock && stock.items > 0) {
      throw inventoryErrors.location_not_empty(`${stock.items} items are still there. Transfer them first.`, {
        items: stock.items,
      });
    }
    const [closed] = await unit.rows<{ closedAt: Date }>(CLOSE, [tenantId, locationId]);
    return locationView({ ...location, closedAt: closed?.closedAt ?? null, version: location.version + 1 });
  }
}

const STOCK = `select count(*)::int as items from inventory.availability where tenant_id = $1 and location_id = $2 and on_hand > 0`;
const CLOSE = `update inventory.location set closed_at = clock_timestamp(), version = version + 1
  where tenant_id = $1 and id = $2 returning closed_at as "closedAt"`;
