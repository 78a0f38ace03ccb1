import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { liftQuarantine } from '../domain/listing-changes.js';
import { type StockItemView, stockItemView } from '../inventory.views.js';
import { Stock } from '../stock.js';

/** Ends a quarantine whose time is over. */
export class LiftQuarantine extends Command<StockItemView> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
    readonly change: { readonly ifMatch?: IfMatchCondition } = {},
  ) {
    super();
  }
}

@CommandHandler(LiftQuarantine)
export class LiftQuarantineHandler implements ICommandHandler<LiftQuarantine> {
  constructor(private readonly stock: Stock) {}

  async execute({ itemId, change }: LiftQuarantine): Promise<StockItemView> {
    const { ifMatch } = change;
    const changed = await this.stock.change(itemId, liftQuarantine, { ifMatch });
    return stockItemView(itemId, changed);
  }
}
