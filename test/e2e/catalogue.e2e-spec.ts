import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApi } from '../support/api.js';
import { Client, makeStore, PATIENT } from '../support/client.js';
import { randomId } from '../support/examples.js';

interface Demo {
  fillDemo(url: string, key: string): Promise<number>;
}
interface Release {
  readonly id: string;
  readonly title: string;
  readonly version: number;
  readonly stock: { readonly available: number };
}
interface Listed {
  readonly data: readonly Release[];
  readonly page: { readonly correctedTo?: string };
}

const api = await startTestApi(PATIENT);
const client = new Client(api.url);
const { key } = await makeStore(api);
const RELEASES = '/api/v1/catalog/releases';

afterAll(() => api.close());

const post = <T = Release>(path: string, body: object, headers = {}) =>
  client.call<T>('POST', path, { key, body, headers });
const created = async (body: object = { title: 'One' }) => (await post(RELEASES, body)).body;

describe('the demo catalogue', () => {
  it('comes in once, and is found in spite of typing errors', async () => {
    const { fillDemo } = (await import(new URL('../../tools/lib/demo-catalogue.mjs', import.meta.url).href)) as Demo;
    expect([await fillDemo(api.url, key), await fillDemo(api.url, key)]).toEqual([20, 0]);
    const { body } = await client.call<Listed>('GET', `${RELEASES}?q=tin+lantrens+harbour`, { key });
    expect(body.data.map(({ title }) => title).slice(0, 2)).toEqual(['Harbour Lights', 'Harbour Lights']);
    expect(body.page.correctedTo).toBe('tin lanterns harbour');
  });
});

describe('a release', () => {
  it('is answered as unchanged until it, or what is in stock of it, changes', async () => {
    const { id } = await created();
    const first = await client.call('GET', `${RELEASES}/${id}`, { key });
    const etag = String(first.headers.get('etag'));
    const again = (headers = { 'if-none-match': etag }) => client.call('GET', `${RELEASES}/${id}`, { key, headers });
    expect([etag, (await again()).status]).toEqual(['"v1.0"', 304]);
    await api.database.admin(
      `insert into catalog.release_stock select tenant_id, id, 2 from catalog.release where title = 'One' on conflict do nothing`,
    );
    // Behind the api's back nobody is told: the cache may answer for 10 s.
    const changed = await client.call('PATCH', `${RELEASES}/${id}`, {
      key,
      body: { country: 'UK' },
      headers: { 'if-match': etag },
    });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"v2.2"']);
    expect((await again()).status).toBe(200);
  });
});

describe('what is refused', () => {
  it.each<[string, object, string, string]>([
    ['no title', {}, 'required', '/title'],
    ['an empty title', { title: ' ' }, 'text_blank', '/title'],
    ['a title with a zero', { title: 'a\u0000' }, 'x', ''],
    ['a title with direction marks', { title: 'a\u202Eb' }, 'text_characters', '/title'],
    ['a date that is none', { title: 'A', released: '1999-02-30' }, 'partial_date', '/released'],
    ['a number for a text', { title: 'A', country: 7 }, 'text', '/country'],
    ['a weight with a fraction', { title: 'A', weightGrams: 1.5 }, 'whole_number', '/weightGrams'],
    ['a negative weight', { title: 'A', weightGrams: -1 }, 'whole_number', '/weightGrams'],
    ['a picture that is a script', { title: 'A', images: ['javascript:alert(1)'] }, 'url', '/images/0'],
    ['a label without name', { title: 'A', labels: [{ catalogNumber: '1' }] }, 'required', '/labels/0/name'],
    ['a list for an object', { title: 'A', labels: [[]] }, 'object', '/labels/0'],
    ['attributes that are no texts', { title: 'A', attributes: { a: 1 } }, 'attributes', '/attributes'],
    ['a product type in capitals', { title: 'A', productType: 'Record' }, 'word', '/productType'],
    ['a member that is not known', { title: 'A', price: 1 }, 'unknown_member', '/price'],
  ])('is %s', async (_, body, code, pointer) => {
    const { status, text } = await post(RELEASES, body);
    expect(status).toBe(400);
    if (pointer !== '') expect(JSON.parse(text)).toMatchObject({ errors: [{ code, pointer }] });
  });

  it.each<[string, string]>([
    ['decade', '1995'],
    ['state', 'gone'],
    ['category', 'rel_01j2jw8f00e00800000000001a'],
    ['inStock', 'maybe'],
    ['nonsense', 'x'],
  ])('is the filter %s=%s', async (name, value) => {
    const answer = await client.call('GET', `${RELEASES}?filter[${name}]=${value}`, { key });
    expect(answer).toMatchObject({ status: 400, body: { code: 'http.invalid_parameter' } });
  });

  it('is a bulk request without items, or of more than 1,000', async () => {
    const items = Array.from({ length: 1_001 }, (_, i) => ({ externalId: String(i), title: 'x' }));
    for (const some of [[], items]) {
      const answer = await post(`${RELEASES}/bulk`, { source: 'file', items: some });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/items', code: 'list_size' }] } });
    }
    const whole = await post<{ outcomes: unknown[] }>(`${RELEASES}/bulk`, {
      source: 'file',
      items: items.slice(0, 1_000),
    });
    expect([whole.status, whole.body.outcomes.length]).toEqual([200, 1_000]);
  });

  it('is what is no object among the items of a bulk request, alone', async () => {
    const items = [null, 7, [], 'x', {}, { externalId: 'ok', title: 'Fine' }];
    const { body } = await post<{ outcomes: { outcome: string; code?: string }[] }>(`${RELEASES}/bulk`, {
      source: 'odd',
      items,
    });
    expect(body.outcomes.map(({ outcome, code }) => code ?? outcome)).toEqual([
      ...Array<string>(5).fill('catalog.invalid_release'),
      'created',
    ]);
  });

  it('is a change of what somebody else has changed, or of an archived release, with the next step', async () => {
    const { id } = await created();
    const patch = (headers = {}) => client.call('PATCH', `${RELEASES}/${id}`, { key, body: { title: 'Two' }, headers });
    expect(await patch({ 'if-match': '"v7"' })).toMatchObject({
      status: 412,
      body: { code: 'http.precondition_failed' },
    });
    await client.call('POST', `${RELEASES}/${id}/archive`, { key });
    expect(await patch()).toMatchObject({
      status: 409,
      body: {
        code: 'catalog.release_archived',
        detail: expect.stringContaining('Restore it'),
        allowed: ['restore', 'merge'],
      },
    });
  });

  it('is a category that nobody has', async () => {
    const { id } = await created();
    const body = { categoryIds: [randomId('category')] };
    const answer = await client.call('PUT', `${RELEASES}/${id}/categories`, { key, body });
    expect(answer).toMatchObject({ status: 422, body: { code: 'catalog.category_unknown' } });
  });
});

describe('stock', () => {
  const STOCK = '/api/v1/inventory';
  const price = (amount: number, currency = 'EUR') => ({ price: { amount, currency }, reason: 'sale' });
  let release: string;
  let pool: string;
  const reserve = (itemId: string, quantity: number) => ['reservations', { items: [{ itemId, quantity }] }] as const;

  beforeAll(async () => {
    ({ id: release } = await created());
    const body = { releaseId: release, kind: 'pool', quantity: 5, price: price(100).price };
    ({ id: pool } = (await post(`${STOCK}/items`, body)).body);
  });

  it.each<[string, (id: string) => readonly [path: string, body: object], number, string]>([
    ['a negative quantity', () => ['items', { releaseId: release, kind: 'pool', quantity: -1 }], 400, '/quantity'],
    ['a reservation of nothing', (id) => reserve(id, 0), 400, '/items/0/quantity'],
    ['a reservation of less than nothing', (id) => reserve(id, -1), 400, '/items/0/quantity'],
    ['a reservation of a half', (id) => reserve(id, 0.5), 400, '/items/0/quantity'],
    ['a reservation beyond the safe integers', (id) => reserve(id, 2 ** 53), 400, '/items/0/quantity'],
    ['a reservation of a release', () => reserve(release, 1), 400, '/items/0/itemId'],
    ['an adjustment by a fraction', (id) => [`items/${id}/adjust`, { delta: 0.1, reason: 'x' }], 400, '/delta'],
    ['an adjustment that overflows', (id) => [`items/${id}/adjust`, { delta: 1e10, reason: 'x' }], 400, '/delta'],
    ['an adjustment below what is there', (id) => [`items/${id}/adjust`, { delta: -6, reason: 'x' }], 422, ''],
    ['a count below zero', (id) => [`items/${id}/count`, { counted: -1 }], 400, '/counted'],
    [
      'a transfer of nothing',
      (id) => [`items/${id}/transfer`, { to: randomId('location'), quantity: 0 }],
      400,
      '/quantity',
    ],
    ['a transfer to an item', (id) => [`items/${id}/transfer`, { to: id, quantity: 1 }], 400, '/to'],
    ['a negative price', (id) => [`items/${id}/price`, price(-1)], 400, '/price/amount'],
    ['a price with a fraction', (id) => [`items/${id}/price`, price(0.5)], 400, '/price/amount'],
    ['a price beyond the safe integers', (id) => [`items/${id}/price`, price(2 ** 53)], 400, '/price/amount'],
    ['a price in no currency', (id) => [`items/${id}/price`, price(1, 'XXX')], 400, '/price/currency'],
    ['a grade outside the scale', (id) => [`items/${id}/regrade`, { mediaGrade: 'VG++' }], 400, '/mediaGrade'],
  ])('is not changed by %s', async (_, ask, status, pointer) => {
    const [path, body] = ask(pool);
    const answer = await post<{ errors?: { pointer: string }[]; code: string }>(`${STOCK}/${path}`, body);
    expect([answer.status, answer.body.errors?.[0]?.pointer ?? '']).toEqual([status, pointer]);
    const { body: item } = await client.call('GET', `${STOCK}/items/${pool}`, { key });
    expect(item).toMatchObject({ version: 1 });
  });

  it('that is not enough is refused with all that is short, and what is left', async () => {
    const answer = await post(`${STOCK}/reservations`, { items: [{ itemId: pool, quantity: 6 }] });
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'inventory.not_enough_stock', shortages: [{ itemId: pool, requested: 6, available: 5 }] },
    });
  });
});

it('no answer of all these was wrong in what is true of every answer', () => {
  expect(client.faults).toEqual([]);
});
