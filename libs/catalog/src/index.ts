export type { CatalogEvent, ReleaseFact } from './catalog.events.js';
export { CatalogHttpModule, CatalogModule, CatalogWorkerModule } from './catalog.module.js';
export { SetStockStatus } from './commands/set-stock-status.command.js';
export type { StockStatus } from './commands/set-stock-status.command.js';
export { UpsertReleases } from './commands/upsert-releases.command.js';
export type { ReleaseItem, ReleaseOutcome } from './commands/upsert-releases.command.js';
export { GetReleaseFacts } from './queries/get-release-facts.query.js';
export type { ReleaseFacts } from './queries/get-release-facts.query.js';
