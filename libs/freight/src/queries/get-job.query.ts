import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { type JobView, jobView } from '../freight.views.js';
import { jobWithCounts } from '../job-with-counts.js';

/** A job with its counts. @throws http.not_found */
export class GetJob extends Query<JobView> {
  constructor(
    readonly actor: Actor,
    readonly jobId: string,
  ) {
    super();
  }
}

@QueryHandler(GetJob)
export class GetJobHandler implements IQueryHandler<GetJob> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ jobId }: GetJob): Promise<JobView> {
    return jobView(await jobWithCounts(this.work.current(), jobId));
  }
}
