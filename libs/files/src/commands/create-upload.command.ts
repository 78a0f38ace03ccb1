import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { httpErrors } from '#platform/http';
import { type Actor, newUuid } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { FILES_SETTINGS, type FilesSettings, UNFINISHED_MS } from '../files.settings.js';
import { tooLarge } from '../intake/inflow.js';
import { KeyedUploads } from '../intake/keyed-uploads.js';
import type { FileClaims } from '../intake/tus-headers.js';
import { insertUpload } from '../intake/upload-rows.js';
import type { UploadRow } from '../uploads.views.js';

/** A resumable upload to be begun. */
export interface UploadToCreate extends FileClaims {
  readonly lengthBytes: number;
  readonly idempotencyKey: string | undefined;
}

/** Begins a resumable upload: takes its room; its bytes follow, part by part. */
export class CreateUpload extends Command<{ upload: UploadRow; replayed: boolean }> {
  constructor(
    readonly actor: Actor,
    readonly file: UploadToCreate,
  ) {
    super();
  }
}

@CommandHandler(CreateUpload)
export class CreateUploadHandler implements ICommandHandler<CreateUpload> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly keyed: KeyedUploads,
    @Inject(FILES_SETTINGS) private readonly settings: FilesSettings,
  ) {}

  async execute({ actor, file }: CreateUpload): Promise<{ upload: UploadRow; replayed: boolean }> {
    const { lengthBytes, filename, sha256, idempotencyKey } = file;
    if (lengthBytes > this.settings.uploadBytes) throw tooLarge(this.settings.uploadBytes);
    const unit = this.work.current();
    const { hash, earlier } = await this.keyed.claim(unit, actor, idempotencyKey);
    if (earlier) {
      const isSame = earlier.lengthBytes === lengthBytes && earlier.filename === (filename ?? null);
      if (isSame) return { upload: earlier, replayed: true };
      throw httpErrors.idempotency_key_reused('The Idempotency-Key belongs to another upload.');
    }
    const upload = {
      id: newUuid(),
      kind: 'resumable' as const,
      filename,
      sha256,
      lengthBytes,
      reservedBytes: lengthBytes,
    };
    const ends = { expiresInMs: UNFINISHED_MS, leaseMs: 0, idempotencyScope: hash };
    return { upload: await insertUpload(unit, { ...upload, ...ends }, this.settings), replayed: false };
  }
}
