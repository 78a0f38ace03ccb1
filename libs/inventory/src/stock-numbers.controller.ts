import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiTags } from '#api-document';
import { BulkBody, CurrentActor, ReadsProjection, Requires } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { StockOutcomesView } from './bulk.dto.js';
import { AdjustItems, AdjustItemsInput } from './commands/adjust-items.command.js';
import { ChangePrices, ChangePricesInput } from './commands/change-prices.command.js';
import { AvailabilityParameters, AvailabilityView, GetAvailability } from './queries/get-availability.query.js';
import {
  GetHoldStatistics,
  HoldStatisticsParameters,
  HoldStatisticsView,
} from './queries/get-hold-statistics.query.js';
import {
  GetInventorySummary,
  InventorySummaryParameters,
  InventorySummaryView,
} from './queries/get-inventory-summary.query.js';

/** Numbers over all stock, and changes of many items at once. */
@ApiTags('Stock')
@Controller('inventory')
export class StockNumbersController {
  constructor(private readonly bus: Bus) {}

  /**
   * Change many prices. Up to 1,000 per call with an outcome for each; every item names the version whose price was seen, without
   * which the whole call is refused.
   */
  @Post('prices/bulk')
  @BulkBody()
  @HttpCode(200)
  @Requires('stock:write')
  changePrices(@CurrentActor() actor: Actor, @Body() input: ChangePricesInput): Promise<StockOutcomesView> {
    return this.bus.execute(new ChangePrices(actor, input));
  }

  /** Adjust many items. Up to 1,000 per call with an outcome for each, for one reason. */
  @Post('adjustments/bulk')
  @BulkBody()
  @HttpCode(200)
  @Requires('stock:write')
  adjustItems(@CurrentActor() actor: Actor, @Body() input: AdjustItemsInput): Promise<StockOutcomesView> {
    return this.bus.execute(new AdjustItems(actor, input));
  }

  /** Read availability. How many units of some items can be had at this moment; items that are not there are left out. */
  @Get('availability')
  @Requires('stock:read')
  getAvailability(
    @CurrentActor() actor: Actor,
    @Query() parameters: AvailabilityParameters,
  ): Promise<AvailabilityView> {
    return this.bus.execute(new GetAvailability(actor, parameters.itemIds));
  }

  /** Read hold statistics. Per day: what was held, and how much of such was converted, expired or released. */
  @Get('hold-statistics')
  @Requires('stock:read')
  @ReadsProjection('inventory.hold-days')
  getHoldStatistics(
    @CurrentActor() actor: Actor,
    @Query() parameters: HoldStatisticsParameters,
  ): Promise<HoldStatisticsView> {
    return this.bus.execute(new GetHoldStatistics(actor, parameters.days));
  }

  /** Read the summary of the stock. Units, value by cost and by list price, age and sales; with `asOf` units and value of then. */
  @Get('summary')
  @Requires('stock:read')
  @ReadsProjection('inventory.stock-list', 'inventory.hold-days')
  getInventorySummary(
    @CurrentActor() actor: Actor,
    @Query() parameters: InventorySummaryParameters,
  ): Promise<InventorySummaryView> {
    return this.bus.execute(new GetInventorySummary(actor, parameters.asOf));
  }
}
