import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition, MoneyValue } from '#platform/http';
import type { Actor, Money } from '#platform/kernel';
import { changeCost } from '../domain/listing-changes.js';
import { type StockItemView, stockItemView } from '../inventory.views.js';
import { Stock } from '../stock.js';

export class ChangeCostInput {
  /** What a unit has cost. */
  @MoneyValue({ example: { amount: 800, currency: 'EUR' } })
  readonly cost!: Money;
}

/** Sets what a unit has cost the store. */
export class ChangeCost extends Command<StockItemView> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
    readonly change: { readonly input: ChangeCostInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(ChangeCost)
export class ChangeCostHandler implements ICommandHandler<ChangeCost> {
  constructor(private readonly stock: Stock) {}

  async execute({ itemId, change }: ChangeCost): Promise<StockItemView> {
    const { input, ifMatch } = change;
    const changed = await this.stock.change(itemId, (state) => changeCost(state, input.cost), { ifMatch });
    return stockItemView(itemId, changed);
  }
}
