import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Instant, MoneyValue } from '#platform/http';
import type { Actor, Money } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { inventoryErrors } from '../domain/inventory.errors.js';

/** Items by how long they have been in stock. */
export class AgeView {
  /**
   * In stock for at least so many days ...
   * @example 0
   */
  fromDays!: number;
  /**
   * ... and fewer than so many; null: however long.
   * @example 30
   */
  toDays!: number | null;
  /** @example 1 */
  items!: number;
  /** @example 1 */
  units!: number;
}

/** How fast stock sells. */
export class VelocityView {
  /** @example 30 */
  days!: number;
  /** @example 4 */
  soldUnits!: number;
  /** @example 0 */
  returnedUnits!: number;
}

/** A store's stock in numbers. */
export class InventorySummaryView {
  /** The instant the numbers are of. */
  @Instant()
  asOf!: string;
  /**
   * Items with units in stock.
   * @example 1
   */
  items!: number;
  /** @example 1 */
  units!: number;
  /** What the units have cost, per currency. */
  @MoneyValue({ list: { max: 200 } })
  costValue!: Money[];
  /** What they are listed for, per currency. */
  @MoneyValue({ list: { max: 200 } })
  listValue!: Money[];
  /** By age now; empty for a past instant. */
  ageing!: AgeView[];
  /** Of the days before now; empty for a past instant. */
  velocity!: VelocityView[];
}

export class InventorySummaryParameters {
  @Instant({ optional: true, description: 'Units and value as they were at this instant.' })
  readonly asOf?: string;
}

interface ValueRow {
  readonly measure: 'cost' | 'list';
  readonly currency: string;
  readonly items: number;
  readonly units: number;
  /** Numeric, as text. */
  readonly amount: string;
}

/** Units, value, age and sales of the store's stock, now or (units and value) at a past instant. */
export class GetInventorySummary extends Query<InventorySummaryView> {
  constructor(
    readonly actor: Actor,
    readonly asOf?: string,
  ) {
    super();
  }
}

@QueryHandler(GetInventorySummary)
export class GetInventorySummaryHandler implements IQueryHandler<GetInventorySummary> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ actor: { tenantId }, asOf }: GetInventorySummary): Promise<InventorySummaryView> {
    const unit = this.work.current();
    const [clock] = await unit.rows<{ now: Date }>('select clock_timestamp() as now');
    const rows = await unit.rows<ValueRow>(VALUE, [tenantId, asOf ?? null]);
    const isPast = asOf !== undefined;
    const ofList = rows.filter(({ measure }) => measure === 'list');
    return {
      asOf: isPast ? new Date(asOf).toISOString() : (clock?.now ?? new Date(0)).toISOString(),
      items: ofList.reduce((sum, { items }) => sum + items, 0),
      units: ofList.reduce((sum, { units }) => sum + units, 0),
      costValue: amounts(rows, 'cost'),
      listValue: amounts(rows, 'list'),
      ageing: isPast ? [] : await unit.rows<AgeView>(AGEING, [tenantId]),
      velocity: isPast ? [] : await unit.rows<VelocityView>(VELOCITY, [tenantId]),
    };
  }
}

/** @throws inventory.value_too_large: a wrong number would be worse than none */
function amounts(rows: readonly ValueRow[], measure: ValueRow['measure']): Money[] {
  return rows
    .filter((row) => row.measure === measure && row.currency !== '')
    .map(({ currency, amount }) => {
      const value = Number(amount);
      if (!Number.isSafeInteger(value)) {
        throw inventoryErrors.value_too_large(
          'The value is beyond what an amount can hold. Check the prices of large pools.',
        );
      }
      return { amount: value, currency };
    });
}

/** Sums of all changes up to an instant (whole milliseconds, as callers know them), or of all. */
const VALUE = `
  select v.measure, v.currency, sum(v.items)::bigint as items, sum(v.units)::bigint as units, sum(v.amount)::text as amount
    from inventory.value_change v
   where v.tenant_id = $1 and ($2::timestamptz is null or v.at < $2::timestamptz + interval '1 ms')
   group by v.measure, v.currency having sum(v.units) <> 0 order by v.measure, v.currency`;

const AGEING = `
  select b.from_days as "fromDays", b.to_days as "toDays", count(s.item_id)::bigint as items, coalesce(sum(s.on_hand), 0)::bigint as units
    from (values (0, 30), (30, 90), (90, 180), (180, 365), (365, null)) as b (from_days, to_days)
    left join inventory.stock_row s on s.tenant_id = $1 and s.on_hand > 0
         and s.received_at <= clock_timestamp() - make_interval(days => b.from_days)
         and (b.to_days is null or s.received_at > clock_timestamp() - make_interval(days => b.to_days))
   group by b.from_days, b.to_days order by b.from_days`;

const VELOCITY = `
  select n.days, coalesce(sum(d.sold), 0)::bigint as "soldUnits", coalesce(sum(d.returned), 0)::bigint as "returnedUnits"
    from (values (7), (30), (90)) as n (days)
    left join inventory.hold_day d on d.tenant_id = $1 and d.day > (clock_timestamp() at time zone 'UTC')::date - n.days
   group by n.days order by n.days`;
