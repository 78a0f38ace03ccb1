import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { ListOf, Text } from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { type Unit, UnitOfWork } from '#platform/persistence';
import { type LikelyDuplicateView, likelyDuplicateView, ReleaseView } from '../catalog.views.js';
import { catalogErrors } from '../domain/catalog.errors.js';
import { newContent } from '../domain/release.js';
import { ExternalIdInput, ReleaseFields } from '../release.dto.js';
import { ReleaseCache } from '../release-cache.js';
import { ReleaseFactsLog } from '../release-facts-log.js';
import { claimIds, externalKey, findIds, itemHash } from '../store/external-ids.js';
import { findLikelyDuplicates } from '../store/likely-duplicates.js';
import { readRelease } from '../store/release-reads.js';
import { insertReleases, newReleaseId } from '../store/release-rows.js';
import { SearchTerms } from '../store/search-terms.js';

export class CreateReleaseInput extends ReleaseFields {
  /** @example "Stockholm" */
  @Text({ max: 1_000 })
  readonly title!: string;

  /** Ids by which other systems know it. */
  @ListOf(() => ExternalIdInput, { max: 20 }, { optional: true })
  readonly externalIds?: ExternalIdInput[];
}

/** A new release, and what it may be the same as. */
export class CreatedReleaseView extends ReleaseView {
  /** Releases that may be the same: look at them, and merge where they are. */
  likelyDuplicates!: LikelyDuplicateView[];
}

/** Adds a release to the catalogue. One that is likely there already is added all the same, and the others are shown. */
export class CreateRelease extends Command<CreatedReleaseView> {
  constructor(
    readonly actor: Actor,
    readonly input: CreateReleaseInput,
  ) {
    super();
  }
}

@CommandHandler(CreateRelease)
export class CreateReleaseHandler implements ICommandHandler<CreateRelease> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly facts: ReleaseFactsLog,
    private readonly cache: ReleaseCache,
    private readonly terms: SearchTerms,
  ) {}

  async execute({ input }: CreateRelease): Promise<CreatedReleaseView> {
    const unit = this.work.current();
    const release = { id: newReleaseId(), content: newContent(input) };
    await claimAll(unit, input.externalIds ?? [], release.id);
    const likely = await findLikelyDuplicates(unit, release.content);
    await insertReleases(unit, [release]);
    await this.terms.learn(unit, [release.content]);
    this.cache.changed(unit, [release.id]);
    const view = await readRelease(unit, release.id);
    await this.facts.tell(unit, 'catalog.release-created.v1', release);
    return { ...view, likelyDuplicates: likely.map(likelyDuplicateView) };
  }
}

/** In the order of sources and ids, so that two units never wait for each other. @throws catalog.external_id_taken */
async function claimAll(unit: Unit, ids: readonly ExternalIdInput[], releaseId: string): Promise<void> {
  const sorted = [...ids].sort((a, b) => (`${a.source} ${a.externalId}` < `${b.source} ${b.externalId}` ? -1 : 1));
  for (const { source, externalId } of sorted) {
    const id = { externalId, releaseId, itemHash: itemHash({}), releaseVersion: 1 };
    if ((await claimIds(unit, source, [id], undefined)).size > 0) continue;
    const [taken] = await findIds(unit, source, [externalKey(externalId)]);
    throw catalogErrors.external_id_taken(`Another release has the id ${externalId} of ${source}. Use that one.`, {
      ...(taken && { releaseId: formatId('release', taken.releaseId) }),
    });
  }
}
