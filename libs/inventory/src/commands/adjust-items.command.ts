import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { ApiExtraModels } from '#api-document';
import { field, IdOf, Note, Text, WholeNumber } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { changeInBulk } from '../bulk-change.js';
import { bulkItem, MOST_BULK_ITEMS, type StockOutcomesView } from '../bulk.dto.js';
import { MOST_UNITS } from '../domain/guards.js';
import { LONGEST } from '../domain/receive-item.js';
import { adjust } from '../domain/stock-changes.js';
import { openLocation } from '../locations.js';
import { Stock } from '../stock.js';

/** An item of a bulk adjustment. */
export class AdjustItemInput {
  @IdOf('stockItem')
  readonly itemId!: string;

  /** Where; left out: the store's default location. */
  @IdOf('location', { optional: true })
  readonly locationId?: string;

  /** How many more (or, negative, fewer) there are. */
  @WholeNumber({ min: -MOST_UNITS, max: MOST_UNITS, example: -1 })
  readonly delta!: number;

  /** The version that was seen; with another one the item is left as it is. */
  @WholeNumber({ min: 1, max: 2_147_483_647, optional: true, example: 3 })
  readonly version?: number;
}

@ApiExtraModels(AdjustItemInput)
export class AdjustItemsInput {
  /**
   * Why, in a word or a few.
   * @example "stocktaking"
   */
  @Text({ max: LONGEST.reason })
  readonly reason!: string;

  /**
   * For people.
   * @example "Shelf 3."
   */
  @Note({ max: LONGEST.note, optional: true })
  readonly note?: string;

  @field(bulkItem(AdjustItemInput), { list: { min: 1, max: MOST_BULK_ITEMS } })
  readonly items!: AdjustItemInput[];
}

/** Units of many items were found or lost. */
export class AdjustItems extends Command<StockOutcomesView> {
  constructor(
    readonly actor: Actor,
    readonly input: AdjustItemsInput,
  ) {
    super();
  }
}

@CommandHandler(AdjustItems)
export class AdjustItemsHandler implements ICommandHandler<AdjustItems> {
  constructor(
    private readonly work: UnitOfWork,
    private readonly stock: Stock,
  ) {}

  execute({ input: { items, reason, note } }: AdjustItems): Promise<StockOutcomesView> {
    const open = new Map<string, Promise<{ readonly id: string }>>();
    const locationOf = (id: string | undefined): Promise<{ readonly id: string }> => {
      const known = open.get(id ?? '') ?? openLocation(this.work.current(), id);
      open.set(id ?? '', known);
      return known;
    };
    return changeInBulk(this.stock, {
      type: AdjustItemInput,
      items,
      decide: async ({ locationId, delta }, state) => {
        const { id } = await locationOf(locationId);
        return adjust(state, { locationId: id, delta, reason, ...(note === undefined ? {} : { note }) });
      },
    });
  }
}
