import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { IdOf, type IfMatchCondition, WholeNumber } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { MOST_UNITS } from '../domain/guards.js';
import { transfer } from '../domain/stock-changes.js';
import { type StockItemView, stockItemView } from '../inventory.views.js';
import { knownLocation, openLocation } from '../locations.js';
import { type DecideItem, Stock } from '../stock.js';

export class TransferStockInput {
  /** Where they are; left out: the store's default location. */
  @IdOf('location', { optional: true, example: 'loc_01j2jw8f00e00800000000001b' })
  readonly from?: string;

  /** Where they go. */
  @IdOf('location')
  readonly to!: string;

  /**
   * How many units.
   * @example 1
   */
  @WholeNumber({ min: 1, max: MOST_UNITS })
  readonly quantity!: number;
}

/** Moves units from one location to another. */
export class TransferStock extends Command<StockItemView> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
    readonly change: { readonly input: TransferStockInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(TransferStock)
export class TransferStockHandler implements ICommandHandler<TransferStock> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly stock: Stock,
  ) {}

  async execute({ itemId, change }: TransferStock): Promise<StockItemView> {
    const { input, ifMatch } = change;
    const unit = this.work.current();
    const decide: DecideItem = async (state) => {
      const { id: to } = await openLocation(unit, input.to);
      const from = await knownLocation(unit, input.from);
      return transfer(state, { from, to, quantity: input.quantity });
    };
    const changed = await this.stock.change(itemId, decide, { ifMatch });
    return stockItemView(itemId, changed);
  }
}
