import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition, MoneyValue, Text, WholeNumber } from '#platform/http';
import type { Actor, Money } from '#platform/kernel';
import { LONGEST } from '../domain/receive-item.js';
import { changePrice } from '../domain/listing-changes.js';
import { priceCause } from '../domain/price-cause.js';
import { type StockItemView, stockItemView } from '../inventory.views.js';
import { Stock } from '../stock.js';

export class ChangePriceInput {
  /** The list price from now on. */
  @MoneyValue({ example: { amount: 1799, currency: 'EUR' } })
  readonly price!: Money;

  /**
   * Why, in a word or a few.
   * @example "crate digging week"
   */
  @Text({ max: LONGEST.reason })
  readonly reason!: string;

  /**
   * The rule that has set it, where it was no person.
   * @example "markdown-90-days"
   */
  @Text({ max: LONGEST.reason, optional: true })
  readonly rule?: string;

  /**
   * Version of the policy that the rule belongs to.
   * @example 3
   */
  @WholeNumber({ min: 1, max: 1_000_000_000, optional: true })
  readonly policyVersion?: number;
}

/** Sets the list price of a unit. */
export class ChangePrice extends Command<StockItemView> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
    readonly change: { readonly input: ChangePriceInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(ChangePrice)
export class ChangePriceHandler implements ICommandHandler<ChangePrice> {
  constructor(private readonly stock: Stock) {}

  async execute({ itemId, change }: ChangePrice): Promise<StockItemView> {
    const { input, ifMatch } = change;
    const cause = priceCause(input);
    const changed = await this.stock.change(itemId, (state) => changePrice(state, input.price, cause), { ifMatch });
    return stockItemView(itemId, changed);
  }
}
