import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { type IfMatchCondition, OneOf } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { regrade } from '../domain/listing-changes.js';
import { type MediaGrade, MEDIA_GRADES, type SleeveGrade, SLEEVE_GRADES } from '../domain/grades.js';
import { type StockItemView, stockItemView } from '../inventory.views.js';
import { Stock } from '../stock.js';

export class RegradeItemInput {
  /** The record, disc or tape itself; left out: as it is. */
  @OneOf(MEDIA_GRADES, { optional: true, nullable: true, example: 'VG+' })
  readonly mediaGrade?: MediaGrade | null;

  /** The sleeve or box; left out: as it is. */
  @OneOf(SLEEVE_GRADES, { optional: true, nullable: true, example: 'VG' })
  readonly sleeveGrade?: SleeveGrade | null;
}

/** Grades an item, anew or for the first time. */
export class RegradeItem extends Command<StockItemView> {
  constructor(
    readonly actor: Actor,
    readonly itemId: string,
    readonly change: { readonly input: RegradeItemInput; readonly ifMatch?: IfMatchCondition },
  ) {
    super();
  }
}

@CommandHandler(RegradeItem)
export class RegradeItemHandler implements ICommandHandler<RegradeItem> {
  constructor(private readonly stock: Stock) {}

  async execute({ itemId, change }: RegradeItem): Promise<StockItemView> {
    const { input, ifMatch } = change;
    const changed = await this.stock.change(itemId, (state) => regrade(state, input), { ifMatch });
    return stockItemView(itemId, changed);
  }
}
