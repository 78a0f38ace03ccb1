import type { Readable } from 'node:stream';

/** Names an upload wherever it is kept. Both are UUIDs of ours: no part of a client's text ever becomes a name. */
export interface UploadKey {
  readonly tenantId: string;
  readonly uploadId: string;
}

/** A part of an upload's bytes. */
export interface ByteRange {
  /** First byte. Default: 0. */
  readonly start?: number;
  /** The byte after the last. Default: the end. */
  readonly end?: number;
}

/**
 * Where the bytes of uploads are kept. An upload is there in full or not at all; beside it may lie what has arrived so far of
 * one that is resumed. Implementations throw `files.storage_full` where there is no room.
 */
export abstract class UploadStorage {
  /** The bytes of a complete upload. Ends with an error when it is not there. */
  abstract open(tenantId: string, uploadId: string, range?: ByteRange): Readable;

  /** Bytes that have arrived of an unfinished upload. */
  abstract arrived(key: UploadKey): Promise<number>;

  /** Appends to an unfinished upload. What was written stays when the source fails. @returns bytes that have arrived now */
  abstract append(key: UploadKey, offset: number, source: AsyncIterable<Buffer>): Promise<number>;

  /** What has arrived of an unfinished upload. */
  abstract partial(key: UploadKey): Readable;

  /** Keeps an upload: all of the source, or nothing of it when the source fails. Removes what had arrived. @returns its bytes */
  abstract keep(key: UploadKey, source: AsyncIterable<Buffer>): Promise<number>;

  /** Removes an upload and whatever lies beside it. */
  abstract remove(key: UploadKey): Promise<void>;

  /** Uploads of which something was written before the instant and nothing since. */
  abstract olderThan(instant: Date): AsyncIterable<UploadKey>;
}
