import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { notFound } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { findUpload } from '../intake/upload-rows.js';
import { type UploadView, uploadView } from '../uploads.views.js';

/** One of the store's uploads. @throws http.not_found */
export class GetUpload extends Query<UploadView> {
  constructor(
    readonly actor: Actor,
    readonly uploadId: string,
  ) {
    super();
  }
}

@QueryHandler(GetUpload)
export class GetUploadHandler implements IQueryHandler<GetUpload> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ uploadId }: GetUpload): Promise<UploadView> {
    const row = await findUpload(this.work.current(), uploadId);
    if (!row) throw notFound();
    return uploadView(row);
  }
}
