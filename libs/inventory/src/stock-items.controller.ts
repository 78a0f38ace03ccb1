import { Body, Controller, Delete, Get, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  API_PREFIX,
  type ApiReply,
  CurrentActor,
  IdParam,
  IfMatch,
  type IfMatchCondition,
  Requires,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { DescribeItem, DescribeItemInput } from './commands/describe-item.command.js';
import { ReceiveStock, ReceiveStockInput } from './commands/receive-stock.command.js';
import { WriteOffItem } from './commands/write-off-item.command.js';
import type { StockItemView } from './inventory.views.js';
import { GetStockItem, GetStockItemParameters } from './queries/get-stock-item.query.js';

/** What is on the shelves: graded copies and pools of identical units. */
@ApiTags('Stock items')
@Controller('inventory/items')
export class StockItemsController {
  constructor(private readonly bus: Bus) {}

  /**
   * Receive an item. A copy without a grade, and anything without a price, is received and withdrawn until it has one. Its code is
   * unique in the store.
   */
  @Post()
  @Requires('stock:write')
  async receiveStock(
    @CurrentActor() actor: Actor,
    @Body() input: ReceiveStockInput,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<StockItemView> {
    const item = await this.bus.execute(new ReceiveStock(actor, input));
    reply.header('location', `/${API_PREFIX}/inventory/items/${item.id}`);
    return item;
  }

  /** Read an item. With `asOf` it is shown as it was at that instant. */
  @Get(':id')
  @Requires('stock:read')
  getStockItem(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,
    @Query() parameters: GetStockItemParameters,
  ): Promise<StockItemView> {
    return this.bus.execute(new GetStockItem(actor, id, parameters.asOf));
  }

  /** Change what is written about an item. Its history keeps what was written before. */
  @Patch(':id')
  @Requires('stock:write')
  describeItem(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,
    @Body() input: DescribeItemInput,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<StockItemView> {
    return this.bus.execute(new DescribeItem(actor, id, { input, ifMatch }));
  }

  /** Archive an item. It is written off and leaves the lists; its history stays and can be read for ever. */
  @Delete(':id')
  @Requires('stock:write')
  archiveItem(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<StockItemView> {
    return this.bus.execute(new WriteOffItem(actor, id, { input: { reason: 'archived' }, ifMatch }));
  }
}
