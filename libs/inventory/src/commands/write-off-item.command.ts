import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition, Note, Text } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { LONGEST } from '../domain/receive-item.js';
import { writeOff } from '../domain/stock-changes.js';
import { type StockItemView, stockItemView } from '../inventory.views.js';
import { Stock } from '../stock.js';

export class WriteOffItemInput {
  /**
   * Why, in a word or a few.
   * @example "broken"
   */
  @Text({ max: LONGEST.reason })
  readonly reason!: string;

  /**
   * For people.
   * @example "Fell off the shelf."
   */
  @Note({ max: LONGEST.note, optional: true })
  readonly note?: string;
}

/** An item is gone for ever, with all its units. Its history stays. */
export class WriteOffItem extends Command<StockItemView> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
    readonly change: { readonly input: WriteOffItemInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(WriteOffItem)
export class WriteOffItemHandler implements ICommandHandler<WriteOffItem> {
  constructor(private readonly stock: Stock) {}

  async execute({ itemId, change }: WriteOffItem): Promise<StockItemView> {
    const { input, ifMatch } = change;
    const changed = await this.stock.change(itemId, (state) => writeOff(state, input), { ifMatch });
    return stockItemView(itemId, changed);
  }
}
