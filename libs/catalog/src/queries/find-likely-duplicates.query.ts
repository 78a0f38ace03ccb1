import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { likelyDuplicateView, LikelyDuplicateView } from '../catalog.views.js';
import { findLikelyDuplicates } from '../store/likely-duplicates.js';
import { readRelease } from '../store/release-reads.js';

/** Releases that may be the same as one. */
export class LikelyDuplicatesView {
  /** Up to 10; those with most reasons first. */
  likelyDuplicates!: LikelyDuplicateView[];
}

/** The active releases that may be the same as one: same barcode, same number of the same label, same artist and title. */
export class FindLikelyDuplicates extends Query<LikelyDuplicatesView> {
  constructor(
    readonly actor: Actor,
    readonly releaseId: string,
  ) {
    super();
  }
}

@QueryHandler(FindLikelyDuplicates)
export class FindLikelyDuplicatesHandler implements IQueryHandler<FindLikelyDuplicates> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ releaseId }: FindLikelyDuplicates): Promise<LikelyDuplicatesView> {
    const unit = this.work.current();
    await unit.begin();
    const release = await readRelease(unit, releaseId);
    const likely = await findLikelyDuplicates(unit, release, releaseId);
    return { likelyDuplicates: likely.map(likelyDuplicateView) };
  }
}
