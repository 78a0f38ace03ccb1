import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { IfMatchCondition } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { ReleaseView } from '../catalog.views.js';
import { ReleaseCache } from '../release-cache.js';
import { ReleaseFactsLog } from '../release-facts-log.js';
import { assertNotMerged, lockedRelease, readRelease } from '../store/release-reads.js';
import { setListed } from '../store/release-state.js';

/** Takes a release out of lists and search. Nothing is lost, and an archived one stays as it is. */
export class ArchiveRelease extends Command<ReleaseView> {
  constructor(
    readonly actor: Actor,
    readonly releaseId: string,
    readonly ifMatch?: IfMatchCondition,
  ) {
    super();
  }
}

@CommandHandler(ArchiveRelease)
export class ArchiveReleaseHandler implements ICommandHandler<ArchiveRelease> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly facts: ReleaseFactsLog,
    private readonly cache: ReleaseCache,
  ) {}

  async execute({ releaseId, ifMatch }: ArchiveRelease): Promise<ReleaseView> {
    const unit = this.work.current();
    const release = await lockedRelease(unit, releaseId, ifMatch);
    assertNotMerged(release);
    if (release.state === 'archived') return readRelease(unit, releaseId);
    await setListed(unit, releaseId, false);
    this.cache.changed(unit, [releaseId]);
    const view = await readRelease(unit, releaseId);
    await this.facts.tell(unit, 'catalog.release-archived.v1', release);
    return view;
  }
}
