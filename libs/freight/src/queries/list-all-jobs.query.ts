import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import {
  CursorCodec,
  type CursorRow,
  IdOf,
  idRule,
  ListPlan,
  type ListRequest,
  type ListSpec,
  oneOfRule,
  type Page,
  pageOf,
} from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { JOB_STATES } from '../domain/job-lifecycle.js';
import { JobView, jobView, type JobWithCounts } from '../freight.views.js';
import { JOB_WITH_COUNTS, JOBS_WITH_COUNTS } from '../job-with-counts.js';

/** What the operator's list of jobs can be asked for. */
export const ALL_JOBS: ListSpec = {
  name: 'all-jobs',
  id: 'j.id',
  sort: { createdAt: { sql: 'j.created_at', type: 'timestamptz' } },
  defaultSort: '-createdAt',
  filters: {
    state: { sql: 'j.state', type: 'text', rule: oneOfRule(JOB_STATES) },
    tenantId: { sql: 'j.tenant_id', type: 'uuid', rule: idRule('tenant') },
  },
};

/** A store's job, as the operator sees it: without what quotes the store's file, such as its mapping and header. */
export class PlatformJobView extends JobView {
  @IdOf('tenant')
  tenantId!: string;
}

/** The migration jobs of all stores, for the operator. */
export class ListAllJobs extends Query<Page<PlatformJobView>> {
  constructor(
    readonly actor: Actor,
    readonly request: ListRequest,
  ) {
    super();
  }
}

@QueryHandler(ListAllJobs)
export class ListAllJobsHandler implements IQueryHandler<ListAllJobs> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cursors: CursorCodec,
  ) {}

  async execute({ actor: { tenantId }, request }: ListAllJobs): Promise<Page<PlatformJobView>> {
    const list = new ListPlan(ALL_JOBS, request, { tenantId, cursors: this.cursors });
    return pageOf<JobWithCounts & CursorRow, PlatformJobView>(this.work.current(), list, {
      columns: JOB_WITH_COUNTS,
      from: `${JOBS_WITH_COUNTS} where true`,
      view: (job) => ({ ...withoutQuotes(jobView(job)), tenantId: formatId('tenant', job.tenantId) }),
    });
  }
}

/** A job without what stands in the store's file or in its words. */
function withoutQuotes(job: JobView): JobView {
  const format = job.format && Object.fromEntries(Object.entries(job.format).filter(([name]) => name !== 'header'));
  const options = { ...job.options, gradeVocabulary: null, storeGradeVocabulary: null };
  return { ...job, format, mapping: {}, unmapped: [], options };
}
