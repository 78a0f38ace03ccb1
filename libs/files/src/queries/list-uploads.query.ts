import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import {
  CursorCodec,
  type CursorRow,
  ListPlan,
  type ListRequest,
  type ListSpec,
  oneOfRule,
  type Page,
  pageOf,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { UPLOAD_COLUMNS, UPLOAD_STATES, type UploadRow, type UploadView, uploadView } from '../uploads.views.js';

/** What the list of uploads can be asked for. */
export const UPLOADS: ListSpec = {
  name: 'uploads',
  id: 'u.id',
  sort: { createdAt: { sql: 'u.created_at', type: 'timestamptz' } },
  defaultSort: '-createdAt',
  filters: { state: { sql: 'u.state', type: 'text', rule: oneOfRule(UPLOAD_STATES) } },
};

/** The store's uploads. */
export class ListUploads extends Query<Page<UploadView>> {
  constructor(
    readonly actor: Actor,
    readonly request: ListRequest,
  ) {
    super();
  }
}

@QueryHandler(ListUploads)
export class ListUploadsHandler implements IQueryHandler<ListUploads> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: CursorCodec,
  ) {}

  async execute({ actor: { tenantId }, request }: ListUploads): Promise<Page<UploadView>> {
    const list = new ListPlan(UPLOADS, request, { tenantId, cursors: this.cursors, values: [tenantId] });
    return pageOf<UploadRow & CursorRow, UploadView>(this.work.current(), list, {
      columns: UPLOAD_COLUMNS,
      from: 'files.upload u where u.tenant_id = $1',
      view: uploadView,
    });
  }
}
