import { Module, type Provider } from '@nestjs/common';
import './inventory.events.js';
import './item-event-types.js';
import { AdjustItemsHandler } from './commands/adjust-items.command.js';
import { AdjustStockHandler } from './commands/adjust-stock.command.js';
import { AllocateReservationHandler } from './commands/allocate-reservation.command.js';
import { ChangeCostHandler } from './commands/change-cost.command.js';
import { ChangePriceHandler } from './commands/change-price.command.js';
import { ChangePricesHandler } from './commands/change-prices.command.js';
import { CloseLocationHandler } from './commands/close-location.command.js';
import { CommitReservationHandler } from './commands/commit-reservation.command.js';
import { CountStockHandler } from './commands/count-stock.command.js';
import { CreateLocationHandler } from './commands/create-location.command.js';
import { DescribeItemHandler } from './commands/describe-item.command.js';
import { ExtendReservationHandler } from './commands/extend-reservation.command.js';
import { LiftDueQuarantineHandler } from './commands/lift-due-quarantine.command.js';
import { LiftQuarantineHandler } from './commands/lift-quarantine.command.js';
import { MakeReservationHandler } from './commands/make-reservation.command.js';
import { QuarantineItemHandler } from './commands/quarantine-item.command.js';
import { ReceiveItemsHandler } from './commands/receive-items.command.js';
import { ReceiveStockInBulkHandler } from './commands/receive-stock-in-bulk.command.js';
import { ReceiveStockHandler } from './commands/receive-stock.command.js';
import { RegradeItemHandler } from './commands/regrade-item.command.js';
import { ReleaseExpiredHoldsHandler } from './commands/release-expired-holds.command.js';
import { ReleaseReservationHandler } from './commands/release-reservation.command.js';
import { RelistItemHandler } from './commands/relist-item.command.js';
import { RenameLocationHandler } from './commands/rename-location.command.js';
import { ReturnReservationHandler } from './commands/return-reservation.command.js';
import { SetThresholdHandler } from './commands/set-threshold.command.js';
import { TellCatalogHandler } from './commands/tell-catalog.command.js';
import { TransferStockHandler } from './commands/transfer-stock.command.js';
import { WithdrawItemHandler } from './commands/withdraw-item.command.js';
import { WriteOffItemHandler } from './commands/write-off-item.command.js';
import { ItemChangesController } from './item-changes.controller.js';
import { LocationsController } from './locations.controller.js';
import { HoldDays } from './projections/hold-days.projection.js';
import { Movements } from './projections/movements.projection.js';
import { Prices } from './projections/prices.projection.js';
import { StockGuards } from './projections/stock-guards.projection.js';
import { StockList } from './projections/stock-list.projection.js';
import { GetAvailabilityHandler } from './queries/get-availability.query.js';
import { GetHoldStatisticsHandler } from './queries/get-hold-statistics.query.js';
import { GetInventorySummaryHandler } from './queries/get-inventory-summary.query.js';
import { GetLocationHandler } from './queries/get-location.query.js';
import { GetPriceHistoryHandler } from './queries/get-price-history.query.js';
import { GetReservationHandler } from './queries/get-reservation.query.js';
import { GetStockItemHandler } from './queries/get-stock-item.query.js';
import { ListItemMovementsHandler } from './queries/list-item-movements.query.js';
import { ListLocationMovementsHandler } from './queries/list-location-movements.query.js';
import { ListLocationsHandler } from './queries/list-locations.query.js';
import { ListStockItemsHandler } from './queries/list-stock-items.query.js';
import { OnStockChanged } from './reactions/on-stock-changed.js';
import { ReservationsController } from './reservations.controller.js';
import { Reservations } from './reservations.js';
import { StockExport } from './stock-export.js';
import { StockItemsController } from './stock-items.controller.js';
import { StockNumbersController } from './stock-numbers.controller.js';
import { Stock } from './stock.js';
import { HoldSweep } from './tasks/hold-sweep.task.js';

const HANDLERS: Provider[] = [
  AdjustStockHandler,
  AllocateReservationHandler,
  ChangeCostHandler,
  ChangePriceHandler,
  CloseLocationHandler,
  CommitReservationHandler,
  CountStockHandler,
  CreateLocationHandler,
  DescribeItemHandler,
  ExtendReservationHandler,
  LiftDueQuarantineHandler,
  LiftQuarantineHandler,
  MakeReservationHandler,
  QuarantineItemHandler,
  ReceiveStockHandler,
  ReceiveStockInBulkHandler,
  RegradeItemHandler,
  ReleaseExpiredHoldsHandler,
  ReleaseReservationHandler,
  RelistItemHandler,
  RenameLocationHandler,
  ReturnReservationHandler,
  SetThresholdHandler,
  TransferStockHandler,
  WithdrawItemHandler,
  WriteOffItemHandler,
  GetLocationHandler,
  GetReservationHandler,
  GetStockItemHandler,
  AdjustItemsHandler,
  ChangePricesHandler,
  ReceiveItemsHandler,
  TellCatalogHandler,
  GetAvailabilityHandler,
  GetHoldStatisticsHandler,
  GetInventorySummaryHandler,
  GetPriceHistoryHandler,
];

/** Lists are for the api: their cursors are signed by its edge. */
export const LISTS: Provider[] = [
  ListLocationsHandler,
  ListItemMovementsHandler,
  ListLocationMovementsHandler,
  ListStockItemsHandler,
];

/** Stock, locations and reservations: commands and queries, for both apps. */
@Module({ providers: [...HANDLERS, Reservations, Stock, StockGuards] })
export class InventoryModule {}

/** Routes of inventory. */
@Module({
  providers: [...LISTS, StockExport],
  controllers: [
    ItemChangesController,
    LocationsController,
    ReservationsController,
    StockItemsController,
    StockNumbersController,
  ],
})
export class InventoryHttpModule {}

/** What follows events, and what comes back by the clock: for the worker. */
@Module({ providers: [HoldDays, HoldSweep, Movements, OnStockChanged, Prices, StockList] })
export class InventoryWorkerModule {}
