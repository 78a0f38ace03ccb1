import { IdOf, Instant } from '#platform/http';
import { formatId } from '#platform/kernel';
import type { Likeness } from './domain/likeness.js';
import type { ReleaseContent, ReleaseState } from './domain/release.js';

/** A label that put a release out. */
export class LabelView {
  /** @example "Svek" */
  name!: string;
  /** @example "SK032" */
  catalogNumber?: string;
}

/** What a release is made of. */
export class FormatView {
  /** @example "Vinyl" */
  name!: string;
  /** @example 2 */
  quantity?: number;
  /** @example ["12\"", "33 RPM"] */
  descriptions?: string[];
}

/** A track. */
export class TrackView {
  /** @example "A" */
  position?: string;
  /** @example "Östermalm" */
  title!: string;
  /** @example "4:45" */
  duration?: string;
  /** @example ["The Persuader"] */
  artists?: string[];
}

/** An id by which another system knows a release. */
export class ExternalIdView {
  /** @example "discogs" */
  source!: string;
  /** @example "1" */
  externalId!: string;
}

/** How much of a release can be sold now. */
export class StockStatusView {
  /**
   * Copies in all places together, without those that are held.
   * @example 0
   */
  available!: number;
}

/** A release as lists show it. */
export class ReleaseSummaryView {
  @IdOf('release')
  id!: string;
  /** @example "Stockholm" */
  title!: string;
  /** @example ["The Persuader"] */
  artists!: string[];
  labels!: LabelView[];
  /** @example "7 391946 032019" */
  barcode!: string | null;
  formats!: FormatView[];
  /** @example "Sweden" */
  country!: string | null;
  /**
   * A year, a month or a day.
   * @example "1999-03"
   */
  released!: string | null;
  /** @example ["Electronic"] */
  genres!: string[];
  /** @example ["Deep House"] */
  styles!: string[];
  /**
   * Addresses of pictures, the cover first.
   * @example ["https://img.example/1.jpg"]
   */
  images!: string[];
  /** @example "record" */
  productType!: string;
  /** `archived` ones are in no list unless asked for; a `merged` one lives on in `mergedInto`. */
  state!: ReleaseState;
  /** The release that took its place. */
  @IdOf('release', { nullable: true })
  mergedInto!: string | null;
  stock!: StockStatusView;
  @Instant()
  createdAt!: string;
  @Instant()
  updatedAt!: string;
  /**
   * Grows with every change of what is said of the release, not with its stock.
   * @example 1
   */
  version!: number;
}

/** A release with everything that is said of it. */
export class ReleaseView extends ReleaseSummaryView {
  tracks!: TrackView[];
  /**
   * Weight of one copy as it is sent, in grams.
   * @example 420
   */
  weightGrams!: number | null;
  /** @example { "binding": "hardcover" } */
  attributes!: Record<string, string>;
  externalIds!: ExternalIdView[];
  /** The categories it stands in. */
  @IdOf('category', { list: { max: 1_000 } })
  categoryIds!: string[];
}

/** A release's row, as lists read it. */
export interface SummaryRow extends Omit<ReleaseContent, 'tracks' | 'weightGrams' | 'attributes'> {
  readonly id: string;
  readonly state: ReleaseState;
  readonly mergedInto: string | null;
  readonly available: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly version: number;
}

/** A release's row with everything. */
export interface ReleaseViewRow extends SummaryRow, Pick<ReleaseContent, 'tracks' | 'weightGrams' | 'attributes'> {
  readonly externalIds: ExternalIdView[];
  readonly categoryIds: string[];
}

/** Columns of `catalog.release as r` and `catalog.release_stock as k` by the names of SummaryRow. */
export const SUMMARY_COLUMNS = `r.id, r.title, r.artists, r.labels, r.barcode, r.formats, r.country, r.released, r.genres, r.styles,
  r.images, r.product_type as "productType", r.state, r.merged_into as "mergedInto", coalesce(k.available, 0) as available,
  r.created_at as "createdAt", r.updated_at as "updatedAt", r.version`;

/** The rest of ReleaseViewRow. */
export const VIEW_COLUMNS = `${SUMMARY_COLUMNS}, r.tracks, r.weight_grams as "weightGrams", r.attributes,
  array(select c.category_id from catalog.release_category c
         where c.tenant_id = r.tenant_id and c.release_id = r.id order by c.category_id) as "categoryIds",
  (select coalesce(json_agg(json_build_object('source', e.source, 'externalId', coalesce(e.spelling, e.external_key))
                            order by e.source, e.external_key), '[]')
     from catalog.external_id e where e.tenant_id = r.tenant_id and e.release_id = r.id) as "externalIds"`;

/** Where SUMMARY_COLUMNS come from. */
export const RELEASE_FROM = `catalog.release r
  left join catalog.release_stock k on k.tenant_id = r.tenant_id and k.release_id = r.id`;

export function summaryView(row: SummaryRow): ReleaseSummaryView {
  return {
    id: formatId('release', row.id),
    title: row.title,
    artists: [...row.artists],
    labels: [...row.labels],
    barcode: row.barcode,
    formats: row.formats as FormatView[],
    country: row.country,
    released: row.released,
    genres: [...row.genres],
    styles: [...row.styles],
    images: [...row.images],
    productType: row.productType,
    state: row.state,
    mergedInto: row.mergedInto && formatId('release', row.mergedInto),
    stock: { available: row.available },
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    version: row.version,
  };
}

export function releaseView(row: ReleaseViewRow): ReleaseView {
  return {
    ...summaryView(row),
    tracks: row.tracks as TrackView[],
    weightGrams: row.weightGrams,
    attributes: row.attributes,
    externalIds: row.externalIds,
    categoryIds: row.categoryIds.map((id) => formatId('category', id)),
  };
}

/** A release that may be the same as another. */
export class LikelyDuplicateView {
  release!: ReleaseSummaryView;
  /**
   * What speaks for it.
   * @example ["artist_and_title"]
   */
  reasons!: Likeness[];
}

/** A release that may be the same as another, and why. */
export interface LikelyDuplicate {
  readonly row: SummaryRow;
  readonly reasons: readonly Likeness[];
}

export function likelyDuplicateView({ row, reasons }: LikelyDuplicate): LikelyDuplicateView {
  return { release: summaryView(row), reasons: [...reasons] };
}

/** A category, and how many releases stand in it. */
export class CategoryView {
  @IdOf('category')
  id!: string;
  /** @example "Electronic" */
  name!: string;
  /** Null at the top of the tree. */
  @IdOf('category', { nullable: true })
  parentId!: string | null;
  /**
   * Its place among its siblings, from 0.
   * @example 0
   */
  place!: number;
  /**
   * Releases that stand in it itself.
   * @example 0
   */
  releases!: number;
  @Instant()
  createdAt!: string;
  @Instant()
  updatedAt!: string;
  /**
   * Grows with every change of its name or parent, not with its releases.
   * @example 1
   */
  version!: number;
}

/** A category's row. */
export interface CategoryRow {
  readonly id: string;
  readonly name: string;
  readonly parentId: string | null;
  readonly place: number;
  readonly releases: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly version: number;
}

/** Columns of `catalog.category as c` by the names of CategoryRow. */
export const CATEGORY_COLUMNS = `c.id, c.name, c.parent_id as "parentId", c.place, c.created_at as "createdAt",
  c.updated_at as "updatedAt", c.version, (select count(*)::integer from catalog.release_category m
  where m.tenant_id = c.tenant_id and m.category_id = c.id) as releases`;

export function categoryView(row: CategoryRow): CategoryView {
  return {
    id: formatId('category', row.id),
    name: row.name,
    parentId: row.parentId && formatId('category', row.parentId),
    place: row.place,
    releases: row.releases,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    version: row.version,
  };
}
