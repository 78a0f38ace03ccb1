import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { type Actor, DomainError, newUuid } from '#platform/kernel';
import { type Unit, UnitOfWork } from '#platform/persistence';
import { filesErrors } from '../files.errors.js';
import { FILES_SETTINGS, type FilesSettings, LEASE_MS, ROOM_STEP_BYTES, UNFINISHED_MS } from '../files.settings.js';
import { type UploadKey, UploadStorage } from '../storage/upload-storage.js';
import type { UploadRow } from '../uploads.views.js';
import { keepInflow, type Kept, tooLarge } from './inflow.js';
import { KeyedUploads } from './keyed-uploads.js';
import type { FileClaims } from './tus-headers.js';
import { UploadHold } from './upload-hold.js';
import {
  closeUpload,
  completeUpload,
  deleteUploadRow,
  findUpload,
  growRoom,
  type HeldUpload,
  insertUpload,
} from './upload-rows.js';

/** A file that comes in one request. */
export interface StreamedFile extends FileClaims {
  readonly body: Readable;
  /** Bytes of the body where they are known. */
  readonly contentLength: number | undefined;
  readonly sentAsGzip: boolean;
  readonly idempotencyKey: string | undefined;
}

/** An upload, and whether it is that of an earlier request with the same Idempotency-Key. */
export interface Received {
  readonly upload: UploadRow;
  readonly replayed: boolean;
}

/** Takes in the bytes of uploads: in one request, or part by part. Streams; no transaction is open while bytes flow. */
@Injectable()
export class UploadIntake {
  constructor(
    private readonly work: UnitOfWork,
    private readonly storage: UploadStorage,
    private readonly hold: UploadHold,
    private readonly keyed: KeyedUploads,
    @Inject(FILES_SETTINGS) private readonly settings: FilesSettings,
  ) {}

  /**
   * Takes a file in one request. All of it is kept, or nothing is.
   * @throws files.upload_too_large, files.storage_quota, files.too_many_open, files.broken_gzip, files.checksum_mismatch,
   * files.storage_full, http.idempotency_in_flight, http.idempotency_key_reused
   */
  async receive(actor: Actor, file: StreamedFile): Promise<Received> {
    const known = file.sentAsGzip ? undefined : file.contentLength;
    if ((file.contentLength ?? 0) > this.settings.uploadBytes) throw tooLarge(this.settings.uploadBytes);
    const id = newUuid();
    const { held, earlier } = await this.inUnit(actor, async (unit) => {
      const scope = await this.keyed.claim(unit, actor, file.idempotencyKey);
      const upload = {
        ...{ id, kind: 'stream' as const, filename: file.filename, sha256: file.sha256, lengthBytes: undefined },
        ...{ reservedBytes: known ?? 0, expiresInMs: UNFINISHED_MS, leaseMs: LEASE_MS },
        idempotencyScope: scope.earlier ? undefined : scope.hash,
      };
      return { held: await insertUpload(unit, upload, this.settings), earlier: scope.earlier };
    });
    const stop = (): void => void file.body.destroy(new Error('the upload was taken away'));
    try {
      const upload = await this.hold.renewing(actor, held, stop, async () => {
        const kept = await this.keep(actor, held, chunksOf(file.body), file.sentAsGzip);
        if (earlier) return this.keyed.sameAs(earlier, kept);
        return this.inUnit(actor, (unit) => completeUpload(unit, held, kept, this.settings));
      });
      if (earlier) await this.drop(actor, id);
      return { upload, replayed: earlier !== undefined };
    } catch (error) {
      await this.drop(actor, id);
      throw error;
    }
  }

  /**
   * Appends a part to a resumable upload and finishes it with its last byte. What arrived before a connection broke is kept.
   * @throws files.offset_mismatch, files.upload_in_use, files.upload_gone, files.upload_too_large, http.not_found, and what
   * finishing throws
   * @returns bytes that have arrived, and the upload
   */
  async append(
    actor: Actor,
    id: string,
    offset: number,
    body: Readable,
  ): Promise<{ arrived: number; upload: UploadRow }> {
    const stop = (): void => void body.destroy(new Error('another request sends to this upload'));
    const ended = await this.hold.during(actor, id, stop, async (held) => {
      const key = { tenantId: actor.tenantId, uploadId: id };
      const length = held.lengthBytes ?? 0;
      const before = await this.storage.arrived(key);
      if (before !== offset) throw wrongOffset(before);
      const arrived = await this.storage.append(key, offset, upTo(length - offset, chunksOf(body)));
      return { arrived, upload: arrived === length ? await this.finish(actor, held, key) : held };
    });
    if ('arrived' in ended) return ended;
    const arrived = ended.sentBytes ?? 0;
    if (arrived !== offset) throw wrongOffset(arrived);
    return { arrived, upload: ended };
  }

  /**
   * How far an upload has come. One whose last byte has arrived, but whose end was interrupted, is finished now.
   * @throws http.not_found, and what finishing throws
   */
  async look(actor: Actor, id: string): Promise<{ arrived: number; upload: UploadRow } | undefined> {
    const upload = await this.inUnit(actor, (unit) => findUpload(unit, id));
    if (!upload) return undefined;
    if (upload.state !== 'receiving') return { arrived: upload.sentBytes ?? 0, upload };
    const arrived = await this.storage.arrived({ tenantId: actor.tenantId, uploadId: id });
    const isWhole = upload.kind === 'resumable' && arrived === upload.lengthBytes;
    if (!isWhole || upload.expiresAt.getTime() <= Date.now()) return { arrived, upload };
    const key = { tenantId: actor.tenantId, uploadId: id };
    const finished = await this.hold.during(
      actor,
      id,
      () => undefined,
      (held) => this.finish(actor, held, key),
    );
    return { arrived, upload: finished };
  }

  /** Keeps what has arrived in full. An upload that cannot be kept is refused, with the reason. */
  private async finish(actor: Actor, held: HeldUpload, key: UploadKey): Promise<UploadRow> {
    try {
      const empty = held.lengthBytes === 0;
      const kept = await this.keep(actor, held, empty ? nothing() : this.storage.partial(key), false);
      return await this.inUnit(actor, (unit) => completeUpload(unit, held, kept, this.settings));
    } catch (error) {
      if (error instanceof DomainError && REFUSED_FOR_EVER.has(error.code)) {
        const refusal = { code: error.code, message: error.message };
        await this.inUnit(actor, (unit) =>
          closeUpload(unit, held.id, { state: 'refused', refusal, keepMs: this.settings.keepMs }),
        );
        await this.storage.remove(key);
      }
      throw error;
    }
  }

  private keep(actor: Actor, held: HeldUpload, source: AsyncIterable<Buffer>, mustBeGzip: boolean): Promise<Kept> {
    let reserved = held.reservedBytes;
    return keepInflow(
      this.storage,
      { tenantId: actor.tenantId, uploadId: held.id },
      {
        ...{ source, mustBeGzip, limitBytes: this.settings.uploadBytes, sha256: held.claimedSha256 ?? undefined },
        admit: async (keptBytes) => {
          if (keptBytes <= reserved) return;
          const bytes = await this.grow(actor, held, keptBytes - reserved, this.settings.uploadBytes - reserved);
          reserved += bytes;
        },
      },
    );
  }

  /** Takes a step more room, or near the quota just what is needed. @returns bytes that were taken */
  private async grow(actor: Actor, held: HeldUpload, needed: number, most: number): Promise<number> {
    const step = Math.max(needed, Math.min(ROOM_STEP_BYTES, most));
    const take = (bytes: number): Promise<void> =>
      this.inUnit(actor, (unit) => growRoom(unit, held, bytes, this.settings));
    try {
      await take(step);
      return step;
    } catch (error) {
      if (!(error instanceof DomainError) || step === needed) throw error;
      await take(needed);
      return needed;
    }
  }

  private async drop(actor: Actor, id: string): Promise<void> {
    await this.inUnit(actor, (unit) => deleteUploadRow(unit, id));
    await this.storage.remove({ tenantId: actor.tenantId, uploadId: id });
  }

  private inUnit<T>({ tenantId }: Actor, work: (unit: Unit) => Promise<T>): Promise<T> {
    return this.work.run({ tenantId }, work);
  }
}

/** Sending the same bytes again would not help. */
const REFUSED_FOR_EVER = new Set(['files.checksum_mismatch', 'files.broken_gzip', 'files.upload_too_large']);

function wrongOffset(offset: number): DomainError {
  return filesErrors.offset_mismatch(
    `The upload ends at byte ${offset}: send what follows, or ask for its offset again.`,
    { offset },
  );
}

/** The bytes of a request. It is not destroyed when reading ends early: its answer is still to be sent. */
async function* chunksOf(body: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of body.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
}

async function* upTo(most: number, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > most) throw filesErrors.upload_too_large('More was sent than the upload was begun with.');
    yield chunk;
  }
}

async function* nothing(): AsyncGenerator<Buffer> {
  // An upload of no bytes has no file.
}
