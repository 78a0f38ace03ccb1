import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Upload } from 'tus-js-client';
import { parseId } from '#platform/kernel';
import type { UploadView } from '#libs/files';
import { type ApiProcess, apiSettings, startApiProcess } from '../support/api-process.js';
import { type BareStore, Client, makeBareStore, type ProblemBody } from '../support/client.js';
import { createTestDatabase } from '../support/database.js';
import { rawSocket } from '../support/raw-http.js';
import { eventually } from '../support/redis-server.js';
import { SlowClients } from '../support/slow-clients.js';

const MIB = 1_048_576;
const folder = await mkdtemp(join(tmpdir(), 'upload-faults-'));
const database = await createTestDatabase();
const settings = apiSettings(database, { UPLOADS_FOLDER: folder, UPLOAD_MAX_MIB: '32', POOL_MAX: '4' });
let api: ApiProcess = await startApiProcess(settings);
const client = new Client(api.url, [507]);
let store: BareStore;

beforeEach(async () => {
  store = await makeBareStore({ url: api.url, operatorToken: settings['OPERATOR_TOKEN'] ?? '' });
});
afterEach(() => expect(client.faults.filter((fault) => !fault.startsWith('HEAD '))).toEqual([]));
afterAll(async () => {
  await api.kill();
  await database.drop();
  await rm(folder, { recursive: true });
});

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const TUS = { 'tus-resumable': '1.0.0' };
const tenant = (): string => parseId('tenant', store.tenantId) ?? '';
const uuidOf = (id: string): string => parseId('upload', id) ?? '';
const pathOf = (id: string, suffix = ''): string => join(folder, tenant(), uuidOf(id) + suffix);

async function begin(length: number): Promise<string> {
  const headers = { ...TUS, 'upload-length': String(length) };
  return (await client.call<UploadView>('POST', '/api/v1/uploads', { key: store.key, headers })).body.id;
}

function append(id: string, offset: number, raw: Uint8Array) {
  const headers = { ...TUS, 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset) };
  return client.call<ProblemBody>('PATCH', `/api/v1/uploads/${id}`, { key: store.key, raw, headers });
}

const uploads = async (): Promise<UploadView[]> =>
  (await client.call<{ data: UploadView[] }>('GET', '/api/v1/uploads', { key: store.key })).body.data;
const room = async (): Promise<unknown> =>
  (
    await database.admin(
      `select reserved_bytes::int as bytes, open_uploads as open from files.room where tenant_id = $1`,
      [tenant()],
    )
  )[0];
const filesOnDisk = async (): Promise<string[]> =>
  existsSync(join(folder, tenant())) ? readdir(join(folder, tenant())) : [];

describe('an api that is killed while the protocol’s own client sends', () => {
  it.each([0.05, 0.95])('after %d of the bytes: the client goes on, and every byte is there once', async (share) => {
    const content = randomBytes(6 * MIB);
    const { port } = new URL(api.url);
    let kills = 0;
    let restarted: Promise<void> | undefined;
    const url = await new Promise<string>((resolve, reject) => {
      const upload = new Upload(content, {
        endpoint: `${api.url}/api/v1/uploads`,
        headers: { authorization: `Bearer ${store.key}` },
        metadata: { filename: 'collection.csv', sha256: sha(content) },
        chunkSize: 512 * 1_024,
        retryDelays: Array.from({ length: 60 }, () => 500),
        onChunkComplete: (_, sent) => {
          if (kills > 0 || sent < share * content.length) return;
          kills++;
          restarted = api.kill().then(async () => {
            api = await startApiProcess({ ...settings, PORT: port });
          });
        },
        onError: reject,
        onSuccess: () => resolve(upload.url ?? ''),
      });
      upload.start();
    });
    await restarted;
    expect(kills).toBe(1);
    const id = url.split('/').at(-1) ?? '';
    await eventually('the upload is complete', async () => (await uploads())[0]?.state === 'complete');
    expect((await uploads())[0]).toMatchObject({
      id,
      filename: 'collection.csv',
      sizeBytes: content.length,
      sha256: sha(content),
    });
    expect(sha(await readFile(pathOf(id)))).toBe(sha(content));
    expect(await filesOnDisk()).toEqual([uuidOf(id)]);
    expect(await room()).toEqual({ bytes: content.length, open: 0 });
  });
});

describe('a client that hangs up', () => {
  it('in the middle of a file sent in one request leaves nothing', async () => {
    const socket = rawSocket(api.url);
    socket.write(
      `POST /api/v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${store.key}\r\nContent-Type: text/csv\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(500_000)}`,
    );
    await eventually('it has begun', async () => (await filesOnDisk()).length === 1);
    socket.destroy();
    await eventually('it is forgotten', async () => (await uploads()).length === 0);
    await eventually('its file is gone', async () => (await filesOnDisk()).length === 0);
    expect(await room()).toEqual({ bytes: 0, open: 0 });
  });

  it('in the middle of a part leaves what arrived, and another connection goes on at once', async () => {
    const content = randomBytes(MIB);
    const id = await begin(content.length);
    const socket = rawSocket(api.url);
    socket.write(
      `PATCH /api/v1/uploads/${id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${store.key}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: ${content.length}\r\n\r\n`,
    );
    socket.write(content.subarray(0, 300_000));
    // The first connection stays open, as one does that has lost its network: whoever comes back takes over.
    const offsetNow = async (): Promise<number> => {
      const { headers } = await client.call('HEAD', `/api/v1/uploads/${id}`, { key: store.key, headers: TUS });
      return Number(headers.get('upload-offset'));
    };
    await eventually('its bytes have arrived', async () => (await offsetNow()) === 300_000);
    expect((await append(id, 300_000, content.subarray(300_000))).status).toBe(204);
    expect(sha(await readFile(pathOf(id)))).toBe(sha(content));
    socket.destroy();
  });
});

describe('a slow body', () => {
  it('of an upload that brings next to nothing is answered 408 and forgotten', async () => {
    const slow = new SlowClients(api.url);
    const [answer] = await slow.open(
      1,
      `POST /api/v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${store.key}\r\nContent-Type: text/csv\r\nContent-Length: 1000000\r\n\r\n`,
      'x',
    );
    slow.end();
    expect(answer).toMatchObject({ status: 408, closed: true });
    await eventually('it is forgotten', async () => (await uploads()).length === 0);
    expect(await room()).toEqual({ bytes: 0, open: 0 });
  });
});

describe('a full disk', () => {
  it('answers 507, keeps what had arrived, and lets the upload finish when there is room again', async () => {
    const content = Buffer.from('id,title\n1,Aja\n');
    const id = await begin(content.length);
    expect((await append(id, 0, content.subarray(0, 9))).status).toBe(204);
    await symlink('/dev/full', pathOf(id, '.new'));
    expect(await append(id, 9, content.subarray(9))).toMatchObject({
      status: 507,
      body: { code: 'files.storage_full' },
    });
    expect((await uploads())[0]).toMatchObject({ id, state: 'receiving' });
    expect(await client.call<UploadView>('GET', `/api/v1/uploads/${id}`, { key: store.key })).toMatchObject({
      status: 200,
      body: { state: 'complete', sizeBytes: content.length },
    });
    expect(await readFile(pathOf(id))).toEqual(content);
  });

  it('answers 507 to a part, and leaves the rest of the api as it was', async () => {
    const id = await begin(3);
    await mkdir(join(folder, tenant()), { recursive: true });
    await symlink('/dev/full', pathOf(id, '.part'));
    expect(await append(id, 0, Buffer.from('abc'))).toMatchObject({
      status: 507,
      body: { code: 'files.storage_full' },
    });
    expect((await client.call('GET', '/api/v1/me', { key: store.key })).status).toBe(200);
  });
});

describe('memory', () => {
  it('stays flat for a gzip bomb, for a large file and for parts that are sent many times at once', async () => {
    const before = api.residentMib();
    const bomb = await bombOf(1_024);
    expect(await send(bomb)).toMatchObject({ status: 413, body: { code: 'files.upload_too_large' } });
    const content = randomBytes(24 * MIB);
    expect((await send(content)).status).toBe(201);
    const id = await begin(content.length);
    const answers = await Promise.all(Array.from({ length: 6 }, () => append(id, 0, content).catch(() => undefined)));
    expect(answers.filter((answer) => answer !== undefined && ![204, 400, 409].includes(answer.status))).toEqual([]);
    await resume(id, content);
    expect(sha(await readFile(pathOf(id)))).toBe(sha(content));
    expect(await room()).toEqual({ bytes: 2 * content.length, open: 0 });
    expect(api.residentMib() - before).toBeLessThan(160);
  });
});

const send = (raw: Uint8Array) =>
  client.call<ProblemBody>('POST', '/api/v1/uploads', {
    key: store.key,
    raw,
    headers: { 'content-type': 'application/gzip' },
  });

/** Sends what is missing until nothing is. */
async function resume(id: string, content: Uint8Array): Promise<void> {
  await eventually('the upload is complete', async () => {
    const { headers, body } = await client.call<UploadView>('GET', `/api/v1/uploads/${id}`, { key: store.key });
    if (body.state === 'complete') return true;
    const offset = Number(headers.get('upload-offset'));
    await append(id, offset, content.subarray(offset));
    return false;
  });
}

/** So many MiB of zeros, packed. */
async function bombOf(mib: number): Promise<Buffer> {
  const zip = createGzip();
  const packed = zip.toArray();
  const zeros = Buffer.alloc(MIB);
  for (let i = 0; i < mib; i++) if (!zip.write(zeros)) await new Promise((resolve) => zip.once('drain', resolve));
  zip.end();
  return Buffer.concat((await packed) as Buffer[]);
}
