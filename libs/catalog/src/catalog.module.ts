import { Module, type Provider } from '@nestjs/common';
import { CategoriesController } from './categories.controller.js';
import './catalog.events.js';
import { ArchiveReleaseHandler } from './commands/archive-release.command.js';
import { CreateCategoryHandler } from './commands/create-category.command.js';
import { CreateReleaseHandler } from './commands/create-release.command.js';
import { DeleteCategoryHandler } from './commands/delete-category.command.js';
import { ImportReleasesHandler } from './commands/import-releases.command.js';
import { MergeReleaseHandler } from './commands/merge-release.command.js';
import { MoveCategoryHandler } from './commands/move-category.command.js';
import { RenameCategoryHandler } from './commands/rename-category.command.js';
import { RestoreReleaseHandler } from './commands/restore-release.command.js';
import { SetReleaseCategoriesHandler } from './commands/set-release-categories.command.js';
import { SetStockStatusHandler } from './commands/set-stock-status.command.js';
import { UpdateReleaseHandler } from './commands/update-release.command.js';
import { UpsertReleasesHandler } from './commands/upsert-releases.command.js';
import { FindLikelyDuplicatesHandler } from './queries/find-likely-duplicates.query.js';
import { GetCategoryHandler } from './queries/get-category.query.js';
import { GetReleaseFactsHandler } from './queries/get-release-facts.query.js';
import { GetReleaseHandler } from './queries/get-release.query.js';
import { ListCategoriesHandler } from './queries/list-categories.query.js';
import { ListReleasesHandler } from './queries/list-releases.query.js';
import { SuggestHandler } from './queries/suggest.query.js';
import { ReleaseCache } from './release-cache.js';
import { ReleaseFactsLog } from './release-facts-log.js';
import { ReleasesController } from './releases.controller.js';
import { SearchTerms } from './store/search-terms.js';

/** What other contexts send the catalogue. */
const BETWEEN_CONTEXTS: Provider[] = [UpsertReleasesHandler, SetStockStatusHandler, GetReleaseFactsHandler];

const FOR_PEOPLE: Provider[] = [
  ArchiveReleaseHandler,
  CreateCategoryHandler,
  CreateReleaseHandler,
  DeleteCategoryHandler,
  ImportReleasesHandler,
  MergeReleaseHandler,
  MoveCategoryHandler,
  RenameCategoryHandler,
  RestoreReleaseHandler,
  SetReleaseCategoriesHandler,
  UpdateReleaseHandler,
  FindLikelyDuplicatesHandler,
  GetCategoryHandler,
  GetReleaseHandler,
  ListCategoriesHandler,
  ListReleasesHandler,
  SuggestHandler,
];

/** The catalogue, for the api. */
@Module({ providers: [...BETWEEN_CONTEXTS, ...FOR_PEOPLE, ReleaseCache, ReleaseFactsLog, SearchTerms] })
export class CatalogModule {}

/** Routes of the catalogue. */
@Module({ controllers: [CategoriesController, ReleasesController] })
export class CatalogHttpModule {}

/** What the worker needs of the catalogue: the commands and queries of other contexts. */
@Module({ providers: [...BETWEEN_CONTEXTS, ReleaseCache, SearchTerms] })
export class CatalogWorkerModule {}
