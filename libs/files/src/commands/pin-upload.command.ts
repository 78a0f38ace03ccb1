import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { filesErrors } from '../files.errors.js';
import type { UploadState } from '../uploads.views.js';

/** Keeps a complete upload from being deleted as long as `holder` needs it. Safe to repeat; joins the open unit. */
export class PinUpload extends Command<void> {
  /** @param holder who needs it, such as `job:<uuid>` */
  constructor(
    readonly actor: Actor,
    readonly uploadId: string,
    readonly holder: string,
  ) {
    super();
  }
}

@CommandHandler(PinUpload)
export class PinUploadHandler implements ICommandHandler<PinUpload> {
  constructor(private readonly work: UnitOfWork) {}

  /** @throws files.unknown_upload, files.upload_not_complete */
  async execute({ actor: { tenantId }, uploadId, holder }: PinUpload): Promise<void> {
    const unit = this.work.current();
    // The pin's foreign key locks the upload's row against deletion until this unit ends.
    const sql = 'select state from files.upload where tenant_id = $1 and id = $2 for key share';
    const found = await unit.row<{ state: UploadState }>(sql, [tenantId, uploadId]);
    if (!found) throw filesErrors.unknown_upload('There is no upload with this id.');
    if (found.state !== 'complete') {
      throw filesErrors.upload_not_complete(`The upload is ${found.state}. Finish it, or begin another one.`);
    }
    const pin = 'insert into files.pin (tenant_id, upload_id, holder) values ($1, $2, $3) on conflict do nothing';
    await unit.run(pin, [tenantId, uploadId, holder]);
  }
}
