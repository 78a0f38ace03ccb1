import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newUuid } from '#platform/kernel';
import { flagRule, oneOfRule, textRule, wholeNumberRule } from '../validation/value-rules.js';
import { CursorCodec } from './cursor.js';
import { type CursorRow, linkHeader, ListPlan } from './list-plan.js';
import { type ListSpec, readListRequest } from './list-request.js';

const RELEASES: ListSpec = {
  name: 'releases',
  id: 'r.id',
  sort: {
    createdAt: { sql: 'r.created_at', type: 'timestamptz' },
    title: { sql: 'r.title_key', type: 'text' },
    year: { sql: 'coalesce(r.year, 0)', type: 'int' },
  },
  defaultSort: '-createdAt',
  filters: {
    state: { sql: 'r.state', type: 'text', rule: oneOfRule(['active', 'archived']) },
    year: { sql: 'r.year', type: 'int', rule: wholeNumberRule({ min: 1_900, max: 2_100 }), range: true },
    artist: { sql: 'r.artist', type: 'text', rule: textRule({ max: 50 }) },
    genre: {
      sql: 'r.genres',
      type: 'text',
      rule: textRule({ max: 50 }),
      matches: (values) => `r.genres && ${values}`,
    },
    price: {
      sql: 'coalesce(r.price, -1)',
      type: 'bigint',
      rule: wholeNumberRule({ min: 0, max: 1_000 }),
      range: true,
      least: 0,
    },
    sealed: { sql: 'r.sealed', type: 'boolean', rule: flagRule() },
  },
};

const tenantId = newUuid();
const cursors = new CursorCodec('a secret');
const context = { tenantId, cursors, values: [tenantId] };
const plan = (query: Record<string, string>) => new ListPlan(RELEASES, readListRequest(RELEASES, query), context);
const row = (...keys: string[]): CursorRow => ({ cursor_key: JSON.stringify(keys) });
const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => row(`t${from + index}`, `id${from + index}`));
const keyOf = ({ cursor_key }: CursorRow) => (JSON.parse(cursor_key) as string[])[0];

describe('the SQL of a page', () => {
  it('is all rows in the default order at first', () => {
    const list = plan({});
    expect([list.where, list.orderBy, list.limit, list.values]).toEqual([
      'true',
      'r.created_at desc, r.id desc',
      21,
      [tenantId],
    ]);
    expect(list.cursorKey).toBe('json_build_array((r.created_at)::text, (r.id)::text)::text as cursor_key');
  });

  it('binds what the caller sent', () => {
    const list = plan({ 'filter[state]': 'active,archived', 'filter[year][gte]': '1980', 'filter[artist]': "O'Neill" });
    expect(list.where).toBe('r.state = any($2::text[]) and r.year >= $3::int and r.artist = any($4::text[])');
    expect(list.values).toEqual([tenantId, ['active', 'archived'], 1980, ["O'Neill"]]);
  });

  it('goes on after a row with one row comparison when all keys go one way', () => {
    const { page } = plan({ limit: '1' }).page([row('t1', 'id1'), row('t2', 'id2')], keyOf);
    const next = plan({ limit: '1', cursor: page.nextCursor ?? '' });
    expect(next.where).toBe('true and (r.created_at, r.id) < ($2::timestamptz, $3::uuid)');
    expect(next.values).toEqual([tenantId, 't1', 'id1']);
  });

  it('goes on after a row key by key when keys go different ways', () => {
    const query = { sort: '-year,title', limit: '1', 'filter[sealed]': 'true' };
    const { page } = plan(query).page([row('1999', 'b', 'id1'), row('1998', 'a', 'id2')], keyOf);
    const next = plan({ ...query, cursor: page.nextCursor ?? '' });
    expect(next.where).toBe(
      'r.sealed = any($2::boolean[]) and (coalesce(r.year, 0) < $3::int or (coalesce(r.year, 0) = $3::int and ' +
        '(r.title_key > $4::text or (r.title_key = $4::text and r.id > $5::uuid))))',
    );
    expect(next.orderBy).toBe('coalesce(r.year, 0) desc, r.title_key asc, r.id asc');
    expect(next.values).toEqual([tenantId, [true], '1999', 'b', 'id1']);
  });

  it('takes a condition of its own for a filter, and keeps ranges off numbers that stand for none', () => {
    expect(plan({ 'filter[genre]': 'Jazz,Rock' }).where).toBe('r.genres && $2::text[]');
    expect(plan({ 'filter[price][lt]': '5' }).where).toBe(
      'coalesce(r.price, -1) >= 0 and coalesce(r.price, -1) < $2::bigint',
    );
    expect(plan({ 'filter[price][gte]': '5' }).where).toBe('coalesce(r.price, -1) >= $2::bigint');
  });

  it('turns round to go back', () => {
    const { page } = plan({ limit: '1' }).page([row('t1', 'id1'), row('t2', 'id2')], keyOf);
    const second = plan({ limit: '1', cursor: page.nextCursor ?? '' }).page([row('t2', 'id2')], keyOf);
    const back = plan({ limit: '1', cursor: second.page.prevCursor ?? '' });
    expect([back.where, back.orderBy]).toEqual([
      'true and (r.created_at, r.id) > ($2::timestamptz, $3::uuid)',
      'r.created_at asc, r.id asc',
    ]);
  });

  it('counts under the filters only, up to 10,000, and only when asked', () => {
    const from = 'catalog.release r where r.tenant_id = $1';
    expect(plan({}).count(from)).toBeUndefined();
    const query = { include: 'total', limit: '1', 'filter[year]': '1999' };
    const { page } = plan(query).page([row('t1', 'id1'), row('t2', 'id2')], keyOf);
    expect(plan({ ...query, cursor: page.nextCursor ?? '' }).count(from)).toEqual({
      sql: `select count(*)::int as count from (select 1 from ${from} and r.year = any($2::int[]) limit 10001) as capped`,
      values: [tenantId, [1999]],
    });
  });

  it('never holds a text of the caller', () => {
    const canary = fc.stringMatching(/^canary[a-z' ;-]{1,20}$/);
    fc.assert(
      fc.property(canary, (text) => {
        const list = plan({ 'filter[artist]': text, include: 'total' });
        expect(`${list.where}${list.orderBy}${list.cursorKey}${list.count('r')?.sql ?? ''}`).not.toContain('canary');
      }),
    );
  });
});

describe('the cursor of a list', () => {
  const { page } = plan({ limit: '1' }).page([row('t1', 'id1'), row('t2', 'id2')], keyOf);
  const cursor = page.nextCursor ?? '';

  const others: Record<string, string>[] = [
    { sort: 'createdAt' },
    { sort: '-createdAt,title' },
    { 'filter[state]': 'active' },
  ];
  it.each(others)('is refused with %j', (other) => {
    expect(() => plan({ cursor, ...other })).toThrow(expect.objectContaining({ code: 'http.invalid_cursor' }));
  });

  it('is taken with the parameters in another order', () => {
    const query = { 'filter[state]': 'active', 'filter[year]': '1999', limit: '1' };
    const { nextCursor } = plan(query).page([row('t1', 'id1'), row('t2', 'id2')], keyOf).page;
    const reversed = Object.fromEntries(Object.entries(query).reverse());
    expect(plan({ cursor: nextCursor ?? '', ...reversed }).values).toContain('t1');
  });

  it('is taken with another limit', () => {
    expect(plan({ cursor, limit: '50' }).limit).toBe(51);
  });

  it('is refused by another tenant and another list', () => {
    const request = readListRequest(RELEASES, { cursor });
    const invalid = expect.objectContaining({ code: 'http.invalid_cursor' });
    expect(() => new ListPlan(RELEASES, request, { tenantId: newUuid(), cursors })).toThrow(invalid);
    expect(() => new ListPlan({ ...RELEASES, name: 'other' }, request, { tenantId, cursors })).toThrow(invalid);
  });

  it.each(['', 'x', '\u0000', 'a'.repeat(9_000)])('has one answer for every odd one: %p', (odd) => {
    expect(() => plan({ cursor: odd })).toThrow(expect.objectContaining({ code: 'http.invalid_cursor' }));
  });
});

describe('a page', () => {
  it('that is the only one has no cursors', () => {
    expect(plan({ limit: '3' }).page(rows(0, 3), keyOf)).toEqual({
      data: ['t0', 't1', 't2'],
      page: { nextCursor: null, prevCursor: null, hasMore: false },
    });
  });

  it('shows one row less than it fetched, and says that there is more', () => {
    const { data, page } = plan({ limit: '3' }).page(rows(0, 4), keyOf);
    expect(data).toEqual(['t0', 't1', 't2']);
    expect(page).toMatchObject({ nextCursor: expect.any(String), prevCursor: null, hasMore: true });
  });

  it('has a capped total when one was counted', () => {
    expect(plan({}).page([], keyOf, 7).page.total).toEqual({ count: 7, capped: false });
    expect(plan({}).page([], keyOf, 10_000).page.total).toEqual({ count: 10_000, capped: false });
    expect(plan({}).page([], keyOf, 10_001).page.total).toEqual({ count: 10_000, capped: true });
  });

  it('walked there and back shows every row once each way', () => {
    /** What PostgreSQL would answer for rows in descending order of their first key. */
    const answer = (all: CursorRow[], query: Record<string, string>) => {
      const list = plan(query);
      const back = list.orderBy.startsWith('r.created_at asc');
      const place = String(list.values[1] ?? '');
      const beyond = all.filter(
        (r) => list.where === 'true' || (back ? String(keyOf(r)) > place : String(keyOf(r)) < place),
      );
      return list.page((back ? beyond.reverse() : beyond).slice(0, list.limit), keyOf);
    };
    fc.assert(
      fc.property(fc.nat(30), fc.integer({ min: 1, max: 7 }), (count, limit) => {
        const all = Array.from({ length: count }, (_, i) => row(String(2_000 - i), `id${i}`));
        const forwards = [answer(all, { limit: String(limit) })];
        for (let last = forwards.at(-1); last?.page.nextCursor; last = forwards.at(-1)) {
          forwards.push(answer(all, { limit: String(limit), cursor: last.page.nextCursor }));
        }
        expect(forwards.flatMap(({ data }) => data)).toEqual(all.map(keyOf));
        const backwards = forwards.slice(-1);
        for (let last = backwards.at(0); last?.page.prevCursor; last = backwards.at(0)) {
          backwards.unshift(answer(all, { limit: String(limit), cursor: last.page.prevCursor }));
        }
        expect(backwards.flatMap(({ data }) => data)).toEqual(all.map(keyOf));
      }),
    );
  });
});

describe('the Link header', () => {
  it('repeats the request with another cursor', () => {
    const info = { nextCursor: 'n', prevCursor: 'p', hasMore: true };
    expect(linkHeader('/api/v1/catalog/releases?limit=5&filter[state]=a&cursor=x', info)).toBe(
      '</api/v1/catalog/releases?limit=5&filter%5Bstate%5D=a&cursor=n>; rel="next", ' +
        '</api/v1/catalog/releases?limit=5&filter%5Bstate%5D=a&cursor=p>; rel="prev"',
    );
  });

  it('is absent when there is nothing to link', () => {
    expect(linkHeader('/x', { nextCursor: null, prevCursor: null, hasMore: false })).toBeUndefined();
  });
});
