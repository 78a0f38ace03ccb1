import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { notFound } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { type LocationView, locationView } from '../location.views.js';
import { defaultLocationId, type Location, LOCATION_COLUMNS, LOCATIONS } from '../locations.js';

/** One of the store's locations. */
export class GetLocation extends Query<LocationView> {
  constructor(
    readonly actor: Actor,
    readonly locationId: string,
  ) {
    super();
  }
}

@QueryHandler(GetLocation)
export class GetLocationHandler implements IQueryHandler<GetLocation> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ actor: { tenantId }, locationId }: GetLocation): Promise<LocationView> {
    const sql = `select ${LOCATION_COLUMNS} from ${LOCATIONS} where l.id = $3`;
    const values = [tenantId, defaultLocationId(tenantId), locationId];
    const [location] = await this.work.current().only<Location & object>('inventory.get-location', sql, values);
    if (!location) throw notFound();
    return locationView(location);
  }
}
