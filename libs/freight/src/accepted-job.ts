import { API_PREFIX, type ApiReply } from '#platform/http';
import type { JobView } from './freight.views.js';

/** The answer to what a job now does: the job, and where it can be read. */
export function accepted(reply: ApiReply, job: JobView): JobView {
  reply.header('location', `/${API_PREFIX}/jobs/${job.id}`);
  return job;
}
