import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { newUuid, parseId } from '#platform/kernel';
import { UploadStorage } from '#libs/files';
import { meta, MIB, PART, sha, TUS, UploadsApi } from '../support/uploads.js';

const uploads = await UploadsApi.start();
const { api, client, makeStore, begin, append, get, head, contentOf, filesOf, roomOf } = uploads;

afterAll(() => uploads.close());

describe('a resumable upload', () => {
  it('is told of by OPTIONS', async () => {
    const store = await makeStore();
    const { status, headers } = await client.call('OPTIONS', '/api/v1/uploads', { key: store.key });
    const told = ['tus-version', 'tus-extension', 'tus-max-size'].map((name) => headers.get(name));
    expect([status, ...told]).toEqual([204, '1.0.0', 'creation,expiration,termination', String(2 * MIB)]);
  });

  it('takes its parts one after the other and is complete with the last byte', async () => {
    const store = await makeStore();
    const text = 'a,b\n1,2\n';
    const made = await begin(store, 8, {
      'upload-metadata': meta({ filename: 'x.csv', sha256: sha(text), filetype: 'text/csv' }),
    });
    const { id } = made.body;
    expect(made).toMatchObject({
      status: 201,
      body: { state: 'receiving', filename: 'x.csv', sentBytes: 8, sizeBytes: null },
    });
    expect([made.headers.get('location'), made.headers.get('tus-resumable')]).toEqual([
      `/api/v1/uploads/${id}`,
      '1.0.0',
    ]);
    expect(new Date(made.headers.get('upload-expires') ?? '').getTime()).toBeGreaterThan(Date.now() + 23 * 3_600_000);

    const first = await append(store, id, 0, text.slice(0, 3));
    expect([first.status, first.headers.get('upload-offset'), first.text]).toEqual([204, '3', '']);
    const asked = await head(store, id);
    expect([asked.status, asked.headers.get('upload-offset'), asked.headers.get('upload-length')]).toEqual([
      200,
      '3',
      '8',
    ]);

    for (const offset of [0, 2, 4, 8]) {
      const wrong = await append(store, id, offset, 'zzz');
      expect(wrong).toMatchObject({ status: 409, body: { code: 'files.offset_mismatch', offset: 3 } });
    }
    expect(await append(store, id, 3, 'more than was begun with')).toMatchObject({
      status: 413,
      body: { code: 'files.upload_too_large' },
    });
    expect((await append(store, id, 3, text.slice(3))).headers.get('upload-offset')).toBe('8');
    expect((await get(store, id)).body).toMatchObject({ state: 'complete', sizeBytes: 8, sha256: sha(text) });
    expect(await contentOf(store, id)).toBe(text);
    expect(await filesOf(store)).toEqual([parseId('upload', id)]);
    expect((await append(store, id, 8, '')).headers.get('upload-offset')).toBe('8');
    expect((await append(store, id, 3, 'x')).status).toBe(409);
    expect(await roomOf(store)).toEqual({ bytes: 8, open: 0, sum: 8 });
  });

  it('of a gzip file is kept unpacked; of no bytes it is complete at once', async () => {
    const store = await makeStore();
    const packed = gzipSync('a,b\n1,2\n');
    const { body } = await begin(store, packed.length, { 'upload-metadata': meta({ sha256: sha(packed) }) });
    await append(store, body.id, 0, packed);
    expect((await get(store, body.id)).body).toMatchObject({
      state: 'complete',
      contentEncoding: 'gzip',
      sizeBytes: 8,
    });
    expect(await contentOf(store, body.id)).toBe('a,b\n1,2\n');
    expect((await begin(store, 0)).body).toMatchObject({ state: 'complete', sizeBytes: 0 });
  });

  it('whose bytes are not those that were announced is refused for good', async () => {
    const store = await makeStore();
    const { body } = await begin(store, 3, { 'upload-metadata': meta({ sha256: sha('abc') }) });
    expect(await append(store, body.id, 0, 'xyz')).toMatchObject({
      status: 422,
      body: { code: 'files.checksum_mismatch' },
    });
    expect((await get(store, body.id)).body).toMatchObject({
      state: 'refused',
      refusal: { code: 'files.checksum_mismatch' },
    });
    expect((await head(store, body.id)).status).toBe(410);
    expect(await append(store, body.id, 0, 'abc')).toMatchObject({ status: 410, body: { code: 'files.upload_gone' } });
    expect([await filesOf(store), await roomOf(store)]).toEqual([[], { bytes: 0, open: 0, sum: 0 }]);
  });

  it('that was not finished in time is gone', async () => {
    const store = await makeStore();
    const { body } = await begin(store, 3);
    await api.database.admin(`update files.upload set expires_at = now() where id = $1`, [parseId('upload', body.id)]);
    expect(await append(store, body.id, 0, 'abc')).toMatchObject({ status: 410, body: { code: 'files.upload_gone' } });
  });

  it('is ended by DELETE, with the answer that tus asks for', async () => {
    const store = await makeStore();
    const { body } = await begin(store, 3);
    await append(store, body.id, 0, 'a');
    const ended = await client.call('DELETE', `/api/v1/uploads/${body.id}`, { key: store.key, headers: TUS });
    expect([ended.status, ended.text, ended.headers.get('tus-resumable')]).toEqual([204, '', '1.0.0']);
    expect([await filesOf(store), await roomOf(store)]).toEqual([[], { bytes: 0, open: 0, sum: 0 }]);
    expect((await head(store, body.id)).status).toBe(404);
  });

  it('finishes when it is asked about, where its end was interrupted', async () => {
    const store = await makeStore();
    const { body } = await begin(store, 3);
    await append(store, body.id, 0, 'ab');
    const key = { tenantId: parseId('tenant', store.tenantId) ?? '', uploadId: parseId('upload', body.id) ?? '' };
    // As a process leaves it that dies between the last byte and the end.
    await api.app.get(UploadStorage, { strict: false }).append(key, 2, bytes('c'));
    expect((await head(store, body.id)).headers.get('upload-offset')).toBe('3');
    expect((await get(store, body.id)).body).toMatchObject({ state: 'complete', sizeBytes: 3 });
    expect(await contentOf(store, body.id)).toBe('abc');
  });

  it('begun twice with one Idempotency-Key is one', async () => {
    const store = await makeStore();
    const keyed = { 'idempotency-key': newUuid() };
    const first = await begin(store, 3, keyed);
    const again = await begin(store, 3, keyed);
    expect([again.status, again.body.id, again.headers.get('idempotency-replayed')]).toEqual([
      201,
      first.body.id,
      'true',
    ]);
    expect(await begin(store, 4, keyed)).toMatchObject({ status: 422, body: { code: 'http.idempotency_key_reused' } });
  });

  it.each([
    ['no length', { 'upload-length': '' }, 400, 'files.invalid_upload_header'],
    ['a length that is none', { 'upload-length': '-1' }, 400, 'files.invalid_upload_header'],
    ['too great a length', { 'upload-length': String(2 * MIB + 1) }, 413, 'files.upload_too_large'],
    ['another version', { 'tus-resumable': '0.2.2' }, 412, 'files.unsupported_tus'],
    ['metadata that nobody knows', { 'upload-metadata': meta({ path: '/etc' }) }, 400, 'files.invalid_upload_header'],
    ['metadata that is no base64', { 'upload-metadata': 'filename a*b' }, 400, 'files.invalid_upload_header'],
    ['metadata that is no UTF-8', { 'upload-metadata': 'filename /w==' }, 400, 'files.invalid_upload_header'],
    ['metadata twice', { 'upload-metadata': 'filename YQ==,filename YQ==' }, 400, 'files.invalid_upload_header'],
    ['a hash that is none', { 'upload-metadata': meta({ sha256: 'x' }) }, 400, 'files.invalid_upload_header'],
    ['a name of two lines', { 'upload-metadata': meta({ filename: 'a\nb' }) }, 400, 'files.invalid_upload_header'],
  ])('with %s is not begun', async (_, headers, status, code) => {
    const store = await makeStore();
    expect(await begin(store, 3, headers)).toMatchObject({ status, body: { code } });
    expect(await roomOf(store)).toEqual({ bytes: 0, open: 0, sum: 0 });
  });

  it('takes parts as such only, with an offset', async () => {
    const store = await makeStore();
    const { body } = await begin(store, 3);
    expect(await append(store, body.id, 0, 'abc', { 'content-type': 'text/csv' })).toMatchObject({ status: 415 });
    expect(await append(store, body.id, 0, 'abc', { 'tus-resumable': '' })).toMatchObject({ status: 412 });
    expect(await append(store, body.id, 0, 'abc', { 'upload-offset': 'x' })).toMatchObject({ status: 400 });
  });
});

describe('the streamed routes', () => {
  const routes = (id: string): [string, string, Record<string, string>][] => [
    ['OPTIONS', '/api/v1/uploads', {}],
    ['POST', '/api/v1/uploads', { 'content-type': 'text/csv' }],
    ['POST', '/api/v1/uploads', { ...TUS, 'upload-length': '3' }],
    ['PATCH', `/api/v1/uploads/${id}`, { ...PART, 'upload-offset': '0' }],
  ];

  it('answer 401 without a credential and 403 without the permission', async () => {
    const store = await makeStore();
    const { body } = await begin(store, 3);
    const weak = await client.call<{ key: string }>('POST', '/api/v1/api-keys', {
      key: store.key,
      body: { name: 'reads', scopes: ['file:read'] },
    });
    for (const [method, path, headers] of routes(body.id)) {
      const raw = 'content-type' in headers ? 'abc' : undefined;
      expect(await client.call(method, path, { headers, ...(raw && { raw }) })).toMatchObject({ status: 401 });
      const answer = await client.call(method, path, { key: weak.body.key, headers, ...(raw && { raw }) });
      expect(answer).toMatchObject({ status: 403, body: { permission: 'file:write' } });
    }
  });

  it('know nothing of another store’s uploads', async () => {
    const [a, b] = [await makeStore(), await makeStore()];
    const { body } = await begin(a, 3);
    expect(await append(b, body.id, 0, 'abc')).toMatchObject({ status: 404, body: { code: 'http.not_found' } });
    expect((await head(b, body.id)).status).toBe(404);
    expect(await append(a, body.id.replace('upl_', 'job_'), 0, 'abc')).toMatchObject({ status: 404 });
    expect((await append(a, body.id, 0, 'abc')).status).toBe(204);
  });

  it('met nothing but results and well-formed refusals', () => {
    expect(uploads.faults()).toEqual([]);
  });
});

async function* bytes(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
