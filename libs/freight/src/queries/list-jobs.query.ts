import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import {
  CursorCodec,
  type CursorRow,
  idRule,
  instantRule,
  ListPlan,
  type ListRequest,
  type ListSpec,
  oneOfRule,
  type Page,
  pageOf,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { JOB_STATES } from '../domain/job-lifecycle.js';
import { type JobView, jobView, type JobWithCounts } from '../freight.views.js';
import { JOB_WITH_COUNTS, JOBS_WITH_COUNTS } from '../job-with-counts.js';

/** What the list of jobs can be asked for. */
export const JOBS: ListSpec = {
  name: 'jobs',
  id: 'j.id',
  sort: { createdAt: { sql: 'j.created_at', type: 'timestamptz' } },
  defaultSort: '-createdAt',
  filters: {
    state: { sql: 'j.state', type: 'text', rule: oneOfRule(JOB_STATES) },
    uploadId: { sql: 'j.upload_id', type: 'uuid', rule: idRule('upload') },
    createdAt: { sql: 'j.created_at', type: 'timestamptz', rule: instantRule(), range: true },
  },
};

/** The store's migration jobs. */
export class ListJobs extends Query<Page<JobView>> {
  constructor(
    readonly actor: Actor,
    readonly request: ListRequest,
  ) {
    super();
  }
}

@QueryHandler(ListJobs)
export class ListJobsHandler implements IQueryHandler<ListJobs> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: CursorCodec,
  ) {}

  async execute({ actor: { tenantId }, request }: ListJobs): Promise<Page<JobView>> {
    const list = new ListPlan(JOBS, request, { tenantId, cursors: this.cursors, values: [tenantId] });
    return pageOf<JobWithCounts & CursorRow, JobView>(this.work.current(), list, {
      columns: JOB_WITH_COUNTS,
      from: `${JOBS_WITH_COUNTS} where j.tenant_id = $1`,
      view: jobView,
    });
  }
}
