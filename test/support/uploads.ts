import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseId } from '#platform/kernel';
import { UploadStorage, type UploadView } from '#libs/files';
import { type Answer, startTestApi, type TestApi } from './api.js';
import { type BareStore, Client, makeBareStore, PATIENT, type ProblemBody } from './client.js';

export const MIB = 1_048_576;
export const TUS = { 'tus-resumable': '1.0.0' };
export const PART = { ...TUS, 'content-type': 'application/offset+octet-stream' };
export const sha = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
/** Upload-Metadata. */
export const meta = (members: Record<string, string>): string =>
  Object.entries(members)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString('base64')}`)
    .join(',');

/** What a route of uploads answers. */
export type UploadBody = UploadView & ProblemBody;

/** An api that takes files of 2 MiB and 4 MiB of a store, and calls of its routes. */
export class UploadsApi {
  readonly client: Client;

  private constructor(
    readonly api: TestApi,
    private readonly folder: string,
  ) {
    this.client = new Client(api.url);
  }

  static async start(): Promise<UploadsApi> {
    const folder = await mkdtemp(join(tmpdir(), 'uploads-'));
    const limits = { UPLOADS_FOLDER: folder, UPLOAD_MAX_MIB: '2', UPLOADS_TENANT_MIB: '4' };
    return new UploadsApi(await startTestApi({ ...PATIENT, ...limits }), folder);
  }

  async close(): Promise<void> {
    await this.api.close();
    await rm(this.folder, { recursive: true });
  }

  /** A store without uploads. */
  readonly makeStore = (): Promise<BareStore> => makeBareStore(this.api);

  /** Sends a file in one request. */
  readonly post = (
    store: BareStore,
    raw: string | Uint8Array,
    headers: Record<string, string> = {},
    query = '',
  ): Promise<Answer<UploadBody>> => {
    const type = { 'content-type': 'text/csv' };
    return this.client.call<UploadBody>('POST', `/api/v1/uploads${query}`, {
      key: store.key,
      raw,
      headers: { ...type, ...headers },
    });
  };

  /** Begins a resumable upload. */
  readonly begin = (
    store: BareStore,
    length: number,
    headers: Record<string, string> = {},
  ): Promise<Answer<UploadBody>> => {
    const all = { ...TUS, 'upload-length': String(length), ...headers };
    return this.client.call<UploadBody>('POST', '/api/v1/uploads', { key: store.key, headers: all });
  };

  /** Sends a part of a resumable upload. */
  readonly append = (
    store: BareStore,
    id: string,
    offset: number,
    raw: Uint8Array | string,
    headers = {},
  ): Promise<Answer<UploadBody>> => {
    const all = { ...PART, 'upload-offset': String(offset), ...headers };
    return this.client.call<UploadBody>('PATCH', `/api/v1/uploads/${id}`, { key: store.key, raw, headers: all });
  };

  readonly get = (store: BareStore, id: string): Promise<Answer<UploadBody>> =>
    this.client.call<UploadBody>('GET', `/api/v1/uploads/${id}`, { key: store.key });

  readonly head = (store: BareStore, id: string): Promise<Answer<UploadBody>> =>
    this.client.call<UploadBody>('HEAD', `/api/v1/uploads/${id}`, { key: store.key, headers: TUS });

  readonly contentOf = async (
    store: BareStore,
    id: string,
    range?: { start: number; end: number },
  ): Promise<string> => {
    const storage = this.api.app.get(UploadStorage, { strict: false });
    const tenantId = parseId('tenant', store.tenantId) ?? '';
    const chunks = await storage.open(tenantId, parseId('upload', id) ?? '', range).toArray();
    return Buffer.concat(chunks as Buffer[]).toString();
  };

  /** Files of a store on the disk. */
  readonly filesOf = async (store: BareStore): Promise<string[]> => {
    const path = join(this.folder, parseId('tenant', store.tenantId) ?? '');
    return existsSync(path) ? readdir(path) : [];
  };

  /** What a store's uploads take up, as it is kept and as it adds up. */
  readonly roomOf = async (store: BareStore): Promise<{ bytes: number; open: number; sum: number }> => {
    const [row] = await this.api.database.admin<{ bytes: number; open: number; sum: number }>(
      `select r.reserved_bytes::int as bytes, r.open_uploads as open,
            (select coalesce(sum(u.reserved_bytes), 0)::int from files.upload u where u.tenant_id = r.tenant_id) as sum
       from files.room r where r.tenant_id = $1`,
      [parseId('tenant', store.tenantId)],
    );
    return row ?? { bytes: 0, open: 0, sum: 0 };
  };

  /** What was wrong with answers, and errors that were logged. HEAD has no body, and a DELETE of tus none either. */
  faults(): string[] {
    const own = this.client.faults.filter((fault) => !/^HEAD |^DELETE .*204/.test(fault));
    return [...this.api.logs.filter((line) => line.includes('"level":"error"')), ...own];
  }
}
