import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition, Instant, Text } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { LONGEST } from '../domain/receive-item.js';
import { quarantine } from '../domain/listing-changes.js';
import { type StockItemView, stockItemView } from '../inventory.views.js';
import { liftWhenDue } from '../quarantine-timer.js';
import { Stock } from '../stock.js';

export class QuarantineItemInput {
  /** When the quarantine is over; it cannot be lifted before. */
  @Instant({ example: '2099-12-31T23:59:59.000Z' })
  readonly holdUntil!: string;

  /**
   * Why, in a word or a few.
   * @example "holding period"
   */
  @Text({ max: LONGEST.reason })
  readonly reason!: string;
}

/** Keeps an item off sale until an instant. */
export class QuarantineItem extends Command<StockItemView> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
    readonly change: { readonly input: QuarantineItemInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(QuarantineItem)
export class QuarantineItemHandler implements ICommandHandler<QuarantineItem> {
  constructor(private readonly stock: Stock) {}

  async execute({ itemId, change }: QuarantineItem): Promise<StockItemView> {
    const { input, ifMatch } = change;
    const commands = [liftWhenDue(itemId, input.holdUntil)];
    const changed = await this.stock.change(itemId, (state, now) => quarantine(state, input, now), {
      ifMatch,
      commands,
    });
    return stockItemView(itemId, changed);
  }
}
