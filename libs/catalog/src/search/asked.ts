import type { ListRequest, PageQuery } from '#platform/http';
import type { ReleaseState } from '../domain/release.js';
import { type Facet, FACET_NAMES } from '../domain/search-document.js';
import { type FacetFilters, filteredQuery, textQuery } from '../domain/sought.js';

/** What lists of releases can be counted by. */
export const LIST_FACETS = [...FACET_NAMES, 'category', 'inStock'] as const;
export type ListFacet = (typeof LIST_FACETS)[number];

/** Whether documents hold its values. */
export function isOfDocument(facet: ListFacet | undefined): facet is Facet {
  return facet !== undefined && facet !== 'category' && facet !== 'inStock';
}

/** The parameters of a list of releases that are no filters. */
export interface SearchParameters extends PageQuery {
  readonly q?: string;
  readonly facets?: readonly ListFacet[];
}

/** What a list of releases was asked for. */
export interface Asked {
  readonly text: string | undefined;
  readonly filters: FacetFilters;
  /** UUIDs of categories; those below them count, too. */
  readonly categories: readonly string[];
  readonly inStock: boolean | undefined;
  readonly states: readonly ReleaseState[];
  readonly request: ListRequest<SearchParameters>;
}

/** Reads a list request. Text of signs alone seeks nothing but itself. */
export function askedOf(request: ListRequest<SearchParameters>): Asked {
  const values = new Map(request.filters.map(({ name, values: given }) => [name, given]));
  const filters = FACET_NAMES.flatMap((facet): [Facet, string[]][] => {
    const given = values.get(facet);
    return given ? [[facet, given.map(String)]] : [];
  });
  const stock = new Set(values.get('inStock') ?? []);
  return {
    text: request.query.q,
    filters: new Map(filters),
    categories: (values.get('category') ?? []).map(String),
    inStock: stock.size === 1 ? stock.has(true) : undefined,
    states: (values.get('state') ?? ['active']) as ReleaseState[],
    request,
  };
}

/** The full-text query of what was asked; undefined where the documents play no part. */
export function queryOf({ text, filters }: Asked, except?: ListFacet): string | undefined {
  const sought = text === undefined ? undefined : textQuery(text);
  return filteredQuery(sought, filters, isOfDocument(except) ? except : undefined);
}
