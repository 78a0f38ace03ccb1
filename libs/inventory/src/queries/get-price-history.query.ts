import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Instant, MoneyValue, notFound } from '#platform/http';
import type { Actor, Money } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { priceFacts } from '../domain/price-history.js';

/** The latest prices that are looked at and shown. */
const MOST_PRICES = 500;

/** A list price from an instant on. */
export class PriceView {
  @MoneyValue()
  price!: Money;
  /** @example "crate digging week" */
  reason!: string | null;
  /** The rule that set it. */
  rule!: string | null;
  /** Version of the policy that the rule belongs to. */
  policyVersion!: number | null;
  /** Who set it. */
  actor!: string | null;
  @Instant()
  at!: string;
}

/** The prices an item has had, the latest first. */
export class PriceHistoryView {
  /** The lowest list price in the 30 days up to now. */
  @MoneyValue({ nullable: true })
  lowestPrice30d!: Money | null;
  /** Where the price is reduced: the lowest in the 30 days before the reduction began. */
  @MoneyValue({ nullable: true })
  was!: Money | null;
  prices!: PriceView[];
}

interface PriceRow {
  readonly amount: number;
  readonly currency: string;
  readonly reason: string | null;
  readonly rule: string | null;
  readonly policyVersion: number | null;
  readonly actor: string | null;
  readonly at: Date;
  readonly now: Date;
}

/** The price history of an item. */
export class GetPriceHistory extends Query<PriceHistoryView> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
  ) {
    super();
  }
}

@QueryHandler(GetPriceHistory)
export class GetPriceHistoryHandler implements IQueryHandler<GetPriceHistory> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ actor: { tenantId }, itemId }: GetPriceHistory): Promise<PriceHistoryView> {
    const unit = this.work.current();
    const known = await unit.row('select 1 from inventory.item where tenant_id = $1 and id = $2', [tenantId, itemId]);
    if (!known) throw notFound();
    const rows = await unit.rows<PriceRow>(PRICES, [tenantId, itemId, MOST_PRICES]);
    const [latest] = rows;
    const facts = latest && priceFacts(rows.toReversed(), latest.now);
    const inCurrency = (amount: number | undefined): Money | null =>
      latest && amount !== undefined ? { amount, currency: latest.currency } : null;
    return {
      lowestPrice30d: inCurrency(facts?.lowestPrice30d),
      was: inCurrency(facts?.was),
      prices: rows.map(({ amount, currency, at, reason, rule, policyVersion, actor }) => {
        return { price: { amount, currency }, reason, rule, policyVersion, actor, at: at.toISOString() };
      }),
    };
  }
}

const PRICES = `
  select p.amount, p.currency, p.reason, p.rule, p.policy_version as "policyVersion", p.actor, p.at, clock_timestamp() as now
    from inventory.price p where p.tenant_id = $1 and p.item_id = $2 order by p.position desc, p.id desc limit $3`;
