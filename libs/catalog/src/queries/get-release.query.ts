import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { ReleaseView } from '../catalog.views.js';
import { ReleaseCache } from '../release-cache.js';
import { readRelease } from '../store/release-reads.js';

/** A release with everything that is said of it, archived and merged ones too. */
export class GetRelease extends Query<ReleaseView> {
  constructor(
    readonly actor: Actor,
    readonly releaseId: string,
  ) {
    super();
  }
}

@QueryHandler(GetRelease)
export class GetReleaseHandler implements IQueryHandler<GetRelease> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cache: ReleaseCache,
  ) {}

  execute({ releaseId }: GetRelease): Promise<ReleaseView> {
    const unit = this.work.current();
    return this.cache.release(unit, releaseId, () => readRelease(unit, releaseId));
  }
}
