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

interface CountRow {
  readonly kind: string;
  readonly value: string;
  readonly count: number;
  readonly counted: number;
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

  async of(facets: readonly ListFacet[]): Promise<FacetView[]> {
    const filtered = facets.filter((facet) => this.isFiltered(facet));
    const together = facets.filter((facet) => !filtered.includes(facet));
    const counts = new Map<ListFacet, FacetView>();
    for (const group of [together, ...filtered.map((facet) => [facet])]) {
      if (group.length === 0) continue;
      for (const view of await this.counted(group, filtered.includes(group[0] as ListFacet) ? group[0] : undefined))
        counts.set(view.name as ListFacet, view);
    }
    return facets.flatMap((facet) => counts.get(facet) ?? []);
  }

  private isFiltered(facet: ListFacet): boolean {
    if (facet === 'category') return this.asked.categories.length > 0;
    if (facet === 'inStock') return this.asked.inStock !== undefined;
    return this.asked.filters.has(facet);
  }

  private async counted(facets: readonly ListFacet[], except: ListFacet | undefined): Promise<FacetView[]> {
    const bound = new Bound(this.unit.tenantId);
    const rows = await this.rowsOf(bound, except);
    const parts = facets.flatMap((facet) =>
      facet === 'category' ? [CATEGORIES] : facet === 'inStock' ? [IN_STOCK] : [],
    );
    const marks = facets.flatMap((facet) => (Object.hasOwn(FACETS, facet) ? [FACETS[facet as Facet]] : []));
    if (marks.length > 0) {
      parts.push(`select left(f.facet, 1) as kind, substr(f.facet, 3) as value, f.count from (
        select facet, count(*)::integer as count from m, unnest(m.facets) as facet
         where left(facet, 1) = any(${bound.add(marks, 'text[]')}) group by facet) as f`);
    }
    const sql = `with m as materialized (${rows} limit ${MOST_COUNTED + 1}), c as (${parts.join(' union all ')})
      select w.kind, w.value, w.count, (select count(*)::integer from m) as counted from (
        select c.*, row_number() over (partition by c.kind order by c.count desc, c.value) as place from c) as w
       where w.place <= ${MOST_VALUES} order by w.kind, w.place`;
    const found = await shaped<CountRow & Record<string, unknown>>(this.unit, sql, bound.values);
    return facets.map((facet) => viewOf(facet, found));
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
  from m join catalog.release_category c on c.tenant_id = $1 and c.release_id = m.id group by c.category_id`;
const IN_STOCK = `select 'inStock' as kind, (k.available is not null)::text as value, count(*)::integer as count
  from m left join catalog.release_stock k on k.tenant_id = $1 and k.release_id = m.id and k.available > 0 group by 2`;

function viewOf(facet: ListFacet, rows: readonly CountRow[]): FacetView {
  const kind = Object.hasOwn(FACETS, facet) ? FACETS[facet as Facet] : facet;
  const values = rows
    .filter((row) => row.kind === kind)
    .map(({ value, count }) => ({ value: facet === 'category' ? formatId('category', value) : value, count }));
  return { name: facet, values, capped: (rows[0]?.counted ?? 0) > MOST_COUNTED };
}
