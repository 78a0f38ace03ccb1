import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { filesErrors } from '../files.errors.js';
import { codeOf } from '../storage/error-code.js';
import type { UploadKey, UploadStorage } from '../storage/upload-storage.js';

/** What is to be kept. */
export interface Inflow {
  /** The bytes as they were sent. */
  readonly source: AsyncIterable<Buffer>;
  /** They must be gzip; else gzip is known by its first bytes. */
  readonly mustBeGzip: boolean;
  /** More bytes are refused, as sent and unpacked. */
  readonly limitBytes: number;
  /** Announced hash of the bytes as they were sent. */
  readonly sha256: Buffer | undefined;
  /** Hears how many bytes will have been kept before they are, and may refuse them. */
  readonly admit: (keptBytes: number) => Promise<void>;
}

/** What was kept. */
export interface Kept {
  readonly sentBytes: number;
  readonly keptBytes: number;
  /** Of the bytes as they were sent. */
  readonly sha256: Buffer;
  readonly gzip: boolean;
}

const GZIP_MAGIC = [0x1f, 0x8b] as const;

/**
 * Keeps an upload in one pass: unpacks gzip, so that byte ranges of the content can be read, counts both sides against the limit
 * while it flows, and checks the announced hash before the upload is there. Memory: some chunks.
 * @throws files.upload_too_large, files.broken_gzip, files.checksum_mismatch, files.storage_full
 */
export async function keepInflow(storage: UploadStorage, key: UploadKey, inflow: Inflow): Promise<Kept> {
  const sent = new Sent(inflow);
  const gzip = await sent.isGzip();
  if (inflow.mustBeGzip && !gzip) throw brokenGzip();
  const kept = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > inflow.limitBytes) throw tooLarge(inflow.limitBytes);
      await inflow.admit(bytes);
      yield chunk;
    }
    if (inflow.sha256 && !sent.digest().equals(inflow.sha256)) throw checksumMismatch();
  };
  const keptBytes = gzip
    ? await unpacked(sent, (content) => storage.keep(key, kept(content)))
    : await storage.keep(key, kept(sent.chunks()));
  return { sentBytes: sent.bytes, keptBytes, sha256: sent.digest(), gzip };
}

async function unpacked(sent: Sent, keep: (content: AsyncIterable<Buffer>) => Promise<number>): Promise<number> {
  let keptBytes = 0;
  let failure: unknown;
  await pipeline(
    Readable.from(sent.chunks(), { objectMode: false }),
    createGunzip(),
    async (content: AsyncIterable<Buffer>) => {
      keptBytes = await keep(content).catch((error: unknown) => {
        failure = error;
        throw error;
      });
    },
  ).catch((error: unknown) => {
    throw isBrokenGzip(error) || isBrokenGzip(failure) ? brokenGzip() : (failure ?? error);
  });
  return keptBytes;
}

/** The bytes as they come, counted and hashed. */
class Sent {
  bytes = 0;
  private readonly hash: Hash = createHash('sha256');
  private result: Buffer | undefined;
  private readonly iterator: AsyncIterator<Buffer>;
  private readonly first: Buffer[] = [];

  constructor(private readonly inflow: Inflow) {
    this.iterator = inflow.source[Symbol.asyncIterator]();
  }

  /** Looks at the first two bytes. */
  async isGzip(): Promise<boolean> {
    let head: Buffer = Buffer.alloc(0);
    while (head.length < GZIP_MAGIC.length) {
      const next = await this.iterator.next();
      if (next.done) break;
      this.first.push(next.value);
      head = Buffer.concat([head, next.value.subarray(0, GZIP_MAGIC.length)]);
    }
    return GZIP_MAGIC.every((byte, at) => head[at] === byte);
  }

  async *chunks(): AsyncGenerator<Buffer> {
    for (const chunk of this.first) yield this.counted(chunk);
    for (let next = await this.iterator.next(); !next.done; next = await this.iterator.next())
      yield this.counted(next.value);
  }

  digest(): Buffer {
    this.result ??= this.hash.digest();
    return this.result;
  }

  private counted(chunk: Buffer): Buffer {
    this.bytes += chunk.length;
    if (this.bytes > this.inflow.limitBytes) throw tooLarge(this.inflow.limitBytes);
    this.hash.update(chunk);
    return chunk;
  }
}

/** An upload over the limit, before or after unpacking. */
export function tooLarge(limitBytes: number): Error {
  return filesErrors.upload_too_large(`An upload may have ${limitBytes} bytes, as it is sent and unpacked.`, {
    limitBytes,
  });
}

function brokenGzip(): Error {
  return filesErrors.broken_gzip('The upload cannot be unpacked: its gzip is cut off or broken. Send it again.');
}

function checksumMismatch(): Error {
  return filesErrors.checksum_mismatch('What arrived is not what was announced: its SHA-256 differs. Send it again.');
}

function isBrokenGzip(error: unknown): boolean {
  return ['Z_DATA_ERROR', 'Z_BUF_ERROR'].includes(codeOf(error) ?? '');
}
