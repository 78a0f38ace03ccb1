import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { ApiExtraModels } from '#api-document';
import { field, IdOf, MoneyValue, Note, OneOf, Text, type ValueRule, WholeNumber } from '#platform/http';
import type { Actor, Money } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { isFailure, bulkItem, MOST_BULK_ITEMS, outcomeView, readItem, type StockOutcomesView } from '../bulk.dto.js';
import { type MediaGrade, MEDIA_GRADES, type SleeveGrade, SLEEVE_GRADES } from '../domain/grades.js';
import { MOST_UNITS } from '../domain/guards.js';
import type { ItemKind } from '../domain/item-events.js';
import { LONGEST } from '../domain/receive-item.js';
import { ReceiveStockInBulk } from './receive-stock-in-bulk.command.js';

/** An item of a bulk reception. */
export class ReceiveItemInput {
  /**
   * How it is known again within its source; left out: always a new item.
   * @example "2568011#1"
   */
  @Text({ max: LONGEST.key, optional: true })
  readonly key?: string;

  @IdOf('release')
  readonly releaseId!: string;

  @OneOf(['single', 'pool'])
  readonly kind!: ItemKind;

  /**
   * 1 for a single copy; a pool is set to the number.
   * @example 1
   */
  @WholeNumber({ min: 0, max: MOST_UNITS })
  readonly quantity!: number;

  /** @example "LP-731" */
  @Text({ max: LONGEST.sku, optional: true })
  readonly sku?: string;

  /** @example "REC-000731" */
  @Text({ max: LONGEST.code, optional: true })
  readonly code?: string;

  @OneOf(MEDIA_GRADES, { optional: true })
  readonly mediaGrade?: MediaGrade;

  @OneOf(SLEEVE_GRADES, { optional: true })
  readonly sleeveGrade?: SleeveGrade;

  @MoneyValue({ optional: true, example: { amount: 1999, currency: 'EUR' } })
  readonly price?: Money;

  @MoneyValue({ optional: true, example: { amount: 800, currency: 'EUR' } })
  readonly cost?: Money;

  /** @example "Promo stamp on the back." */
  @Note({ max: LONGEST.note, optional: true })
  readonly note?: string;
}

/** A lower-case word. */
const sourceRule: ValueRule = {
  name: 'source',
  refuse: (value) =>
    typeof value === 'string' && /^[a-z][a-z0-9-]{0,49}$/.test(value)
      ? undefined
      : { code: 'source', message: 'must be a lower-case word of at most 50 letters, digits and hyphens' },
  schema: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,49}$', example: 'till' },
};

@ApiExtraModels(ReceiveItemInput)
export class ReceiveItemsInput {
  /** The system the items come from: keys are unique within it. */
  @field(sourceRule)
  readonly source!: string;

  /** Where they are put; left out: the store's default location. */
  @IdOf('location', { optional: true })
  readonly locationId?: string;

  @field(bulkItem(ReceiveItemInput), { list: { min: 1, max: MOST_BULK_ITEMS } })
  readonly items!: ReceiveItemInput[];
}

/** Items that arrive together, as they come over HTTP. */
export class ReceiveItems extends Command<StockOutcomesView> {
  constructor(
    readonly actor: Actor,
    readonly input: ReceiveItemsInput,
  ) {
    super();
  }
}

@CommandHandler(ReceiveItems)
export class ReceiveItemsHandler implements ICommandHandler<ReceiveItems> {
  constructor(private readonly bus: Bus) {}

  async execute({ actor, input: { source, locationId, items } }: ReceiveItems): Promise<StockOutcomesView> {
    const read = items.map((item) => readItem(ReceiveItemInput, item));
    const good = read.flatMap((item) => (isFailure(item) ? [] : [item]));
    const received = await this.bus.execute(
      new ReceiveStockInBulk(actor, { source, items: good, ...(locationId === undefined ? {} : { locationId }) }),
    );
    let at = 0;
    const outcomes = read.map((item) => (isFailure(item) ? item : (received[at++] ?? item)));
    return { outcomes: outcomes.flatMap((one) => ('outcome' in one ? [outcomeView(one)] : [])) };
  }
}
