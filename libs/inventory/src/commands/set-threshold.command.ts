import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition, WholeNumber } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { MOST_UNITS } from '../domain/guards.js';
import { setThreshold } from '../domain/listing-changes.js';
import { type StockItemView, stockItemView } from '../inventory.views.js';
import { Stock } from '../stock.js';

export class SetThresholdInput {
  /**
   * Free units at which stock is low; null: never.
   * @example 5
   */
  @WholeNumber({ min: 0, max: MOST_UNITS, nullable: true })
  readonly threshold!: number | null;
}

/** Sets at how many free units stock is low. */
export class SetThreshold extends Command<StockItemView> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
    readonly change: { readonly input: SetThresholdInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(SetThreshold)
export class SetThresholdHandler implements ICommandHandler<SetThreshold> {
  constructor(private readonly stock: Stock) {}

  async execute({ itemId, change }: SetThreshold): Promise<StockItemView> {
    const { input, ifMatch } = change;
    const changed = await this.stock.change(itemId, (state) => setThreshold(state, input.threshold), { ifMatch });
    return stockItemView(itemId, changed);
  }
}
