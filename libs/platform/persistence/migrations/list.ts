import type { Migration } from '@mikro-orm/migrations';
import type { Constructor } from '@mikro-orm/postgresql';
import { HttpIdempotency } from './20261120100000-http-idempotency.js';
import { IdentityFirstPart } from './20261120101000-identity-first-part.js';
import { JobsTask } from './20261120102000-jobs-task.js';
import { EsTables } from './20261120103000-es-tables.js';
import { EsAppend } from './20261120103100-es-append.js';
import { EsAppendStreams } from './20261120103200-es-append-streams.js';
import { EsProgress } from './20261120104000-es-progress.js';
import { EsInlineReadModels } from './20261125100000-es-inline-read-models.js';
import { CatalogReleases } from './20261125100100-catalog-releases.js';
import { CatalogCategories } from './20261125100200-catalog-categories.js';
import { EsParkedCommands } from './20261125103000-es-parked-commands.js';
import { EsReplays } from './20261125103100-es-replays.js';
import { InventoryStock } from './20261125110000-inventory-stock.js';
import { InventoryReadModels } from './20261125110100-inventory-read-models.js';
import { JobsWork } from './20261125120000-jobs-work.js';
import { JobsKeys } from './20261125120100-jobs-keys.js';
import { FilesUploads } from './20261125130000-files-uploads.js';
import { InventoryPriceOrder } from './20261125150000-inventory-price-order.js';
import { FreightJobs } from './20261125140000-freight-jobs.js';
import { CatalogSearchParts } from './20261125160000-catalog-search-parts.js';
import { FreightWords } from './20261125170000-freight-words.js';
import { EsAppendOne } from './20261125180000-es-append-one.js';

interface ListedMigration {
  /** Its file's name: the order, for ever. */
  readonly name: string;
  readonly type: Constructor<Migration>;
}

/** Every migration, oldest first. One list for all contexts: the database migrates as one. */
export const migrations: readonly ListedMigration[] = [
  { name: '20261120100000-http-idempotency', type: HttpIdempotency },
  { name: '20261120101000-identity-first-part', type: IdentityFirstPart },
  { name: '20261120102000-jobs-task', type: JobsTask },
  { name: '20261120103000-es-tables', type: EsTables },
  { name: '20261120103100-es-append', type: EsAppend },
  { name: '20261120103200-es-append-streams', type: EsAppendStreams },
  { name: '20261120104000-es-progress', type: EsProgress },
  { name: '20261125100000-es-inline-read-models', type: EsInlineReadModels },
  { name: '20261125100100-catalog-releases', type: CatalogReleases },
  { name: '20261125100200-catalog-categories', type: CatalogCategories },
  { name: '20261125103000-es-parked-commands', type: EsParkedCommands },
  { name: '20261125103100-es-replays', type: EsReplays },
  { name: '20261125110000-inventory-stock', type: InventoryStock },
  { name: '20261125110100-inventory-read-models', type: InventoryReadModels },
  { name: '20261125120000-jobs-work', type: JobsWork },
  { name: '20261125120100-jobs-keys', type: JobsKeys },
  { name: '20261125130000-files-uploads', type: FilesUploads },
  { name: '20261125140000-freight-jobs', type: FreightJobs },
  { name: '20261125150000-inventory-price-order', type: InventoryPriceOrder },
  { name: '20261125160000-catalog-search-parts', type: CatalogSearchParts },
  { name: '20261125170000-freight-words', type: FreightWords },
  { name: '20261125180000-es-append-one', type: EsAppendOne },
];

/** Their names, for the schema check at start. */
export const migrationNames: readonly string[] = migrations.map((migration) => migration.name);
