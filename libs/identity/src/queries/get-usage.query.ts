import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ApiProperty } from '#api-document';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';

/** Requests in a stretch of days. */
export class UsageTotalsView {
  /** First day, `YYYY-MM-DD` in UTC. */
  @ApiProperty({ format: 'date', example: '2026-01-31' })
  from!: string;
  /** Last day, which is today. */
  @ApiProperty({ format: 'date', example: '2026-01-31' })
  to!: string;
  /**
   * Requests that were answered, whatever the answer.
   * @example 1520
   */
  requests!: number;
  /**
   * Of them, refused because a limit was reached (429).
   * @example 12
   */
  refused!: number;
  /**
   * Of them, failed on our side (5xx).
   * @example 0
   */
  errors!: number;
}

/** Request usage of a store. Counts arrive within seconds: this is near real time, not a bill. */
export class UsageView {
  today!: UsageTotalsView;
  month!: UsageTotalsView;
}

/** The store's request usage today and this month. */
export class GetUsage extends Query<UsageView> {
  constructor(readonly actor: Actor) {
    super();
  }
}

@QueryHandler(GetUsage)
export class GetUsageHandler implements IQueryHandler<GetUsage> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ actor }: GetUsage): Promise<UsageView> {
    const [today, month] = await this.work.current().rows<UsageTotalsView>(USAGE, [actor.tenantId]);
    if (!today || !month) throw new Error('both stretches have a row');
    return { today, month };
  }
}

const USAGE = `
  select s.first as "from", s.last as "to", coalesce(sum(u.requests), 0)::bigint as requests,
         coalesce(sum(u.refused), 0)::bigint as refused, coalesce(sum(u.errors), 0)::bigint as errors
    from (select (now() at time zone 'UTC')::date as today) clock
    cross join lateral (values (1, today, today), (2, date_trunc('month', today)::date, today)) as s (no, first, last)
    left join identity.usage_daily u on u.tenant_id = $1 and u.day between s.first and s.last
   group by s.no, s.first, s.last order by s.no`;
