import type { Facet as FacetView } from '#platform/http';
import { formatId } from '#platform/kernel';
import type { Unit } from '#platform/persistence';
import { filteredQuery } from '../domain/sought.js';
import { countedColumn, isSingle } from '../store/counted-columns.js';
import { seek } from '../store/seek.js';
import { shaped } from '../store/shaped.js';
import { type Asked, isOfDocument, type ListFacet, queryOf } from './asked.js';
import { Bound, conditionsOf } from './conditions.js';
import type { Correction } from './spelling.js';

/** Rows that are counted at most: of 5,000, two filters and all facets cost 46 ms of CPU (test/bench/catalog). */
export const MOST_COUNTED = 1_000;
/** Values shown of each facet. */
const MOST_VALUES = 20;

/** How many of the counted rows have a value; without one, where no row has any. */
export interface CountRow {
  readonly kind: ListFacet | null;
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

/** The columns of documents that facets are counted by: one each, as taking all facets of a row apart costs most of a count. */
export function countedColumns(facets: readonly ListFacet[], alias: string): string {
  return facets
    .filter(isOfDocument)
    .map((facet) => `, ${alias}.${countedColumn(facet)}`)
    .join('');
}

/** The rest of a statement that counts the rows `k (id, countedColumns...)` of a `with` before it: rows of `CountRow`, in no order. */
export function counting(facets: readonly ListFacet[]): string {
  const parts = facets.map((facet) => `(${counted(facet)} order by count desc, value limit ${MOST_VALUES})`);
  return `c as (${parts.join(' union all ')}) select c.kind, c.value, c.count, n.counted
    from (select count(*)::integer as counted from k) as n left join c on true`;
}

function counted(facet: ListFacet): string {
  if (facet === 'category') return CATEGORIES;
  if (facet === 'inStock') return IN_STOCK;
  const column = `k.${countedColumn(facet)}`;
  return `select '${facet}' as kind, u.value, count(*)::integer as count
    from (select ${isSingle(facet) ? column : `unnest(${column})`} as value from k) as u where u.value is not null group by u.value`;
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
    const rows = await this.rowsOf(facets, bound, except);
    const sql = `with k as materialized (${rows} limit ${MOST_COUNTED + 1}), ${counting(facets)}`;
    return shaped<CountRow & Record<string, unknown>>(this.unit, sql, bound.values);
  }

  /** Rows that are counted: those that a query finds, or the newest where documents play no part. */
  private async rowsOf(facets: readonly ListFacet[], bound: Bound, except: ListFacet | undefined): Promise<string> {
    const query = this.queryWithout(except);
    const { categories } = this.surroundings;
    if (query !== undefined) {
      await seek(this.unit, query);
      const conditions = conditionsOf(this.asked, 'document', { bound, categories, ...(except && { except }) });
      return `select s.release_id as id${countedColumns(facets, 's')} from catalog.release_search s where s.tenant_id = $1 and ${conditions}`;
    }
    await seek(this.unit, '');
    const conditions = conditionsOf(this.asked, 'release', { bound, categories, ...(except && { except }) });
    return `select r.id${countedColumns(facets, 'looked')} from (select r.id from catalog.release r where r.tenant_id = $1 and ${conditions}
        order by r.id desc limit ${MOST_COUNTED + 1}) as r
      cross join lateral (select s.release_id${countedColumns(facets, 's')} from catalog.release_search s where s.tenant_id = $1 and s.release_id = r.id offset 0) as looked`;
  }

  private queryWithout(except: ListFacet | undefined): string | undefined {
    const { correction } = this.surroundings;
    if (!correction) return queryOf(this.asked, except);
    return filteredQuery(correction.query, this.asked.filters, isOfDocument(except) ? except : undefined);
  }
}

const CATEGORIES = `select 'category' as kind, c.category_id::text as value, count(*)::integer as count
  from k join catalog.release_category c on c.tenant_id = $1 and c.release_id = k.id group by c.category_id`;
const IN_STOCK = `select 'inStock' as kind, (t.available is not null)::text as value, count(*)::integer as count
  from k left join catalog.release_stock t on t.tenant_id = $1 and t.release_id = k.id and t.available > 0 group by 2`;

function viewOf(facet: ListFacet, rows: readonly CountRow[]): FacetView {
  const values = rows
    .filter(({ kind }) => kind === facet)
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .map(({ value, count }) => ({ value: facet === 'category' ? formatId('category', value) : value, count }));
  return { name: facet, values, capped: (rows[0]?.counted ?? 0) > MOST_COUNTED };
}
