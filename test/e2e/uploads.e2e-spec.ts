import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import { newUuid, parseId } from '#platform/kernel';
import { UploadStorage, type UploadView } from '#libs/files';
import { type Answer, startTestApi } from '../support/api.js';
import { type BareStore, Client, makeBareStore, PATIENT, type ProblemBody } from '../support/client.js';

const MIB = 1_048_576;
const folder = await mkdtemp(join(tmpdir(), 'uploads-'));
const limits = { UPLOADS_FOLDER: folder, UPLOAD_MAX_MIB: '2', UPLOADS_TENANT_MIB: '4' };
const api = await startTestApi({ ...PATIENT, ...limits });
const client = new Client(api.url);

afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

/** A store without uploads. */
const makeStore = (): Promise<BareStore> => makeBareStore(api);

type Body = UploadView & ProblemBody;
const TUS = { 'tus-resumable': '1.0.0' };
const PART = { ...TUS, 'content-type': 'application/offset+octet-stream' };
const sha = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const meta = (members: Record<string, string>): string =>
  Object.entries(members)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');

function post(
  store: BareStore,
  raw: string | Uint8Array,
  headers: Record<string, string> = {},
  query = '',
): Promise<Answer<Body>> {
  const type = { 'content-type': 'text/csv' };
  return client.call<Body>('POST', `/api/v1/uploads${query}`, {
    key: store.key,
    raw,
    headers: { ...type, ...headers },
  });
}

function begin(store: BareStore, length: number, headers: Record<string, string> = {}): Promise<Answer<Body>> {
  const all = { ...TUS, 'upload-length': String(length), ...headers };
  return client.call<Body>('POST', '/api/v1/uploads', { key: store.key, headers: all });
}

function append(
  store: BareStore,
  id: string,
  offset: number,
  raw: Uint8Array | string,
  headers = {},
): Promise<Answer<Body>> {
  const all = { ...PART, 'upload-offset': String(offset), ...headers };
  return client.call<Body>('PATCH', `/api/v1/uploads/${id}`, { key: store.key, raw, headers: all });
}

const get = (store: BareStore, id: string): Promise<Answer<Body>> =>
  client.call<Body>('GET', `/api/v1/uploads/${id}`, { key: store.key });
const head = (store: BareStore, id: string): Promise<Answer<Body>> =>
  client.call<Body>('HEAD', `/api/v1/uploads/${id}`, { key: store.key, headers: TUS });

async function contentOf(store: BareStore, id: string, range?: { start: number; end: number }): Promise<string> {
  const storage = api.app.get(UploadStorage, { strict: false });
  const tenantId = parseId('tenant', store.tenantId) ?? '';
  const chunks = await storage.open(tenantId, parseId('upload', id) ?? '', range).toArray();
  return Buffer.concat(chunks as Buffer[]).toString();
}

/** Files of a store on the disk. */
async function filesOf(store: BareStore): Promise<string[]> {
  const path = join(folder, parseId('tenant', store.tenantId) ?? '');
  return existsSync(path) ? readdir(path) : [];
}

async function roomOf(store: BareStore): Promise<{ bytes: number; open: number; sum: number }> {
  const [row] = await api.database.admin<{ bytes: number; open: number; sum: number }>(
    `select r.reserved_bytes::int as bytes, r.open_uploads as open,
            (select coalesce(sum(u.reserved_bytes), 0)::int from files.upload u where u.tenant_id = r.tenant_id) as sum
       from files.room r where r.tenant_id = $1`,
    [parseId('tenant', store.tenantId)],
  );
  return row ?? { bytes: 0, open: 0, sum: 0 };
}

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
    const packed = (size: number): Promise<Answer<Body>> =>
      post(store, gzipSync(Buffer.alloc(size)), { 'content-encoding': 'gzip' });
    for (let i = 0; i < 2; i++) expect((await packed(2 * MIB - 1)).status).toBe(201);
    expect(await packed(3)).toMatchObject({ status: 413, body: { code: 'files.storage_quota' } });
    expect((await packed(2)).status).toBe(201);
    expect(await roomOf(store)).toEqual({ bytes: 4 * MIB, open: 0, sum: 4 * MIB });
  });

  it('is given back when an upload is deleted', async () => {
    const store = await makeStore();
    const { body } = await post(store, 'abc');
    const deleted = await client.call<Body>('DELETE', `/api/v1/uploads/${body.id}`, { key: store.key });
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
    const own = client.faults.filter((fault) => !/^HEAD |^DELETE .*204/.test(fault));
    expect(api.logs.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    expect(own).toEqual([]);
  });
});

async function* bytes(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
