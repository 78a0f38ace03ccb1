import { Readable } from 'node:stream';
import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '#api-document';
import {
  API_PREFIX,
  ApiPage,
  type ApiReply,
  BulkBody,
  CurrentActor,
  IdParam,
  IfMatch,
  type IfMatchCondition,
  ListQuery,
  type ListRequest,
  type Page,
  ReadsProjection,
  Requires,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { StockOutcomesView } from './bulk.dto.js';
import { DescribeItem, DescribeItemInput } from './commands/describe-item.command.js';
import { ReceiveStock, ReceiveStockInput } from './commands/receive-stock.command.js';
import { ReceiveItems, ReceiveItemsInput } from './commands/receive-items.command.js';
import { WriteOffItem } from './commands/write-off-item.command.js';
import type { StockItemView } from './inventory.views.js';
import { MOVEMENTS, MovementView } from './movement.views.js';
import { GetPriceHistory, PriceHistoryView } from './queries/get-price-history.query.js';
import { GetStockItem, GetStockItemParameters } from './queries/get-stock-item.query.js';
import { ListItemMovements } from './queries/list-item-movements.query.js';
import { ListStockItems } from './queries/list-stock-items.query.js';
import { CSV_HEADER, StockExport } from './stock-export.js';
import { STOCK_EXPORT, STOCK_ITEMS } from './stock-list.js';
import { ListedItemView } from './stock-list.views.js';

/** What is on the shelves: graded copies and pools of identical units. */
@ApiTags('Stock items')
@Controller('inventory/items')
export class StockItemsController {
  constructor(
    private readonly bus: Bus,
    private readonly files: StockExport,
  ) {}

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

  /**
   * Receive many items. Up to 1,000 per call with an outcome for each; an item with a key that is known is updated, and a pool is set
   * to the number.
   */
  @Post('bulk')
  @BulkBody()
  @HttpCode(200)
  @Requires('stock:write')
  receiveItems(@CurrentActor() actor: Actor, @Body() input: ReceiveItemsInput): Promise<StockOutcomesView> {
    return this.bus.execute(new ReceiveItems(actor, input));
  }

  /**
   * List items. Those that were archived or written off are left out unless their status is asked for. The list follows the events
   * within moments; with the Consistency-Token of a change it waits for that change.
   */
  @Get()
  @Requires('stock:read')
  @ReadsProjection('inventory.stock-list')
  @ApiPage(ListedItemView)
  listStockItems(
    @CurrentActor() actor: Actor,
    @ListQuery(STOCK_ITEMS) request: ListRequest,
  ): Promise<Page<ListedItemView>> {
    return this.bus.execute(new ListStockItems(actor, request));
  }

  /**
   * Export items as CSV. The filters and the order are those of the list, the file is as long as it has to be. A text that a
   * spreadsheet would take for a formula has an apostrophe in front.
   */
  @Get('export')
  @Requires('stock:read')
  @ReadsProjection('inventory.stock-list')
  @ApiProduces('text/csv')
  @ApiOkResponse({
    description: 'CSV (RFC 4180) in UTF-8 with a header.',
    schema: { type: 'string', example: CSV_HEADER },
  })
  async exportStockItems(
    @CurrentActor() actor: Actor,
    @ListQuery(STOCK_EXPORT) request: ListRequest,
  ): Promise<StreamableFile> {
    const file = Readable.from(await this.files.open(actor, request), { objectMode: false });
    return new StreamableFile(file, {
      type: 'text/csv; charset=utf-8; header=present',
      disposition: 'attachment; filename="stock.csv"',
    });
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

  /** List the movements of an item. Units that came and went, the latest first. */
  @Get(':id/movements')
  @Requires('stock:read')
  @ReadsProjection('inventory.movements')
  @ApiPage(MovementView)
  listItemMovements(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'stockItem') id: string,
    @ListQuery(MOVEMENTS) request: ListRequest,
  ): Promise<Page<MovementView>> {
    return this.bus.execute(new ListItemMovements(actor, id, request));
  }

  /** Read the price history of an item. It names the lowest price of the last 30 days, and the price before a reduction. */
  @Get(':id/prices')
  @Requires('stock:read')
  @ReadsProjection('inventory.prices')
  getPriceHistory(@CurrentActor() actor: Actor, @IdParam('id', 'stockItem') id: string): Promise<PriceHistoryView> {
    return this.bus.execute(new GetPriceHistory(actor, id));
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
