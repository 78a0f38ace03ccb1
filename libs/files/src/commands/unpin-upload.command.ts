import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { FILES_SETTINGS, type FilesSettings } from '../files.settings.js';

/** Ends a need for an upload. When nobody needs it, it is kept for the usual time from now on. Safe to repeat. */
export class UnpinUpload extends Command<void> {
  constructor(
    readonly actor: Actor,
    readonly uploadId: string,
    readonly holder: string,
  ) {
    super();
  }
}

@CommandHandler(UnpinUpload)
export class UnpinUploadHandler implements ICommandHandler<UnpinUpload> {
  constructor(
    private readonly work: UnitOfWork,
    @Inject(FILES_SETTINGS) private readonly settings: FilesSettings,
  ) {}

  async execute({ actor: { tenantId }, uploadId, holder }: UnpinUpload): Promise<void> {
    const unit = this.work.current();
    const unpin = 'delete from files.pin where tenant_id = $1 and upload_id = $2 and holder = $3';
    if ((await unit.run(unpin, [tenantId, uploadId, holder])) === 0) return;
    const keep = `update files.upload set expires_at = greatest(expires_at, clock_timestamp() + $3 * interval '1 ms'), version = version + 1
                   where tenant_id = $1 and id = $2`;
    await unit.run(keep, [tenantId, uploadId, this.settings.keepMs]);
  }
}
