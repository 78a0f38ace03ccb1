import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { type ITaskHandler, Scheduler, TaskHandler, type TaskRun } from '#platform/jobs';
import { UnitOfWork } from '#platform/persistence';
import { FILES_SETTINGS, type FilesSettings } from '../files.settings.js';
import { closeUpload, deleteUploadRow } from '../intake/upload-rows.js';
import { type UploadKey, UploadStorage } from '../storage/upload-storage.js';

const KIND = 'files.upload-cleanup';
const EVERY_MS = 10 * 60_000;
const AT_ONCE = 200;
/** A file without a row is removed when nothing was written to it for so long: no request lasts longer. */
const ORPHAN_MS = 24 * 60 * 60_000;

/** Unfinished ones past their time, those whose only request died, and finished ones that nobody needs any more. */
const DUE = `
  select u.tenant_id as "tenantId", u.id as "uploadId", u.state = 'receiving' and u.kind = 'resumable' as "isExpired"
    from files.upload u
   where (u.expires_at <= clock_timestamp() or (u.kind = 'stream' and u.state = 'receiving'))
     and (u.lease_until is null or u.lease_until <= clock_timestamp() - interval '1 minute')
     and not exists (select from files.pin p where p.tenant_id = u.tenant_id and p.upload_id = u.id)
   order by u.expires_at limit $1`;
const KNOWN = 'select id from files.upload where tenant_id = $1 and id = $2';

/** Deletes uploads by policy, of all tenants, each in a unit of its own tenant: the row first, then the file. */
@Injectable()
@TaskHandler({ kind: KIND })
export class UploadCleanup implements ITaskHandler, OnModuleInit {
  private readonly logger = new Logger('Files');

  constructor(
    private readonly scheduler: Scheduler,
    private readonly work: UnitOfWork,
    private readonly storage: UploadStorage,
    @Inject(FILES_SETTINGS) private readonly settings: FilesSettings,
  ) {}

  onModuleInit(): void {
    this.scheduler.schedule({ name: KIND, everyMs: EVERY_MS, kind: KIND });
  }

  async run(task: TaskRun): Promise<void> {
    let [expired, deleted] = [0, 0];
    for (let due = await this.due(task); due.length > 0; due = await this.due(task)) {
      for (const upload of due) {
        await this.end(upload);
        if (upload.isExpired) expired++;
        else deleted++;
      }
    }
    const orphans = await this.removeOrphans(task.signal);
    this.logger.log({ msg: 'uploads were cleaned up', expired, deleted, orphans });
  }

  private due(task: TaskRun): Promise<(UploadKey & { isExpired: boolean })[]> {
    return task.step((unit) => unit.rows<UploadKey & { isExpired: boolean }>(DUE, [AT_ONCE]));
  }

  private async end({ tenantId, uploadId, isExpired }: UploadKey & { isExpired: boolean }): Promise<void> {
    const isOver = await this.work.run({ tenantId }, async (unit) => {
      if (isExpired) return closeUpload(unit, uploadId, { state: 'expired', keepMs: this.settings.keepMs });
      return (await deleteUploadRow(unit, uploadId)) === 'deleted';
    });
    if (isOver) await this.storage.remove({ tenantId, uploadId });
  }

  /** A process that died between the row and the file left the file. */
  private async removeOrphans(signal: AbortSignal): Promise<number> {
    let orphans = 0;
    for await (const key of this.storage.olderThan(new Date(Date.now() - ORPHAN_MS))) {
      signal.throwIfAborted();
      const { tenantId, uploadId } = key;
      const known = await this.work.run({ tenantId, readOnly: true }, (unit) => unit.row(KNOWN, [tenantId, uploadId]));
      if (known) continue;
      await this.storage.remove(key);
      orphans++;
    }
    return orphans;
  }
}
