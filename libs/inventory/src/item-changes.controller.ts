import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '#api-document';
import { CurrentActor, IdParam, IfMatch, type IfMatchCondition, Requires } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { AdjustStock, AdjustStockInput } from './commands/adjust-stock.command.js';
import { ChangeCost, ChangeCostInput } from './commands/change-cost.command.js';
import { ChangePrice, ChangePriceInput } from './commands/change-price.command.js';
import { CountStock, CountStockInput } from './commands/count-stock.command.js';
import { LiftQuarantine } from './commands/lift-quarantine.command.js';
import { QuarantineItem, QuarantineItemInput } from './commands/quarantine-item.command.js';
import { RegradeItem, RegradeItemInput } from './commands/regrade-item.command.js';
import { RelistItem } from './commands/relist-item.command.js';
import { SetThreshold, SetThresholdInput } from './commands/set-threshold.command.js';
import { TransferStock, TransferStockInput } from './commands/transfer-stock.command.js';
import { WithdrawItem, WithdrawItemInput } from './commands/withdraw-item.command.js';
import { WriteOffItem, WriteOffItemInput } from './commands/write-off-item.command.js';
import type { StockItemView } from './inventory.views.js';

/** What happens to a stock item. */
@ApiTags('Stock items')
@Controller('inventory/items')
export class ItemChangesController {
  constructor(private readonly bus: Bus) {}

  /** Adjust the stock of an item. Units were found (positive) or lost (negative) at a location, for a reason; units that are held or allocated cannot be taken away. */
  @Post(':id/adjust')
  @HttpCode(200)
  @Requires('stock:write')
  adjustStock(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,
    @Body() input: AdjustStockInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<StockItemView> {
    return this.bus.execute(new AdjustStock(actor, id, { input, ifMatch }));
  }

  /** Count an item. The location then has exactly this many units; the difference goes into the history. */
  @Post(':id/count')
  @HttpCode(200)
  @Requires('stock:write')
  countStock(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,
    @Body() input: CountStockInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<StockItemView> {
    return this.bus.execute(new CountStock(actor, id, { input, ifMatch }));
  }

  /** Transfer units of an item to another location. Units that are held or allocated stay where they are. */
  @Post(':id/transfer')
  @HttpCode(200)
  @Requires('stock:write')
  transferStock(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,
    @Body() input: TransferStockInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<StockItemView> {
    return this.bus.execute(new TransferStock(actor, id, { input, ifMatch }));
  }

  /** Grade an item. A copy that was withdrawn because it had no grade is then on sale by itself, if it has a price. */
  @Post(':id/regrade')
  @HttpCode(200)
  @Requires('stock:write')
  regradeItem(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,
    @Body() input: RegradeItemInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<StockItemView> {
    return this.bus.execute(new RegradeItem(actor, id, { input, ifMatch }));
  }

  /** Change the price of an item. A person says why, or a rule is named; an item that was withdrawn because it had no price is then on sale by itself. */
  @Post(':id/price')
  @HttpCode(200)
  @Requires('stock:write')
  changePrice(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,
    @Body() input: ChangePriceInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<StockItemView> {
    return this.bus.execute(new ChangePrice(actor, id, { input, ifMatch }));
  }

  /** Change the cost of an item. It is what a unit has cost the store. */
  @Post(':id/cost')
  @HttpCode(200)
  @Requires('stock:write')
  changeCost(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,
    @Body() input: ChangeCostInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<StockItemView> {
    return this.bus.execute(new ChangeCost(actor, id, { input, ifMatch }));
  }

  /** Set the low-stock threshold of an item. When its free units fall to the threshold, that is reported once. */
  @Post(':id/threshold')
  @HttpCode(200)
  @Requires('stock:write')
  setThreshold(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,
    @Body() input: SetThresholdInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<StockItemView> {
    return this.bus.execute(new SetThreshold(actor, id, { input, ifMatch }));
  }

  /** Withdraw an item from sale. What is held or allocated stays so. */
  @Post(':id/withdraw')
  @HttpCode(200)
  @Requires('stock:write')
  withdrawItem(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,
    @Body() input: WithdrawItemInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<StockItemView> {
    return this.bus.execute(new WithdrawItem(actor, id, { input, ifMatch }));
  }

  /** Put a withdrawn item on sale again. It needs a price, and a copy of a record a grade. */
  @Post(':id/relist')
  @HttpCode(200)
  @Requires('stock:write')
  relistItem(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,

    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<StockItemView> {
    return this.bus.execute(new RelistItem(actor, id, { ifMatch }));
  }

  /** Quarantine an item. It is not on sale until the instant, and then by itself; nobody can lift the quarantine before. */
  @Post(':id/quarantine')
  @HttpCode(200)
  @Requires('stock:write')
  quarantineItem(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,
    @Body() input: QuarantineItemInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<StockItemView> {
    return this.bus.execute(new QuarantineItem(actor, id, { input, ifMatch }));
  }

  /** Lift the quarantine of an item. That is possible once its time is over. */
  @Post(':id/lift-quarantine')
  @HttpCode(200)
  @Requires('stock:write')
  liftQuarantine(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,

    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<StockItemView> {
    return this.bus.execute(new LiftQuarantine(actor, id, { ifMatch }));
  }

  /** Write an item off. It is gone for ever with all its units; its history stays. */
  @Post(':id/write-off')
  @HttpCode(200)
  @Requires('stock:write')
  writeOffItem(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,
    @Body() input: WriteOffItemInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<StockItemView> {
    return this.bus.execute(new WriteOffItem(actor, id, { input, ifMatch }));
  }
}
