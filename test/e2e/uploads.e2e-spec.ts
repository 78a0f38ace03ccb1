import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { newUuid, parseId } from '#platform/kernel';
import type { UploadView } from '#libs/files';
import type { Answer } from '../support/api.js';
import { MIB, sha, type UploadBody, UploadsApi } from '../support/uploads.js';

const uploads = await UploadsApi.start();
const { client, makeStore, post, begin, get, contentOf, filesOf, roomOf } = uploads;

afterAll(() => uploads.close());

describe('a file sent in one request', () => {
  it('is kept as it was sent, under a name of ours, and can be read by byte ranges', async () => {
    const store = await makeStore();
    const text = 'id,title\n1,Aja\n2,Björk\n';
    const answer = await post(
      store,
      text,
      {},
      `?filename=${encodeURIComponent('../../etc/passwd')}&sha256=${sha(text)}`,
    );
    expect(answer).toMatchObject({
      status: 201,
      body: { state: 'complete', filename: '../../etc/passwd', sizeBytes: 24, sentBytes: 24, sha256: sha(text) },
    });
    expect(answer.body).toMatchObject({ contentEncoding: null, refusal: null });
    expect(answer.headers.get('location')).toBe(`/api/v1/uploads/${answer.body.id}`);
    expect((await get(store, answer.body.id)).body).toEqual(answer.body);
    expect(await contentOf(store, answer.body.id)).toBe(text);
    expect(await contentOf(store, answer.body.id, { start: 9, end: 15 })).toBe('1,Aja\n');
    expect(await filesOf(store)).toEqual([parseId('upload', answer.body.id)]);
    expect(await roomOf(store)).toEqual({ bytes: 24, open: 0, sum: 24 });
  });

  it.each([
    ['with Content-Encoding', { 'content-encoding': 'gzip' }],
    ['as a .gz file', {}],
  ])('that is gzip %s is kept unpacked', async (_, headers) => {
    const store = await makeStore();
    const packed = gzipSync('a,b\n1,2\n');
    const { body } = await post(store, packed, headers);
    expect(body).toMatchObject({
      contentEncoding: 'gzip',
      sizeBytes: 8,
      sentBytes: packed.length,
      sha256: sha(packed),
    });
    expect(await contentOf(store, body.id)).toBe('a,b\n1,2\n');
  });

  it.each([
    ['that is not what was announced', 'a,b\n', {}, `?sha256=${sha('x')}`, 422, 'files.checksum_mismatch'],
    ['larger than one may be', 'x'.repeat(2 * MIB + 1), {}, '', 413, 'files.upload_too_large'],
    ['that unpacks to more', gzipSync(Buffer.alloc(50 * MIB)), {}, '', 413, 'files.upload_too_large'],
    ['whose gzip is cut off', gzipSync('x'.repeat(5_000)).subarray(0, -9), {}, '', 422, 'files.broken_gzip'],
    ['whose gzip is broken', Buffer.from('1f8b0800000000000003ffffff', 'hex'), {}, '', 422, 'files.broken_gzip'],
    ['that says it is gzip', 'a,b\n', { 'content-encoding': 'gzip' }, '', 422, 'files.broken_gzip'],
    ['packed another way', 'a,b\n', { 'content-encoding': 'br' }, '', 415, 'files.unsupported_encoding'],
    ['as JSON of the API', '{}', { 'content-type': 'application/json' }, '', 415, 'http.unsupported_media_type'],
    ['with a name of two lines', 'a', {}, `?filename=${encodeURIComponent('a\nb')}`, 400, 'http.invalid_parameter'],
    [
      'with a name that turns round',
      'a',
      {},
      `?filename=${encodeURIComponent('a\u202Eb')}`,
      400,
      'http.invalid_parameter',
    ],
    ['with a zero byte in its name', 'a', {}, '?filename=a%00b', 400, 'http.invalid_parameter'],
    ['with an endless name', 'a', {}, `?filename=${'x'.repeat(4_096)}`, 400, 'http.invalid_parameter'],
    ['with a parameter nobody knows', 'a', {}, '?name=x', 400, 'http.invalid_parameter'],
  ] as const)('%s is refused, and nothing of it is left', async (_, raw, headers, query, status, code) => {
    const store = await makeStore();
    expect(await post(store, raw, headers, query)).toMatchObject({ status, body: { code } });
    expect(await filesOf(store)).toEqual([]);
    expect(await roomOf(store)).toEqual({ bytes: 0, open: 0, sum: 0 });
    expect((await client.call<{ data: unknown[] }>('GET', '/api/v1/uploads', { key: store.key })).body.data).toEqual(
      [],
    );
  });

  it('keeps names as they are, or refuses them', async () => {
    const store = await makeStore();
    for (const name of ['C:\\x.csv', 'CON', '.hidden', '..%2f', 'Ünï çödé 黒.csv', '😀']) {
      const { body } = await post(store, 'a', {}, `?filename=${encodeURIComponent(name)}`);
      expect(body.filename).toBe(name);
    }
    expect((await filesOf(store)).every((file) => /^[0-9a-f-]{36}$/.test(file))).toBe(true);
  });

  it('repeated with its Idempotency-Key is the same upload, and with other bytes a refusal', async () => {
    const store = await makeStore();
    const keyed = { 'idempotency-key': newUuid() };
    const first = await post(store, 'a,b\n', keyed);
    const again = await post(store, 'a,b\n', keyed);
    expect([again.body, again.headers.get('idempotency-replayed')]).toEqual([first.body, 'true']);
    expect(await post(store, 'other', keyed)).toMatchObject({
      status: 422,
      body: { code: 'http.idempotency_key_reused' },
    });
    expect(await filesOf(store)).toHaveLength(1);
    const many = { 'idempotency-key': newUuid() };
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(store, 'c', many)));
    expect(new Set(answers.flatMap(({ status, body }) => (status === 201 ? [body.id] : []))).size).toBe(1);
    expect(answers.filter(({ status }) => status !== 201).every(({ status }) => status === 409)).toBe(true);
    expect(await roomOf(store)).toEqual({ bytes: 5, open: 0, sum: 5 });
  });
});

describe('the room of a store', () => {
  it('is never exceeded, however many send at once', async () => {
    const store = await makeStore();
    const half = 'x'.repeat(MIB / 2);
    const answers = await Promise.all(Array.from({ length: 16 }, () => post(store, half)));
    const kept = answers.filter(({ status }) => status === 201).length;
    expect(answers.filter(({ status }) => status !== 201).map(({ body }) => body.code)).toEqual(
      Array.from({ length: 16 - kept }, () => 'files.storage_quota'),
    );
    expect(kept).toBe(8);
    expect(await roomOf(store)).toEqual({ bytes: 4 * MIB, open: 0, sum: 4 * MIB });
    expect(await post(store, 'x')).toMatchObject({ status: 413, body: { code: 'files.storage_quota' } });
  });

  it('is held against what gzip unpacks to, to the byte', async () => {
    const store = await makeStore();
    const packed = (size: number): Promise<Answer<UploadBody>> =>
      post(store, gzipSync(Buffer.alloc(size)), { 'content-encoding': 'gzip' });
    for (let i = 0; i < 2; i++) expect((await packed(2 * MIB - 1)).status).toBe(201);
    expect(await packed(3)).toMatchObject({ status: 413, body: { code: 'files.storage_quota' } });
    expect((await packed(2)).status).toBe(201);
    expect(await roomOf(store)).toEqual({ bytes: 4 * MIB, open: 0, sum: 4 * MIB });
  });

  it('is given back when an upload is deleted', async () => {
    const store = await makeStore();
    const { body } = await post(store, 'abc');
    const deleted = await client.call<UploadBody>('DELETE', `/api/v1/uploads/${body.id}`, { key: store.key });
    expect(deleted).toMatchObject({ status: 200, body: { id: body.id } });
    expect([await filesOf(store), await roomOf(store)]).toEqual([[], { bytes: 0, open: 0, sum: 0 }]);
    expect((await get(store, body.id)).status).toBe(404);
  });

  it('holds so many unfinished uploads and no more', async () => {
    const store = await makeStore();
    const answers = await Promise.all(Array.from({ length: 104 }, () => begin(store, 1)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(100);
    expect(answers.find(({ status }) => status !== 201)).toMatchObject({
      status: 429,
      body: { code: 'files.too_many_open' },
    });
    expect(await roomOf(store)).toEqual({ bytes: 100, open: 100, sum: 100 });
  });
});

describe('the list of uploads', () => {
  it('has all of the store and no others, newest first, page by page and by state', async () => {
    const [store, other] = [await makeStore(), await makeStore()];
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift((await (i % 2 === 0 ? begin(store, 1) : post(store, 'x'))).body.id);
    await post(other, 'x');
    const list = async (query: string) => {
      const { body } = await client.call<{ data: UploadView[]; page: { nextCursor: string | null; total?: object } }>(
        'GET',
        `/api/v1/uploads${query}`,
        { key: store.key },
      );
      return { ...body, ids: body.data.map(({ id }) => id) };
    };
    expect((await list('?include=total')).page.total).toEqual({ count: 5, capped: false });
    const first = await list('?limit=2');
    const second = await list(`?limit=3&cursor=${encodeURIComponent(first.page.nextCursor ?? '')}`);
    expect([...first.ids, ...second.ids]).toEqual(ids);
    expect((await list('?sort=createdAt')).ids).toEqual(ids.toReversed());
    expect((await list('?filter[state]=complete')).ids).toEqual([ids[1], ids[3]]);
    const foreign = `/api/v1/uploads?cursor=${encodeURIComponent(first.page.nextCursor ?? '')}`;
    expect((await client.call('GET', foreign, { key: other.key })).status).toBe(400);
  });
});

describe('every answer of these tests', () => {
  it('was a result or a well-formed refusal', () => {
    expect(uploads.faults()).toEqual([]);
  });
});
