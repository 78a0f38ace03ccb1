import type { CursorCodec, CursorPosition, CursorScope } from './cursor.js';
import type { Filter, ListRequest, ListSpec, PageQuery } from './list-request.js';
import type { PageInfo } from './page.dto.js';

/** Rows that `include=total` counts at most. */
const COUNT_CAP = 10_000;

const OPERATORS: Readonly<Record<Exclude<Filter['op'], 'eq'>, string>> = { gt: '>', gte: '>=', lt: '<', lte: '<=' };

/** What every row of a list query carries beside its view. */
export interface CursorRow {
  readonly cursor_key: string;
}

/** A list's answer. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly page: PageInfo;
}

/** Surroundings of a list query. */
export interface ListContext {
  readonly tenantId: string;
  readonly cursors: CursorCodec;
  /** Values the query's own text already refers to, from $1 on. */
  readonly values?: readonly unknown[];
}

/** A statement and its values. */
export interface SqlStatement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/**
 * The SQL of one page of a list, keyset by (sort keys, id), forwards or backwards:
 * ```ts
 * const list = new ListPlan(RELEASES, request, { tenantId, cursors, values: [tenantId] });
 * const rows = await unit.rows<ReleaseRow & CursorRow>(
 *   `select r.id, r.title, ${list.cursorKey} from catalog.release r
 *     where r.tenant_id = $1 and ${list.where} order by ${list.orderBy} limit ${list.limit}`,
 *   list.values,
 * );
 * return list.page(rows, toReleaseView);
 * ```
 * Only names and SQL of the spec get into the text; what the caller sent is bound as values.
 */
export class ListPlan {
  /** Conditions of the filters and of the cursor. */
  readonly where: string;
  readonly orderBy: string;
  /** One row more than the page holds, to know whether there is more. */
  readonly limit: number;
  /** The column that cursors are made of, as `cursor_key`. */
  readonly cursorKey: string;
  private readonly bound: unknown[];
  private readonly filter: string;
  private readonly filterValues: number;
  private readonly keys: readonly { readonly sql: string; readonly type: string; readonly descending: boolean }[];
  private readonly scope: CursorScope;
  private readonly position: CursorPosition | undefined;

  /** @throws http.invalid_cursor */
  constructor(
    private readonly spec: ListSpec,
    private readonly request: Pick<ListRequest, 'sort' | 'filters'> & { readonly query: PageQuery },
    private readonly context: ListContext,
  ) {
    const { sort, filters, query } = request;
    this.scope = { tenantId: context.tenantId, list: JSON.stringify([spec.name, sort, filters]) };
    this.position = query.cursor === undefined ? undefined : context.cursors.decode(this.scope, query.cursor);
    this.keys = this.orderKeys();
    this.bound = [...(context.values ?? [])];
    this.filter = filters.map((filter) => this.condition(filter)).join(' and ') || 'true';
    this.filterValues = this.bound.length;
    this.where = this.position ? `${this.filter} and ${this.beyond(this.position.keys)}` : this.filter;
    this.orderBy = this.keys.map(({ sql, descending }) => `${sql} ${descending ? 'desc' : 'asc'}`).join(', ');
    this.limit = query.limit + 1;
    this.cursorKey = `json_build_array(${this.keys.map(({ sql }) => `(${sql})::text`).join(', ')})::text as cursor_key`;
  }

  /** Values of the page's statement. */
  get values(): readonly unknown[] {
    return this.bound;
  }

  /** Counts up to 10,000 rows of `from` under the filters, as `count`; undefined unless the caller asked for the total. */
  count(from: string): SqlStatement | undefined {
    if (this.request.query.include !== 'total') return undefined;
    const sql = `select count(*)::int as count from (select 1 from ${from} and ${this.filter} limit ${COUNT_CAP + 1}) as capped`;
    return { sql, values: this.bound.slice(0, this.filterValues) };
  }

  /** The answer made of the rows that the page's statement brought and, where it was asked for, of the count. */
  page<R extends CursorRow, T>(rows: readonly R[], view: (row: R) => T, counted?: number): Page<T> {
    const backwards = this.position?.way === 'prev';
    const isMore = rows.length > this.request.query.limit;
    const shown = rows.slice(0, this.request.query.limit);
    if (backwards) shown.reverse();
    const nextCursor = backwards || isMore ? this.cursorAt('next', shown.at(-1)) : null;
    const prevCursor = (backwards ? isMore : this.position) ? this.cursorAt('prev', shown[0]) : null;
    const total =
      counted === undefined ? {} : { total: { count: Math.min(counted, COUNT_CAP), capped: counted > COUNT_CAP } };
    return { data: shown.map(view), page: { nextCursor, prevCursor, hasMore: nextCursor !== null, ...total } };
  }

  private cursorAt(way: CursorPosition['way'], row: CursorRow | undefined): string | null {
    if (!row) return null;
    return this.context.cursors.encode(this.scope, { way, keys: JSON.parse(row.cursor_key) as string[] });
  }

  private bind(value: unknown, type: string): string {
    this.bound.push(value);
    return `$${this.bound.length}::${type}`;
  }

  private condition({ name, op, values }: Filter): string {
    const field = this.spec.filters?.[name];
    if (!field) throw new Error(`${this.spec.name} has no filter ${name}`);
    if (op === 'eq' && field.matches) return field.matches(this.bind(values, `${field.type}[]`));
    if (op === 'eq') return `${field.sql} = any(${this.bind(values, `${field.type}[]`)})`;
    const isBelow = op === 'lt' || op === 'lte';
    const floor = isBelow && field.least !== undefined ? `${field.sql} >= ${field.least} and ` : '';
    return `${floor}${field.sql} ${OPERATORS[op]} ${this.bind(values[0], field.type)}`;
  }

  /** The id goes the way of the last key, so that one index in one direction serves both. */
  private orderKeys(): ListPlan['keys'] {
    const backwards = this.position?.way === 'prev';
    const keys = this.request.sort.map(({ name, descending }) => {
      const field = this.spec.sort[name];
      if (!field) throw new Error(`${this.spec.name} has no sort ${name}`);
      return { ...field, descending: descending !== backwards };
    });
    return [...keys, { sql: this.spec.id, type: 'uuid', descending: keys.at(-1)?.descending ?? backwards }];
  }

  /** Rows beyond a place in this order: one row comparison where all keys go one way, else key by key. */
  private beyond(place: readonly string[]): string {
    const keys = this.keys.map((key, index) => ({ ...key, bound: this.bind(place[index], key.type) }));
    const operator = (descending: boolean): string => (descending ? '<' : '>');
    const [first] = keys;
    if (first && keys.every(({ descending }) => descending === first.descending)) {
      const row = (parts: string[]): string => `(${parts.join(', ')})`;
      return `${row(keys.map((key) => key.sql))} ${operator(first.descending)} ${row(keys.map((key) => key.bound))}`;
    }
    return keys.reduceRight((rest, { sql, bound, descending }) => {
      const past = `${sql} ${operator(descending)} ${bound}`;
      return rest === '' ? past : `(${past} or (${sql} = ${bound} and ${rest}))`;
    }, '');
  }
}

/** The Link header (RFC 8288) of a page, or undefined when there is nothing to link. @param url path and query as requested */
export function linkHeader(url: string, { nextCursor, prevCursor }: PageInfo): string | undefined {
  const [path = '', query = ''] = url.split('?', 2);
  const link = (cursor: string | null, rel: string): string[] => {
    if (cursor === null) return [];
    const parameters = new URLSearchParams(query);
    parameters.set('cursor', cursor);
    return [`<${path}?${parameters.toString()}>; rel="${rel}"`];
  };
  const links = [...link(nextCursor, 'next'), ...link(prevCursor, 'prev')];
  return links.length === 0 ? undefined : links.join(', ');
}
