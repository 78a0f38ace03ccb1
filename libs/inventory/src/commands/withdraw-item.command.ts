import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition, Note, Text } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { LONGEST } from '../domain/receive-item.js';
import { withdraw } from '../domain/listing-changes.js';
import { type StockItemView, stockItemView } from '../inventory.views.js';
import { Stock } from '../stock.js';

export class WithdrawItemInput {
  /**
   * Why, in a word or a few.
   * @example "display"
   */
  @Text({ max: LONGEST.reason })
  readonly reason!: string;

  /**
   * For people.
   * @example "In the window until Friday."
   */
  @Note({ max: LONGEST.note, optional: true })
  readonly note?: string;
}

/** Takes an item off sale. What is reserved stays reserved. */
export class WithdrawItem extends Command<StockItemView> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
    readonly change: { readonly input: WithdrawItemInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(WithdrawItem)
export class WithdrawItemHandler implements ICommandHandler<WithdrawItem> {
  constructor(private readonly stock: Stock) {}

  async execute({ itemId, change }: WithdrawItem): Promise<StockItemView> {
    const { input, ifMatch } = change;
    const changed = await this.stock.change(itemId, (state) => withdraw(state, input), { ifMatch });
    return stockItemView(itemId, changed);
  }
}
