import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IdOf, type IfMatchCondition, Note, Text, WholeNumber } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { LONGEST } from '../domain/receive-item.js';
import { MOST_UNITS } from '../domain/guards.js';
import { adjust } from '../domain/stock-changes.js';
import { type StockItemView, stockItemView } from '../inventory.views.js';
import { openLocation } from '../locations.js';
import { type DecideItem, Stock } from '../stock.js';

export class AdjustStockInput {
  /** Where; left out: the store's default location. */
  @IdOf('location', { optional: true })
  readonly locationId?: string;

  /**
   * How many more (or, negative, fewer) there are.
   * @example -1
   */
  @WholeNumber({ min: -MOST_UNITS, max: MOST_UNITS })
  readonly delta!: number;

  /**
   * Why, in a word or a few.
   * @example "damaged"
   */
  @Text({ max: LONGEST.reason })
  readonly reason!: string;

  /**
   * For people.
   * @example "Water on the lower shelf."
   */
  @Note({ max: LONGEST.note, optional: true })
  readonly note?: string;
}

/** Units were found or lost. */
export class AdjustStock extends Command<StockItemView> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
    readonly change: { readonly input: AdjustStockInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(AdjustStock)
export class AdjustStockHandler implements ICommandHandler<AdjustStock> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly stock: Stock,
  ) {}

  async execute({ itemId, change }: AdjustStock): Promise<StockItemView> {
    const { input, ifMatch } = change;
    const decide: DecideItem = async (state) => {
      const { id: locationId } = await openLocation(this.work.current(), input.locationId);
      return adjust(state, { ...input, locationId });
    };
    const changed = await this.stock.change(itemId, decide, { ifMatch });
    return stockItemView(itemId, changed);
  }
}
