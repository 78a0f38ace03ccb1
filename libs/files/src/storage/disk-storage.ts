import { constants, createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { filesErrors } from '../files.errors.js';
import { codeOf } from './error-code.js';
import { type ByteRange, type UploadKey, UploadStorage } from './upload-storage.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Behind an upload's name: what has arrived of it, and the whole while it is being written. */
const ARRIVED = '.part';
const WRITING = '.new';
/** Only the product's own user reads what stores upload. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Written in place and at a place: a writer that wakes up late repeats bytes, it does not add any. */
const IN_PLACE = constants.O_RDWR | constants.O_CREAT;
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * Uploads as files, one folder per tenant. A file gets its name when all of it is on the disk: written under another name, synced,
 * renamed, and the folder synced.
 */
@Injectable()
export class DiskStorage extends UploadStorage {
  /** @param folder shared by all api and worker processes; made when first needed */
  constructor(private readonly folder: string) {
    super();
  }

  open(tenantId: string, uploadId: string, { start = 0, end }: ByteRange = {}): Readable {
    const path = this.path({ tenantId, uploadId });
    return createReadStream(path, { start, ...(end !== undefined && { end: Math.max(start, end) - 1 }) });
  }

  async arrived(key: UploadKey): Promise<number> {
    return sizeOf(this.path(key, ARRIVED));
  }

  async append(key: UploadKey, offset: number, source: AsyncIterable<Buffer>): Promise<number> {
    const file = await this.file(key, ARRIVED, IN_PLACE);
    try {
      const { size } = await file.stat();
      if (size !== offset) throw new Error('the upload has grown meanwhile');
      return offset + (await writeAll(file, offset, source));
    } finally {
      await file.sync().catch(() => undefined);
      await file.close();
    }
  }

  partial(key: UploadKey): Readable {
    return createReadStream(this.path(key, ARRIVED));
  }

  async keep(key: UploadKey, source: AsyncIterable<Buffer>): Promise<number> {
    const writing = this.path(key, WRITING);
    try {
      const file = await this.file(key, WRITING, 'w');
      let size;
      try {
        size = await writeAll(file, 0, source);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(writing, this.path(key));
      await syncFolder(join(this.folder, key.tenantId));
      await rm(this.path(key, ARRIVED), { force: true });
      return size;
    } catch (error) {
      await rm(writing, { force: true });
      throw asRefusal(error);
    }
  }

  async remove(key: UploadKey): Promise<void> {
    for (const suffix of ['', ARRIVED, WRITING]) await rm(this.path(key, suffix), { force: true });
  }

  async *olderThan(instant: Date): AsyncIterable<UploadKey> {
    for (const tenantId of await namesIn(this.folder)) {
      if (!UUID.test(tenantId)) continue;
      const names = await namesIn(join(this.folder, tenantId));
      for (const uploadId of new Set(names.map((name) => name.replace(/\.\w+$/, '')))) {
        const key = { tenantId, uploadId };
        if (UUID.test(uploadId) && (await this.lastWritten(key)) < instant.getTime()) yield key;
      }
    }
  }

  private async lastWritten(key: UploadKey): Promise<number> {
    const times = ['', ARRIVED, WRITING].map(async (suffix) => {
      const found = await stat(this.path(key, suffix)).catch(() => undefined);
      return found?.mtimeMs ?? 0;
    });
    return Math.max(...(await Promise.all(times)));
  }

  private path({ tenantId, uploadId }: UploadKey, suffix = ''): string {
    if (!UUID.test(tenantId) || !UUID.test(uploadId)) throw new Error('an upload is named by UUIDs');
    return join(this.folder, tenantId, uploadId + suffix);
  }

  private async file(key: UploadKey, suffix: string, flags: string | number): Promise<FileHandle> {
    try {
      await mkdir(join(this.folder, key.tenantId), { recursive: true, mode: FOLDER_MODE });
      return await open(this.path(key, suffix), flags, FILE_MODE);
    } catch (error) {
      throw asRefusal(error);
    }
  }
}

async function writeAll(file: FileHandle, from: number, source: AsyncIterable<Buffer>): Promise<number> {
  let written = 0;
  for await (const chunk of source) {
    try {
      for (let at = 0; at < chunk.length;) {
        at += (await file.write(chunk, at, chunk.length - at, from + written + at)).bytesWritten;
      }
    } catch (error) {
      throw asRefusal(error);
    }
    written += chunk.length;
  }
  return written;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A rename is on the disk when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

function asRefusal(error: unknown): unknown {
  if (!NO_ROOM.has(codeOf(error) ?? '')) return error;
  return filesErrors.storage_full('There is no room left for uploads. The operator has been told; try again later.');
}
