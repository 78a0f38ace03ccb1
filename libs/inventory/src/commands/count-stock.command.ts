import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IdOf, type IfMatchCondition, WholeNumber } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { MOST_UNITS } from '../domain/guards.js';
import { count } from '../domain/stock-changes.js';
import { type StockItemView, stockItemView } from '../inventory.views.js';
import { openLocation } from '../locations.js';
import { type DecideItem, Stock } from '../stock.js';

export class CountStockInput {
  /** Where; left out: the store's default location. */
  @IdOf('location', { optional: true })
  readonly locationId?: string;

  /**
   * How many there are.
   * @example 8
   */
  @WholeNumber({ min: 0, max: MOST_UNITS })
  readonly counted!: number;
}

/** Somebody has counted a location. */
export class CountStock extends Command<StockItemView> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
    readonly change: { readonly input: CountStockInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(CountStock)
export class CountStockHandler implements ICommandHandler<CountStock> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly stock: Stock,
  ) {}

  async execute({ itemId, change }: CountStock): Promise<StockItemView> {
    const { input, ifMatch } = change;
    const decide: DecideItem = async (state) => {
      const { id: locationId } = await openLocation(this.work.current(), input.locationId);
      return count(state, { locationId, counted: input.counted });
    };
    const changed = await this.stock.change(itemId, decide, { ifMatch });
    return stockItemView(itemId, changed);
  }
}
