import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import {
  CursorCodec,
  type CursorRow,
  flagRule,
  ListPlan,
  type ListRequest,
  type ListSpec,
  type Page,
  pageOf,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { type LocationView, locationView } from '../location.views.js';
import { defaultLocationId, type Location, LOCATION_COLUMNS, LOCATIONS } from '../locations.js';

/** What the locations can be asked for. */
export const LOCATION_LIST: ListSpec = {
  name: 'locations',
  id: 'l.id',
  sort: { name: { sql: 'l.name', type: 'text' } },
  defaultSort: 'name',
  filters: { closed: { sql: '(l.closed_at is not null)', type: 'boolean', rule: flagRule() } },
};

/** The store's locations. */
export class ListLocations extends Query<Page<LocationView>> {
  constructor(
    readonly actor: Actor,
    readonly request: ListRequest,
  ) {
    super();
  }
}

@QueryHandler(ListLocations)
export class ListLocationsHandler implements IQueryHandler<ListLocations> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: CursorCodec,
  ) {}

  async execute({ actor: { tenantId }, request }: ListLocations): Promise<Page<LocationView>> {
    const values = [tenantId, defaultLocationId(tenantId)];
    const list = new ListPlan(LOCATION_LIST, request, { tenantId, cursors: this.cursors, values });
    return pageOf<Location & CursorRow, LocationView>(this.work.current(), list, {
      columns: LOCATION_COLUMNS,
      from: `${LOCATIONS} where true`,
      view: locationView,
    });
  }
}
