import type { Facet } from '../domain/search-document.js';

/** Of these a release has one value at most; of other facets it has a list. */
const SINGLE = new Set<Facet>(['decade', 'country']);

/** The column of `catalog.release_search` that holds a facet's values: one each, so that counting one takes no others apart. */
export const countedColumn = (facet: Facet) => `by_${facet}` as const;

/** Whether the column is a text or null, and not a list of texts. */
export const isSingle = (facet: Facet): boolean => SINGLE.has(facet);
