import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { CorsOriginsView } from '../identity.views.js';
import { readCorsOrigins } from '../origins/cors-origins.js';

/** The store's list of allowed origins. */
export class GetCorsOrigins extends Query<CorsOriginsView> {
  constructor(readonly actor: Actor) {
    super();
  }
}

@QueryHandler(GetCorsOrigins)
export class GetCorsOriginsHandler implements IQueryHandler<GetCorsOrigins> {
  constructor(private readonly work: UnitOfWork) {}

  execute(): Promise<CorsOriginsView> {
    return readCorsOrigins(this.work.current());
  }
}
