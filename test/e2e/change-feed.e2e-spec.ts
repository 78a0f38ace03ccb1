import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newUuid, parseId } from '#platform/kernel';
import { renderMetrics } from '#platform/telemetry';
import { type Answer, startTestApi, type TestApi } from '../support/api.js';
import { PATIENT } from '../support/client.js';
import { FeedWriter } from '../support/feed-writer.js';
import { ENTRY_MADE, POSTED } from '../support/ledger.js';
import { LEDGER_ROUTES } from '../support/ledger-routes.js';
import { eventually } from '../support/redis-server.js';

interface Feed {
  readonly data: { readonly id: string; readonly type: string; readonly data: { readonly amount?: number } }[];
  readonly page: { readonly nextCursor: string; readonly hasMore: boolean };
  readonly code?: string;
}
type Store = Awaited<ReturnType<TestApi['makeTenant']>>;

describe('the change feed', () => {
  let api: TestApi;
  let store: Store;

  beforeAll(async () => {
    api = await startTestApi(PATIENT, LEDGER_ROUTES);
  });
  afterAll(() => api.close());
  beforeEach(async () => {
    store = await api.makeTenant();
  });

  const post = async (amount: number, { key } = store): Promise<void> => {
    const { status } = await api.call('POST', '/api/v1/test/entries', { key, body: { account: newUuid(), amount } });
    expect(status).toBe(201);
  };
  const read = (query: Record<string, string> = {}, prefer = '', { key } = store): Promise<Answer<Feed>> =>
    api.call<Feed>('GET', `/api/v1/events?${new URLSearchParams(query).toString()}`, { key, headers: { prefer } });
  const amounts = ({ body }: Answer<Feed>): unknown[] => body.data.map(({ data }) => data.amount);
  const waiting = async (): Promise<number> =>
    Number(/^app_event_feed_waiting (\d+)$/m.exec((await renderMetrics()).body)?.[1] ?? 0);
  const uuidOf = (id: string): string => parseId('tenant', id) ?? '';

  it('tells the published facts of the store in order, page by page, and goes on where it was', async () => {
    for (const amount of [1, 2, 3, 4, 5]) await post(amount);
    const first = await read({ limit: '2' });
    const second = await read({ limit: '2', after: first.body.page.nextCursor });
    const third = await read({ limit: '2', after: second.body.page.nextCursor });
    expect([first, second, third].map((page) => [amounts(page), page.body.page.hasMore])).toEqual([
      [[1, 2], true],
      [[3, 4], true],
      [[5], false],
    ]);
    expect(new Set([first, second].flatMap(({ body }) => body.data.map(({ id }) => id))).size).toBe(4);
    expect(first.body.data[0]).toEqual({
      id: expect.stringMatching(/^evt_/),
      type: ENTRY_MADE,
      recordedAt: expect.stringMatching(/Z$/),
      occurredAt: expect.stringMatching(/Z$/),
      data: { amount: 1 },
    });
    const end = await read({ after: third.body.page.nextCursor });
    expect([amounts(end), end.body.page.hasMore]).toEqual([[], false]);
    await post(6);
    expect(amounts(await read({ after: end.body.page.nextCursor }))).toEqual([6]);
    expect((await read()).body.data.map(({ id }) => id).slice(0, 2)).toEqual(first.body.data.map(({ id }) => id));
  });

  it('begins now for those who ask for the latest', async () => {
    await post(1);
    const now = await read({ after: 'latest' });
    await post(2);
    expect([amounts(now), amounts(await read({ after: now.body.page.nextCursor }))]).toEqual([[], [2]]);
  });

  it('tells no store what happened in another, nor takes its cursors', async () => {
    await post(1);
    const other = await api.makeTenant('Other');
    expect(amounts(await read({}, '', other))).toEqual([]);
    const { body } = await read();
    const stolen = await read({ after: body.page.nextCursor }, '', other);
    expect([stolen.status, stolen.body.code]).toEqual([400, 'http.invalid_cursor']);
  });

  it('keeps private events private, and takes only types that are published', async () => {
    await post(1);
    expect(amounts(await read({ 'filter[type]': ENTRY_MADE }))).toEqual([1]);
    for (const type of [POSTED, 'ledger.nothing.v1', '']) {
      expect((await read({ 'filter[type]': type })).status).toBe(400);
    }
    const altered = await read({ after: `A${(await read()).body.page.nextCursor}` });
    expect([altered.status, altered.body.code]).toEqual([400, 'http.invalid_cursor']);
  });

  it('never passes an appender that is under way: nothing is skipped when it commits', async () => {
    const slow = await FeedWriter.connect(api.database.rtUrl, uuidOf(store.tenantId), POSTED);
    await slow.sql('begin');
    await slow.append(newUuid());
    await post(2);
    const before = await read();
    expect(amounts(before)).toEqual([]);
    await slow.sql('commit');
    const after = await read({ after: before.body.page.nextCursor });
    expect(after.body.data).toHaveLength(2);
    expect(amounts(after)[1]).toBe(2);
    await slow.close();
  });

  it('waits at its end for the next event of the store, not of others', async () => {
    const end = await read();
    const waits = read({ after: end.body.page.nextCursor }, 'wait=25');
    await eventually('it waits', async () => (await waiting()) === 1);
    await post(1, await api.makeTenant('Other'));
    expect(await waiting()).toBe(1);
    await post(7);
    const answer = await waits;
    expect([amounts(answer), answer.headers.get('preference-applied')]).toEqual([[7], 'wait=25']);
  });

  it('answers what there is when the wait is over, and at once where there is something', async () => {
    const empty = await read({}, 'wait=1');
    expect([amounts(empty), empty.headers.get('preference-applied')]).toEqual([[], 'wait=1']);
    await post(1);
    expect(amounts(await read({}, 'wait=25'))).toEqual([1]);
    expect((await read()).headers.get('preference-applied')).toBeNull();
  });

  it('forgets those who hang up', async () => {
    const gone = new AbortController();
    const headers = { authorization: `Bearer ${store.key}`, prefer: 'wait=25' };
    const call = fetch(`${api.url}/api/v1/events`, { headers, signal: gone.signal }).catch(() => 'gone');
    await eventually('it waits', async () => (await waiting()) === 1);
    gone.abort();
    expect(await call).toBe('gone');
    await eventually('it is forgotten', async () => (await waiting()) === 0);
  });

  it('stops before an event of a newer build, and does not skip it', async () => {
    await post(1);
    await post(2);
    const second = `(select position from es.events where tenant_id = $1 and data->>'amount' = '2')`;
    const version = (n: number) =>
      api.database.admin(`update es.events set schema_version = ${n} where position = ${second}`, [
        uuidOf(store.tenantId),
      ]);
    await version(9);
    const before = await read();
    expect([amounts(before), before.body.page.hasMore]).toEqual([[1], false]);
    await version(1);
    expect(amounts(await read({ after: before.body.page.nextCursor }))).toEqual([2]);
  });

  it('skips nothing and repeats nothing while many write', async () => {
    const done = new AbortController();
    const seen: unknown[] = [];
    const reader = (async () => {
      let after: string | undefined;
      while (!done.signal.aborted || seen.length < 160) {
        const answer = await read(after === undefined ? {} : { after }, 'wait=2');
        seen.push(...amounts(answer));
        after = answer.body.page.nextCursor;
      }
    })();
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 1; n <= 20; n++) await post(writer * 1_000 + n);
      }),
    );
    done.abort();
    await reader;
    expect(seen).toHaveLength(160);
    expect(new Set(seen).size).toBe(160);
    for (let writer = 0; writer < 8; writer++) {
      const own = seen.filter((amount) => Math.floor(Number(amount) / 1_000) === writer);
      expect(own).toEqual(own.toSorted((x, y) => Number(x) - Number(y)));
    }
  });

  it('lets go of those who wait when the process ends', async () => {
    const ending = await startTestApi({}, LEDGER_ROUTES);
    const { key } = await ending.makeTenant();
    const call = ending.call<Feed>('GET', '/api/v1/events', { key, headers: { prefer: 'wait=30' } });
    await eventually('it waits', async () => (await waiting()) === 1);
    const closed = ending.app.close();
    expect((await call).body).toMatchObject({ data: [], page: { hasMore: false } });
    await closed;
    await ending.database.drop();
  });
});
