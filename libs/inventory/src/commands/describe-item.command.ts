import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition, Note, Text } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { LONGEST } from '../domain/receive-item.js';
import { describe } from '../domain/listing-changes.js';
import { type StockItemView, stockItemView } from '../inventory.views.js';
import { Stock } from '../stock.js';

export class DescribeItemInput {
  /**
   * The store's own number; null removes it.
   * @example "LP-731"
   */
  @Text({ max: LONGEST.sku, optional: true, nullable: true })
  readonly sku?: string | null;

  /**
   * For people; null removes it.
   * @example "Promo stamp on the back."
   */
  @Note({ max: LONGEST.note, optional: true, nullable: true })
  readonly note?: string | null;

  /**
   * What is wrong with it.
   * @example ["light scratch on side B"]
   */
  @Text({ max: 200, optional: true, list: { max: 50 } })
  readonly defects?: string[];

  /**
   * Where its pictures are.
   * @example ["https://images.example/731.jpg"]
   */
  @Text({ max: 2_000, optional: true, list: { max: 20 } })
  readonly photos?: string[];
}

/** Changes what is written about an item. */
export class DescribeItem extends Command<StockItemView> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
    readonly change: { readonly input: DescribeItemInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(DescribeItem)
export class DescribeItemHandler implements ICommandHandler<DescribeItem> {
  constructor(private readonly stock: Stock) {}

  async execute({ itemId, change }: DescribeItem): Promise<StockItemView> {
    const { input, ifMatch } = change;
    const changed = await this.stock.change(itemId, (state) => describe(state, { ...input }), { ifMatch });
    return stockItemView(itemId, changed);
  }
}
