export type { StockOutcome } from './bulk-reception.js';
export { ReceiveStockInBulk } from './commands/receive-stock-in-bulk.command.js';
export type { ReceiveItem } from './domain/receive-item.js';
export { InventoryHttpModule, InventoryModule, InventoryWorkerModule } from './inventory.module.js';
export { GetLocation } from './queries/get-location.query.js';
