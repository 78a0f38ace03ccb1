import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { ApiExtraModels } from '#api-document';
import { field, IdOf, MoneyValue, Text, WholeNumber } from '#platform/http';
import type { Actor, Money } from '#platform/kernel';
import { changeInBulk } from '../bulk-change.js';
import { bulkItem, MOST_BULK_ITEMS, type StockOutcomesView } from '../bulk.dto.js';
import { inventoryErrors } from '../domain/inventory.errors.js';
import { changePrice } from '../domain/listing-changes.js';
import { priceCause } from '../domain/price-cause.js';
import { LONGEST } from '../domain/receive-item.js';
import { Stock } from '../stock.js';

/** An item of a bulk change of prices. */
export class ChangePricesItemInput {
  @IdOf('stockItem')
  readonly itemId!: string;

  /** The version whose price was seen: with another one the item is left as it is. */
  @WholeNumber({ min: 1, max: 2_147_483_647, example: 3 })
  readonly version!: number;

  /** The list price from now on. */
  @MoneyValue({ example: { amount: 1799, currency: 'EUR' } })
  readonly price!: Money;
}

@ApiExtraModels(ChangePricesItemInput)
export class ChangePricesInput {
  /**
   * Why, in a word or a few.
   * @example "crate digging week"
   */
  @Text({ max: LONGEST.reason })
  readonly reason!: string;

  /**
   * The rule that has set them, where it was no person.
   * @example "markdown-90-days"
   */
  @Text({ max: LONGEST.reason, optional: true })
  readonly rule?: string;

  /**
   * Version of the policy that the rule belongs to.
   * @example 3
   */
  @WholeNumber({ min: 1, max: 1_000_000_000, optional: true })
  readonly policyVersion?: number;

  @field(bulkItem(ChangePricesItemInput), { list: { min: 1, max: MOST_BULK_ITEMS } })
  readonly items!: ChangePricesItemInput[];
}

/** Changes the prices of many items, each in the version that the caller has seen. */
export class ChangePrices extends Command<StockOutcomesView> {
  constructor(
    readonly actor: Actor,
    readonly input: ChangePricesInput,
  ) {
    super();
  }
}

@CommandHandler(ChangePrices)
export class ChangePricesHandler implements ICommandHandler<ChangePrices> {
  constructor(private readonly stock: Stock) {}

  async execute({ input }: ChangePrices): Promise<StockOutcomesView> {
    assertVersions(input.items);
    const cause = priceCause(input);
    return changeInBulk(this.stock, {
      type: ChangePricesItemInput,
      items: input.items,
      decide: ({ price }, state) => changePrice(state, price, cause),
    });
  }
}

/** A blind change would undo somebody else's. @throws inventory.version_required naming the items without a version */
function assertVersions(items: readonly unknown[]): void {
  const errors = items.flatMap((item, index) =>
    typeof item === 'object' && item !== null && 'version' in item
      ? []
      : [{ pointer: `/items/${index}/version`, code: 'required', message: 'This value must be there.' }],
  );
  if (errors.length === 0) return;
  throw inventoryErrors.version_required(
    'Send with each item the version whose price you have seen: a blind change would undo somebody else’s.',
    { errors },
  );
}
