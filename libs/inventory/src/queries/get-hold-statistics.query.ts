import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { ApiProperty } from '#api-document';
import { WholeNumber } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';

/** Units of stock of one day. */
export class HoldDayView {
  /** `YYYY-MM-DD` in UTC. */
  @ApiProperty({ format: 'date', example: '2026-01-31' })
  day!: string;
  /**
   * Put into carts.
   * @example 12
   */
  held!: number;
  /**
   * Kept for longer.
   * @example 3
   */
  extended!: number;
  /**
   * Became orders.
   * @example 7
   */
  converted!: number;
  /**
   * Left until their time was over.
   * @example 4
   */
  expired!: number;
  /**
   * Let go before.
   * @example 1
   */
  released!: number;
  /**
   * Left the store.
   * @example 7
   */
  sold!: number;
  /**
   * Came back.
   * @example 0
   */
  returned!: number;
}

/** What became of holds. */
export class HoldStatisticsView {
  /** Days on which something happened, the latest first. */
  days!: HoldDayView[];
}

export class HoldStatisticsParameters {
  @WholeNumber({ min: 1, max: 366, optional: true, description: 'Days up to today; 30 unless given.' })
  readonly days: number = 30;
}

/** Holds of the last days: how many were converted, expired or released. */
export class GetHoldStatistics extends Query<HoldStatisticsView> {
  constructor(
    readonly actor: Actor,
    readonly days: number,
  ) {
    super();
  }
}

@QueryHandler(GetHoldStatistics)
export class GetHoldStatisticsHandler implements IQueryHandler<GetHoldStatistics> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ actor, days }: GetHoldStatistics): Promise<HoldStatisticsView> {
    const rows = await this.work.current().rows<HoldDayView>(DAYS, [actor.tenantId, days]);
    return { days: rows };
  }
}

const DAYS = `
  select to_char(d.day, 'YYYY-MM-DD') as day, d.held, d.extended, d.converted, d.expired, d.released, d.sold, d.returned
    from inventory.hold_day d
   where d.tenant_id = $1 and d.day > (clock_timestamp() at time zone 'UTC')::date - $2::int order by d.day desc`;
