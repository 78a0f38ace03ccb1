import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition, Text } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { ReleaseView } from '../catalog.views.js';
import { changedContent, isSameContent } from '../domain/release.js';
import { ReleaseFields } from '../release.dto.js';
import { ReleaseFactsLog } from '../release-facts-log.js';
import { ReleaseCache } from '../release-cache.js';
import { assertActive, lockedRelease, readRelease } from '../store/release-reads.js';
import { updateReleases } from '../store/release-rows.js';
import { SearchTerms } from '../store/search-terms.js';

export class UpdateReleaseInput extends ReleaseFields {
  /** @example "Stockholm" */
  @Text({ max: 1_000, optional: true })
  readonly title?: string;
}

/** Changes what is said of a release. Saying the same changes nothing. */
export class UpdateRelease extends Command<ReleaseView> {
  constructor(
    readonly actor: Actor,
    readonly releaseId: string,
    readonly change: { readonly input: UpdateReleaseInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(UpdateRelease)
export class UpdateReleaseHandler implements ICommandHandler<UpdateRelease> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly facts: ReleaseFactsLog,
    private readonly cache: ReleaseCache,
    private readonly terms: SearchTerms,
  ) {}

  async execute({ releaseId, change: { input, ifMatch } }: UpdateRelease): Promise<ReleaseView> {
    const unit = this.work.current();
    const release = await lockedRelease(unit, releaseId, ifMatch);
    assertActive(release);
    const changed = { id: releaseId, content: changedContent(release.content, input) };
    if (isSameContent(release.content, changed.content)) return readRelease(unit, releaseId);
    await updateReleases(unit, [changed]);
    await this.terms.learn(unit, [changed.content]);
    this.cache.changed(unit, [releaseId]);
    const view = await readRelease(unit, releaseId);
    await this.facts.tell(unit, 'catalog.release-changed.v1', changed);
    return view;
  }
}
