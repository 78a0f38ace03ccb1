import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import {
  CursorCodec,
  flagRule,
  idRule,
  type ListRequest,
  type ListSpec,
  OneOf,
  oneOfRule,
  type Page,
  PageQuery,
  Text,
  textRule,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { type Unit, UnitOfWork } from '#platform/persistence';
import type { ReleaseSummaryView } from '../catalog.views.js';
import { ReleaseCache } from '../release-cache.js';
import { askedOf, LIST_FACETS, type ListFacet } from '../search/asked.js';
import { FacetCounts } from '../search/facet-counts.js';
import { ReleaseSearch } from '../search/release-search.js';
import { subtreeOf } from '../store/category-rows.js';

export class ListReleasesParameters extends PageQuery {
  @Text({
    max: 200,
    optional: true,
    description:
      'Words of artist, title, label or tracks, a catalogue number or a barcode. Accents and case do not matter; where nothing is found, what is spelt alike is.',
  })
  readonly q?: string;

  @OneOf(LIST_FACETS, {
    optional: true,
    list: { max: LIST_FACETS.length },
    description: 'Count the rows by these, each under all filters but its own; the answer has them in page.facets.',
  })
  readonly facets?: ListFacet[];
}

const value = textRule({ max: 300 });

/** What the list of releases can be asked for. The search sorts and filters by itself; here stands what may be asked. */
export const RELEASES: ListSpec<ListReleasesParameters> = {
  name: 'releases',
  id: 'id',
  sort: {
    relevance: { sql: 'rank', type: 'integer' },
    createdAt: { sql: 'id', type: 'uuid' },
    artist: { sql: 'artist_key', type: 'text' },
    title: { sql: 'title_key', type: 'text' },
    released: { sql: 'released_key', type: 'integer' },
  },
  defaultSort: '-relevance',
  filters: {
    genre: { sql: 'genre', type: 'text', rule: value },
    style: { sql: 'style', type: 'text', rule: value },
    format: { sql: 'format', type: 'text', rule: value },
    decade: {
      sql: 'decade',
      type: 'text',
      rule: {
        name: 'decade',
        refuse: (text) =>
          typeof text === 'string' && /^[1-9]\d{2}0$/.test(text)
            ? undefined
            : { code: 'decade', message: 'must be the first year of a decade, such as 1990' },
        schema: { type: 'string', pattern: '^[1-9]\\d{2}0$', example: '1990' },
      },
    },
    country: { sql: 'country', type: 'text', rule: value },
    label: { sql: 'label', type: 'text', rule: value },
    category: { sql: 'category', type: 'uuid', rule: idRule('category') },
    inStock: { sql: 'in_stock', type: 'boolean', rule: flagRule() },
    state: { sql: 'state', type: 'text', rule: oneOfRule(['active', 'archived', 'merged']) },
  },
  query: ListReleasesParameters,
};

/** Releases: all of them, newest first, or those that are sought, best first. */
export class ListReleases extends Query<Page<ReleaseSummaryView>> {
  constructor(
    readonly actor: Actor,
    readonly request: ListRequest<ListReleasesParameters>,
  ) {
    super();
  }
}

@QueryHandler(ListReleases)
export class ListReleasesHandler implements IQueryHandler<ListReleases> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: CursorCodec,
    private readonly cache: ReleaseCache,
  ) {}

  execute({ request }: ListReleases): Promise<Page<ReleaseSummaryView>> {
    const unit = this.work.current();
    return this.cache.list(unit, JSON.stringify(request), () => this.find(unit, request));
  }

  private async find(unit: Unit, request: ListRequest<ListReleasesParameters>): Promise<Page<ReleaseSummaryView>> {
    const asked = askedOf(request);
    const categories = await subtreeOf(unit, asked.categories);
    const search = new ReleaseSearch(unit, asked, { cursors: this.cursors, spec: RELEASES, categories });
    const { page, correction, counts } = await search.page();
    const { facets } = request.query;
    const counted = facets && (await new FacetCounts(unit, asked, { categories, correction }).of(facets, counts));
    const more = { ...(counted && { facets: counted }), ...(correction && { correctedTo: correction.text }) };
    return { data: page.data, page: { ...page.page, ...more } };
  }
}
