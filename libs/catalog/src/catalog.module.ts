import { Module, type Provider } from '@nestjs/common';
import './catalog.events.js';
import { SetStockStatusHandler } from './commands/set-stock-status.command.js';
import { UpsertReleasesHandler } from './commands/upsert-releases.command.js';
import { GetReleaseFactsHandler } from './queries/get-release-facts.query.js';

const HANDLERS: Provider[] = [SetStockStatusHandler, UpsertReleasesHandler, GetReleaseFactsHandler];

/** Releases and what is found of them: what an app needs to send the catalogue its commands and queries. */
@Module({ providers: HANDLERS })
export class CatalogModule {}
