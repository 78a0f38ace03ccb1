import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { checkIfMatch, IdOf, type IfMatchCondition, notFound } from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { ReleaseView } from '../catalog.views.js';
import { catalogErrors } from '../domain/catalog.errors.js';
import { ReleaseCache } from '../release-cache.js';
import { ReleaseFactsLog } from '../release-facts-log.js';
import { assertActive, assertNotMerged, readRelease } from '../store/release-reads.js';
import { lockReleases } from '../store/release-rows.js';
import { mergeInto } from '../store/release-state.js';

export class MergeReleaseInput {
  /** The release that takes its place; an active one. */
  @IdOf('release')
  readonly into!: string;
}

/**
 * Merges a release into another: it lives on there. External ids and categories move; stock follows a moment later. Merged into
 * the same one again, nothing changes.
 */
export class MergeRelease extends Command<ReleaseView> {
  constructor(
    readonly actor: Actor,
    readonly releaseId: string,
    readonly change: { readonly input: MergeReleaseInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(MergeRelease)
export class MergeReleaseHandler implements ICommandHandler<MergeRelease> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly facts: ReleaseFactsLog,
    private readonly cache: ReleaseCache,
  ) {}

  /** @returns the release that was merged, which says where it went */
  async execute({ releaseId, change: { input, ifMatch } }: MergeRelease): Promise<ReleaseView> {
    const unit = this.work.current();
    const both = await lockReleases(unit, [releaseId, input.into]);
    const release = both.get(releaseId);
    if (!release) throw notFound();
    checkIfMatch(ifMatch, release.version);
    if (release.mergedInto === input.into) return readRelease(unit, releaseId);
    assertNotMerged(release);
    if (input.into === releaseId)
      throw catalogErrors.merge_with_itself('A release cannot be merged into itself. Name another one.');
    const target = both.get(input.into);
    if (!target) {
      const id = formatId('release', input.into);
      throw catalogErrors.release_unknown(`There is no release ${id}. Name one of your own.`);
    }
    assertActive(target);
    await mergeInto(unit, releaseId, input.into);
    this.cache.changed(unit, [releaseId, input.into]);
    const view = await readRelease(unit, releaseId);
    await this.facts.tellMerged(unit, release, input.into);
    return view;
  }
}
