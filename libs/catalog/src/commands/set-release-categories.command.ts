import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IdOf, type IfMatchCondition } from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import type { ReleaseView } from '../catalog.views.js';
import { catalogErrors } from '../domain/catalog.errors.js';
import { ReleaseCache } from '../release-cache.js';
import { ReleaseFactsLog } from '../release-facts-log.js';
import { assertActive, lockedRelease, readRelease } from '../store/release-reads.js';
import { touchRelease } from '../store/release-state.js';

/** Categories of one release. */
const MOST = 100;

export class SetReleaseCategoriesInput {
  /** All categories it is to stand in; none takes it out of all. */
  @IdOf('category', { list: { max: MOST } })
  readonly categoryIds!: string[];
}

/** Says in which categories a release stands. The same ones change nothing. */
export class SetReleaseCategories extends Command<ReleaseView> {
  constructor(
    readonly actor: Actor,
    readonly releaseId: string,
    readonly change: { readonly input: SetReleaseCategoriesInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(SetReleaseCategories)
export class SetReleaseCategoriesHandler implements ICommandHandler<SetReleaseCategories> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly facts: ReleaseFactsLog,
    private readonly cache: ReleaseCache,
  ) {}

  async execute({ releaseId, change: { input, ifMatch } }: SetReleaseCategories): Promise<ReleaseView> {
    const unit = this.work.current();
    const release = await lockedRelease(unit, releaseId, ifMatch);
    assertActive(release);
    const wanted = [...new Set(input.categoryIds)];
    const known = await unit.rows<{ id: string }>(
      'select id from catalog.category where tenant_id = $1 and id = any($2::uuid[]) for key share',
      [unit.tenantId, wanted],
    );
    const unknown = wanted.filter((id) => !known.some((category) => category.id === id));
    if (unknown.length > 0) {
      const ids = unknown.map((id) => formatId('category', id));
      throw catalogErrors.category_unknown(`There is no category ${ids.join(', ')}. Name categories of your own.`);
    }
    const removed = await unit.run(
      'delete from catalog.release_category where tenant_id = $1 and release_id = $2 and category_id <> all($3::uuid[])',
      [unit.tenantId, releaseId, wanted],
    );
    const added = await unit.run(
      `insert into catalog.release_category (tenant_id, category_id, release_id)
       select $1, id, $2 from unnest($3::uuid[]) as id on conflict do nothing`,
      [unit.tenantId, releaseId, wanted],
    );
    if (removed + added === 0) return readRelease(unit, releaseId);
    await touchRelease(unit, releaseId);
    this.cache.changed(unit, [releaseId]);
    const view = await readRelease(unit, releaseId);
    await this.facts.tell(unit, 'catalog.release-changed.v1', release);
    return view;
  }
}
