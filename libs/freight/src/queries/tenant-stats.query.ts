import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { field } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { JOB_STATES } from '../domain/job-lifecycle.js';
import { objectRule } from '../freight.views.js';
import { COUNT_SUMS, type JobCounts } from '../job-rows.js';

/** Records of all jobs by their latest outcome. */
export class RecordTotalsView {
  /** @example 5200 */
  created!: number;
  /** @example 310 */
  updated!: number;
  /** @example 40 */
  unchanged!: number;
  /** @example 3 */
  skipped!: number;
  /** @example 12 */
  failed!: number;
  /** @example 8 */
  retried!: number;
}

/** A store's jobs and records since it was taken in. */
export class StatsView {
  /**
   * Jobs by state.
   * @example {"planning":0,"running":1,"paused":0,"cancelling":0,"completed":7,"completed_with_errors":1,"failed":0,"cancelled":0}
   */
  @field(objectRule)
  jobs!: Record<string, number>;
  records!: RecordTotalsView;
  /**
   * Dead letters that nobody has dealt with.
   * @example 0
   */
  openDeadLetters!: number;
}

/** The store's job and record statistics. */
export class GetStats extends Query<StatsView> {
  constructor(readonly actor: Actor) {
    super();
  }
}

@QueryHandler(GetStats)
export class GetStatsHandler implements IQueryHandler<GetStats> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ actor: { tenantId } }: GetStats): Promise<StatsView> {
    const unit = this.work.current();
    const states = await unit.rows<{ state: string; count: number }>(
      'select state, count(*)::int as count from freight.job where tenant_id = $1 group by state',
      [tenantId],
    );
    const counts = await unit.row<JobCounts & Record<string, unknown>>(
      `select ${COUNT_SUMS} from freight.job_counter c where c.tenant_id = $1`,
      [tenantId],
    );
    const letters = await unit.row<{ count: number }>(
      `select count(*)::int as count from freight.dead_letter where tenant_id = $1 and state = 'open'`,
      [tenantId],
    );
    const byState = new Map(states.map(({ state, count }) => [state, count]));
    const { created = 0, updated = 0, unchanged = 0, skipped = 0, failed = 0, retried = 0 } = counts ?? {};
    return {
      jobs: Object.fromEntries(JOB_STATES.map((state) => [state, byState.get(state) ?? 0])),
      records: { created, updated, unchanged, skipped, failed, retried },
      openDeadLetters: letters?.count ?? 0,
    };
  }
}
