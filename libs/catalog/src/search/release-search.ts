import { type CursorCodec, type CursorRow, ListPlan, type ListSpec, type Page } from '#platform/http';
import type { Unit } from '#platform/persistence';
import { shortKey, tenantQuery } from '../domain/search-document.js';
import { codeQuery, exactQuery, filteredQuery } from '../domain/sought.js';
import {
  RELEASE_FROM,
  type ReleaseSummaryView,
  SUMMARY_COLUMNS,
  type SummaryRow,
  summaryView,
} from '../catalog.views.js';
import { seek, seekAlong } from '../store/seek.js';
import { shaped } from '../store/shaped.js';
import { type Asked, type ListFacet, queryOf } from './asked.js';
import { Bound, conditionsOf } from './conditions.js';
import { type CountRow, countedColumns, counting, MOST_COUNTED, unfiltered } from './facet-counts.js';
import { type Correction, correctionOf } from './spelling.js';

/** Rows that are sorted or ranked in memory. Where there are more, lists go along an index, and a ranking is of the first. */
export const MOST_RANKED = 2_000;
/** Rows that are exactly what was typed, of which the ranking must miss none. */
const MOST_EXACT = 200;

/** A release of the page; without one, where the page is empty. */
type FoundRow = (PageRow | { readonly id: null }) & {
  readonly found: number;
  /** On the first row only, where facets are asked for. */
  readonly counts: readonly CountRow[] | null;
};
type PageRow = SummaryRow & CursorRow;

/** A page of releases. */
export interface FoundPage {
  readonly page: Page<ReleaseSummaryView>;
  /** What stood in for the text, where nothing was found for it. */
  readonly correction: Correction | undefined;
  /** Of the facets that the list is not narrowed down by, where its own rows were at hand to be counted. */
  readonly counts?: readonly CountRow[] | undefined;
}

/** One list of releases: finds its rows by the cheapest of three ways. */
export class ReleaseSearch {
  constructor(
    private readonly unit: Unit,
    private readonly asked: Asked,
    private readonly surroundings: {
      readonly cursors: CursorCodec;
      readonly spec: ListSpec;
      readonly categories: readonly string[];
    },
  ) {}

  async page(): Promise<FoundPage> {
    const query = queryOf(this.asked);
    if (query === undefined) return { page: await this.along('release'), correction: undefined };
    await seek(this.unit, query);
    const { found, page, counts } = await this.ranked({
      facets: unfiltered(this.asked, this.asked.request.query.facets ?? []),
    });
    if (found === 0 && this.asked.text !== undefined) return this.corrected(this.asked.text);
    if (found <= MOST_RANKED) return { page, correction: undefined, counts };
    if (this.isByRelevance) return { page: await this.withExact(query), correction: undefined, counts };
    await seekAlong(this.unit, query);
    return { page: await this.along('document'), correction: undefined, counts };
  }

  private get isByRelevance(): boolean {
    return this.asked.text !== undefined && this.asked.request.sort[0]?.name === 'relevance';
  }

  /** Nothing has the words: what is spelt alike is looked for, and the answer says so. */
  private async corrected(text: string): Promise<FoundPage> {
    const correction = await correctionOf(this.unit, text);
    const query = correction && filteredQuery(correction.query, this.asked.filters);
    if (query === undefined)
      return { page: this.planOf('m', new Bound(this.unit.tenantId)).page([], summaryView), correction };
    await seek(this.unit, query);
    const { found, page } = await this.ranked({ correction });
    return { page, correction: found === 0 ? undefined : correction };
  }

  /** The first rows found and all that are exactly what was typed, ranked together. */
  private async withExact(query: string): Promise<Page<ReleaseSummaryView>> {
    const exact = filteredQuery(exactQuery(this.asked.text ?? ''), this.asked.filters);
    await seek(this.unit, exact ?? query);
    const bound = new Bound(this.unit.tenantId);
    const conditions = this.conditions('document', bound);
    const rows = await shaped<{ id: string }>(
      this.unit,
      `select s.release_id as id from catalog.release_search s where s.tenant_id = $1 and ${conditions} limit ${MOST_EXACT}`,
      bound.values,
    );
    await seek(this.unit, query);
    return (await this.ranked({ exact: rows.map(({ id }) => id) })).page;
  }

  /** Ranks what is sought and, with it, counts it by `facets`: finding the rows is half of what either costs. */
  private async ranked({
    correction,
    exact = [],
    facets = [],
  }: {
    readonly correction?: Correction;
    readonly exact?: readonly string[];
    readonly facets?: readonly ListFacet[];
  }): Promise<{ found: number; page: Page<ReleaseSummaryView>; counts: readonly CountRow[] | undefined }> {
    const bound = new Bound(this.unit.tenantId);
    const columns = `s.release_id as id${this.sortedColumns(bound, correction)}${countedColumns(facets, 's')}`;
    const sought = `select ${columns} from catalog.release_search s where s.tenant_id = $1 and ${this.conditions('document', bound)}`;
    const first = exact.length === 0 ? '' : `${sought} and s.release_id = any(${bound.add(exact, 'uuid[]')}) union`;
    const counts = facets.length > 0 ? countsOf(facets) : 'null::json';
    const list = this.planOf('m', bound);
    const found = await shaped<FoundRow & Record<string, unknown>>(
      this.unit,
      `with m as materialized (${first} (${sought} limit ${MOST_RANKED + 1})),
            page as (select m.id, ${list.cursorKey}, row_number() over (order by ${list.orderBy}) as place
                       from (select m.* from m where ${list.where} order by ${list.orderBy} limit ${list.limit}) as m)
       select f.found, p.cursor_key, case when coalesce(p.place, 1) = 1 then (${counts}) end as counts, ${SUMMARY_COLUMNS}
         from (select count(*)::integer as found from m) as f left join page p on true
         left join (${RELEASE_FROM}) on r.tenant_id = $1 and r.id = p.id order by p.place`,
      list.values,
    );
    const [top] = found;
    const rows = found.filter((row) => row.id !== null);
    const page = list.page(rows, summaryView, await this.counted('document'));
    return { found: top?.found ?? 0, page, counts: top?.counts ?? undefined };
  }

  /** Goes along the index of the order; with documents, looking at each. */
  private async along(source: 'release' | 'document'): Promise<Page<ReleaseSummaryView>> {
    const bound = new Bound(this.unit.tenantId);
    const conditions = this.conditions('release', bound);
    const list = this.planOf('r', bound);
    const looked =
      source === 'release'
        ? ''
        : `cross join lateral (select from catalog.release_search s
      where s.tenant_id = $1 and s.release_id = r.id offset 0) as looked`;
    const rows = await shaped<PageRow & Record<string, unknown>>(
      this.unit,
      `select ${SUMMARY_COLUMNS}, ${list.cursorKey} from ${RELEASE_FROM} ${looked} where r.tenant_id = $1 and ${conditions} and ${list.where}
        order by ${list.orderBy} limit ${list.limit}`,
      list.values,
    );
    return list.page(rows, summaryView, await this.counted(source));
  }

  /** Up to 10,001 rows, where the caller asked for the total. */
  private async counted(source: 'release' | 'document'): Promise<number | undefined> {
    const bound = new Bound(this.unit.tenantId);
    const conditions = this.conditions(source, bound);
    const from =
      source === 'release' ? 'catalog.release r where r.tenant_id' : 'catalog.release_search s where s.tenant_id';
    const count = this.planOf(source === 'release' ? 'r' : 'm', bound).count(`${from} = $1 and ${conditions}`);
    return count && (await this.unit.rows<{ count: number }>(count.sql, count.values))[0]?.count;
  }

  private conditions(source: 'release' | 'document', bound: Bound): string {
    return conditionsOf(this.asked, source, { bound, categories: this.surroundings.categories });
  }

  /** What the rows are sorted by, and no more: each column of each row is copied. */
  private sortedColumns(bound: Bound, correction: Correction | undefined): string {
    const { request, text } = this.asked;
    const columns = request.sort.map(({ name }) => {
      if (name === 'relevance') return text === undefined ? '' : `, ${this.rankOf(bound, text, correction)} as rank`;
      return name === 'createdAt' ? '' : `, s.${name}_key`;
    });
    return columns.join('');
  }

  /**
   * Codes first, then what is called exactly so, then by trigrams of artist and title; corrected, what has all words, then by how
   * alike the artist is. In millionths, so that a cursor can hold it.
   */
  private rankOf(bound: Bound, text: string, correction: Correction | undefined): string {
    const key = bound.add(shortKey(text), 'text');
    const alike = `greatest(similarity(s.artist_key, ${key}), similarity(s.title_key, ${key}), similarity(s.artist_key || ' ' || s.title_key, ${key}))`;
    if (!correction) {
      const codes = bound.add(this.ofTenant(codeQuery(text)), 'tsquery');
      const exactly = `${key} in (s.artist_key, s.title_key, s.artist_key || ' ' || s.title_key)`;
      return `((case when s.document @@ ${codes} then 4 when ${exactly} then 3 else 0 end + ${alike}) * 1000000)::integer`;
    }
    const names = bound.add(
      correction.names.map(({ term }) => term),
      'text[]',
    );
    const scores = bound.add(
      correction.names.map(({ likeness }) => likeness),
      'real[]',
    );
    const all =
      correction.all === undefined
        ? '0'
        : `case when s.document @@ ${bound.add(this.ofTenant(correction.all), 'tsquery')} then 1 else 0 end`;
    const named = `coalesce((select max(n.score) from unnest(${names}, ${scores}) as n (name, score) where n.name = s.artist_key), 0)`;
    const likeliest =
      correction.likeliest === undefined
        ? '0'
        : `case when s.document @@ ${bound.add(this.ofTenant(correction.likeliest), 'tsquery')} then 0.3 else 0 end`;
    return `((${all} + ${likeliest} + greatest(${named}, ${alike})) * 1000000)::integer`;
  }

  private ofTenant(query: string): string {
    return tenantQuery(this.unit.tenantId, query);
  }

  /** Filters and text are part of the list's name, and so of its cursors; the plan itself only sorts. */
  private planOf(alias: 'm' | 'r', bound: Bound): ListPlan {
    const { request, text } = this.asked;
    const { spec, cursors } = this.surroundings;
    const name = JSON.stringify([spec.name, text, request.filters]);
    const newest = { sql: `${alias}.id`, type: 'uuid' };
    const sort = {
      relevance: alias === 'm' && text !== undefined ? { sql: 'm.rank', type: 'integer' } : newest,
      createdAt: newest,
      artist: { sql: `${alias}.artist_key`, type: 'text' },
      title: { sql: `${alias}.title_key`, type: 'text' },
      released: { sql: `${alias}.released_key`, type: 'integer' },
    };
    const own = { name, id: `${alias}.id`, sort, defaultSort: spec.defaultSort };
    const { tenantId } = this.unit;
    return new ListPlan(own, { ...request, filters: [] }, { tenantId, cursors, values: bound.values });
  }
}

/** What `counting` tells of the rows `m`, as one value. */
function countsOf(facets: readonly ListFacet[]): string {
  return `select json_agg(n) from (with k as materialized (select m.id${countedColumns(facets, 'm')} from m limit ${MOST_COUNTED + 1}),
    ${counting(facets)}) as n`;
}
