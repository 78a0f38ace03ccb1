import { notFound } from '#platform/http';
import type { Unit } from '#platform/persistence';
import type { JobWithCounts } from './freight.views.js';
import { COUNT_SUMS, JOB_COLUMNS } from './job-rows.js';

/** Columns of a job with its counts, from `JOBS_WITH_COUNTS`. */
export const JOB_WITH_COUNTS = `${JOB_COLUMNS}, statement_timestamp() as now, counts.*`;

/** Jobs with the sums of their counters; conditions on `j` follow. */
export const JOBS_WITH_COUNTS = `freight.job j cross join lateral (
  select ${COUNT_SUMS} from freight.job_counter c where c.tenant_id = j.tenant_id and c.job_id = j.id) counts`;

/** A job of the unit's tenant with its counts. @throws http.not_found */
export async function jobWithCounts(unit: Unit, id: string): Promise<JobWithCounts> {
  const [job] = await unit.only<JobWithCounts & Record<string, unknown>>(
    'freight_job',
    `select ${JOB_WITH_COUNTS} from ${JOBS_WITH_COUNTS} where j.tenant_id = $1 and j.id = $2`,
    [unit.tenantId, id],
  );
  if (!job) throw notFound();
  return job;
}
