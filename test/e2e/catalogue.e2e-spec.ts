import { afterAll, describe, expect, it } from '@jest/globals';
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

it('no answer of all these was wrong in what is true of every answer', () => {
  expect(client.faults).toEqual([]);
});
