import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { relist } from '../domain/listing-changes.js';
import { type StockItemView, stockItemView } from '../inventory.views.js';
import { Stock } from '../stock.js';

/** Puts a withdrawn item on sale again. */
export class RelistItem extends Command<StockItemView> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
    readonly change: { readonly ifMatch?: IfMatchCondition } = {},
  ) {
    super();
  }
}

@CommandHandler(RelistItem)
export class RelistItemHandler implements ICommandHandler<RelistItem> {
  constructor(private readonly stock: Stock) {}

  async execute({ itemId, change }: RelistItem): Promise<StockItemView> {
    const { ifMatch } = change;
    const changed = await this.stock.change(itemId, relist, { ifMatch });
    return stockItemView(itemId, changed);
  }
}
