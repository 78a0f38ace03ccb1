import type { Facet as FacetView } from '#platform/http';
import { formatId } from '#platform/kernel';
import type { Unit } from '#platform/persistence';
import { type Facet, FACETS } from '../domain/search-document.js';
import { filteredQuery } from '../domain/sought.js';
import { seek } from '../store/seek.js';
import { shaped } from '../store/shaped.js';
import { type Asked, type ListFacet, queryOf } from './asked.js';
import { Bound, conditionsOf } from './conditions.js';
import type { Correction } from './spelling.js';

/** Rows that are counted at most: of 5,000, two filters and all facets cost 46 ms of CPU (test/bench/catalog). */
export const MOST_COUNTED = 1_000;
/** Values shown of each facet. */
const MOST_VALUES = 20;

/** How many of the counted rows have a value. */
export interface CountRow {
  readonly kind: string;
  readonly value: string;
  readonly count: number;
  readonly counted: number;
}

/** Facets that the list is not narrowed down by: they are counted among the list's own rows. */
export function unfiltered(asked: Asked, facets: readonly ListFacet[]): ListFacet[] {
  return facets.filter((facet) => {
    if (facet === 'category') return asked.categories.length === 0;
    if (facet === 'inStock') return asked.inStock === undefined;
    return !asked.filters.has(facet);
  });
}

/**
 * The rest of a statement that counts the rows `k (id, facets)` of a `with` before it: rows of `CountRow`.
 * All facets of a row are unnested at once: a function per row costs twice as much (test/bench/catalog).
 */
export function counting(facets: readonly ListFacet[], bound: Bound): string {
  const parts = facets.flatMap((facet) =>
    facet === 'category' ? [CATEGORIES] : facet === 'inStock' ? [IN_STOCK] : [],
  );
  const marks = facets.flatMap((facet) => (Object.hasOwn(FACETS, facet) ? [FACETS[facet as Facet]] : []));
  if (marks.length > 0) {
    parts.push(`select left(f.facet, 1) as kind, substr(f.facet, 3) as value, f.count from (
      select u.facet, count(*)::integer as count from (select unnest(k.facets) as facet from k) as u
       where left(u.facet, 1) = any(${bound.add(marks, 'text[]')}) group by u.facet) as f`);
  }
  return `c as (${parts.join(' union all ')})
    select w.kind, w.value, w.count, (select count(*)::integer from k) as counted from (
      select c.*, row_number() over (partition by c.kind order by c.count desc, c.value) as place from c) as w
     where w.place <= ${MOST_VALUES} order by w.kind, w.place`;
}

/** Counts the releases of a list by facets, each under all filters but its own. Facets without a filter are counted together. */
export class FacetCounts {
  constructor(
    private readonly unit: Unit,
    private readonly asked: Asked,
    private readonly surroundings: {
      readonly categories: readonly string[];
      readonly correction: Correction | undefined;
    },
  ) {}

  /** @param counts of the facets without a filter, where the list's own statement counted them */
  async of(facets: readonly ListFacet[], counts: readonly CountRow[] | undefined): Promise<FacetView[]> {
    const together = unfiltered(this.asked, facets);
    const views: FacetView[] = [];
    if (together.length > 0) {
      const found = counts ?? (await this.counted(together, undefined));
      views.push(...together.map((facet) => viewOf(facet, found)));
    }
    for (const facet of facets) {
      if (!together.includes(facet)) views.push(viewOf(facet, await this.counted([facet], facet)));
    }
    const byName = new Map(views.map((view) => [view.name, view]));
    return facets.flatMap((facet) => byName.get(facet) ?? []);
  }

  private async counted(facets: readonly ListFacet[], except: ListFacet | undefined): Promise<CountRow[]> {
    const bound = new Bound(this.unit.tenantId);
    const rows = await this.rowsOf(bound, except);
    const sql = `with k as materialized (${rows} limit ${MOST_COUNTED + 1}), ${counting(facets, bound)}`;
    return shaped<CountRow & Record<string, unknown>>(this.unit, sql, bound.values);
  }

  /** Rows that are counted: those that a query finds, or the newest where documents play no part. */
  private async rowsOf(bound: Bound, except: ListFacet | undefined): Promise<string> {
    const query = this.queryWithout(except);
    const { categories } = this.surroundings;
    if (query !== undefined) {
      await seek(this.unit, query);
      const conditions = conditionsOf(this.asked, 'document', { bound, categories, ...(except && { except }) });
      return `select s.release_id as id, s.facets from catalog.release_search s where s.tenant_id = $1 and ${conditions}`;
    }
    await seek(this.unit, '');
    const conditions = conditionsOf(this.asked, 'release', { bound, categories, ...(except && { except }) });
    return `select r.id, looked.facets from (select r.id from catalog.release r where r.tenant_id = $1 and ${conditions}
        order by r.id desc limit ${MOST_COUNTED + 1}) as r
      cross join lateral (select s.facets from catalog.release_search s where s.tenant_id = $1 and s.release_id = r.id offset 0) as looked`;
  }

  private queryWithout(except: ListFacet | undefined): string | undefined {
    const { correction } = this.surroundings;
    if (!correction) return queryOf(this.asked, except);
    const own = Object.hasOwn(FACETS, except ?? '') ? (except as Facet) : undefined;
    return filteredQuery(correction.query, this.asked.filters, own);
  }
}

const CATEGORIES = `select 'category' as kind, c.category_id::text as value, count(*)::integer as count
  from k join catalog.release_category c on c.tenant_id = $1 and c.release_id = k.id group by c.category_id`;
const IN_STOCK = `select 'inStock' as kind, (t.available is not null)::text as value, count(*)::integer as count
  from k left join catalog.release_stock t on t.tenant_id = $1 and t.release_id = k.id and t.available > 0 group by 2`;

function viewOf(facet: ListFacet, rows: readonly CountRow[]): FacetView {
  const kind = Object.hasOwn(FACETS, facet) ? FACETS[facet as Facet] : facet;
  const values = rows
    .filter((row) => row.kind === kind)
    .map(({ value, count }) => ({ value: facet === 'category' ? formatId('category', value) : value, count }));
  return { name: facet, values, capped: (rows[0]?.counted ?? 0) > MOST_COUNTED };
}
