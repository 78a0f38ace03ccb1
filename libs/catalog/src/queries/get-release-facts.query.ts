import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { plainArray, UnitOfWork } from '#platform/persistence';

/** What other contexts need to know of a release. */
export interface ReleaseFacts {
  /** UUID. */
  readonly id: string;
  readonly productType: string;
  readonly archived: boolean;
  /** UUID of the release that took its place. */
  readonly mergedInto?: string;
}

/** Facts of releases by their UUIDs, in one read. Unknown ids are missing from the answer; a merged release counts as archived. */
export class GetReleaseFacts extends Query<readonly ReleaseFacts[]> {
  constructor(
    readonly actor: Actor,
    readonly ids: readonly string[],
  ) {
    super();
  }
}

@QueryHandler(GetReleaseFacts)
export class GetReleaseFactsHandler implements IQueryHandler<GetReleaseFacts> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ ids }: GetReleaseFacts): Promise<readonly ReleaseFacts[]> {
    if (ids.length === 0) return [];
    const unit = this.work.current();
    const rows = await unit.prepared<ReleaseFacts & { mergedInto: string | null }>('catalog.facts', FACTS, [
      unit.tenantId,
      plainArray(ids),
    ]);
    return rows.map(({ id, productType, archived, mergedInto }) => {
      return { id, productType, archived, mergedInto: mergedInto ?? undefined };
    });
  }
}

const FACTS = `
  select r.id, r.product_type as "productType", r.state <> 'active' as archived, r.merged_into as "mergedInto"
    from catalog.release r where r.tenant_id = $1 and r.id = any($2::uuid[])`;
