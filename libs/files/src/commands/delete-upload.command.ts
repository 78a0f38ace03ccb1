import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { checkIfMatch, type IfMatchCondition, notFound } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { filesErrors } from '../files.errors.js';
import { deleteUploadRow, findUpload } from '../intake/upload-rows.js';
import { type UploadView, uploadView } from '../uploads.views.js';
import { UploadStorage } from '../storage/upload-storage.js';

/** Deletes an upload, finished or not, and answers it as it was. */
export class DeleteUpload extends Command<UploadView> {
  constructor(
    readonly actor: Actor,
    readonly uploadId: string,
    readonly ifMatch?: IfMatchCondition,
  ) {
    super();
  }
}

@CommandHandler(DeleteUpload)
export class DeleteUploadHandler implements ICommandHandler<DeleteUpload> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly storage: UploadStorage,
  ) {}

  async execute({ actor: { tenantId }, uploadId, ifMatch }: DeleteUpload): Promise<UploadView> {
    const unit = this.work.current();
    const upload = await findUpload(unit, uploadId);
    if (!upload) throw notFound();
    checkIfMatch(ifMatch, upload.version);
    const outcome = await deleteUploadRow(unit, uploadId);
    if (outcome === 'missing') throw notFound();
    if (outcome === 'pinned')
      throw filesErrors.upload_pinned('A job needs this upload. Delete it when the job is over.');
    unit.afterCommit(() => this.storage.remove({ tenantId, uploadId }));
    return uploadView(upload);
  }
}
