import { Body, Controller, Get, HttpCode, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { ApiTags } from '#api-document';
import {
  API_PREFIX,
  ApiPage,
  type ApiReply,
  BulkBody,
  CurrentActor,
  etagOf,
  IdParam,
  IfMatch,
  type IfMatchCondition,
  ListQuery,
  type ListRequest,
  type Page,
  Requires,
} from '#platform/http';
import type { Actor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { ReleaseSummaryView, ReleaseView } from './catalog.views.js';
import { ArchiveRelease } from './commands/archive-release.command.js';
import { CreatedReleaseView, CreateRelease, CreateReleaseInput } from './commands/create-release.command.js';
import { ImportReleases, ImportReleasesInput, ImportedReleasesView } from './commands/import-releases.command.js';
import { MergeRelease, MergeReleaseInput } from './commands/merge-release.command.js';
import { RestoreRelease } from './commands/restore-release.command.js';
import { SetReleaseCategories, SetReleaseCategoriesInput } from './commands/set-release-categories.command.js';
import { UpdateRelease, UpdateReleaseInput } from './commands/update-release.command.js';
import { FindLikelyDuplicates, LikelyDuplicatesView } from './queries/find-likely-duplicates.query.js';
import { GetRelease } from './queries/get-release.query.js';
import { ListReleases, type ListReleasesParameters, RELEASES } from './queries/list-releases.query.js';
import { Suggest, SuggestionsView, SuggestParameters } from './queries/suggest.query.js';

/** What a store has in its catalogue: records, and other goods. */
@ApiTags('Catalogue: releases')
@Controller('catalog/releases')
export class ReleasesController {
  constructor(private readonly bus: Bus) {}

  /**
   * Add a release. One that is likely in the catalogue already is added all the same: the answer shows the others in
   * `likelyDuplicates`, and merging is a call of its own.
   */
  @Post()
  @Requires('release:write')
  async createRelease(
    @CurrentActor() actor: Actor,
    @Body() input: CreateReleaseInput,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<CreatedReleaseView> {
    const created = await this.bus.execute(new CreateRelease(actor, input));
    reply.header('location', `/${API_PREFIX}/catalog/releases/${created.id}`);
    return tagged(reply, created);
  }

  /**
   * Create or update releases by the ids of another system. Up to 1,000 a call; every one has its outcome in `outcomes`, in the
   * order they were sent, and a bad one does not keep the others out. Members that are left out stay as they are, null clears
   * them; a release that is new to the source needs a title. The same again changes nothing.
   */
  @Post('bulk')
  @HttpCode(200)
  @Requires('release:write')
  @BulkBody()
  importReleases(@CurrentActor() actor: Actor, @Body() input: ImportReleasesInput): Promise<ImportedReleasesView> {
    return this.bus.execute(new ImportReleases(actor, input));
  }

  /**
   * List and find releases. Without `q` all active ones, newest first; with it what has all its words, best first. A catalogue
   * number or barcode comes first. Where nothing is found, what is spelt alike is looked for, and `page.correctedTo` says so.
   * More than 2,000 matches are ranked by their first 2,000. A comma inside a filter's value is left out.
   */
  @Get()
  @Requires('release:read')
  @ApiPage(ReleaseSummaryView)
  listReleases(
    @CurrentActor() actor: Actor,
    @ListQuery(RELEASES) request: ListRequest<ListReleasesParameters>,
  ): Promise<Page<ReleaseSummaryView>> {
    return this.bus.execute(new ListReleases(actor, request));
  }

  /** Suggest artists and titles. They go on as somebody has begun to type. */
  @Get('suggestions')
  @Requires('release:read')
  suggestReleases(@CurrentActor() actor: Actor, @Query() parameters: SuggestParameters): Promise<SuggestionsView> {
    return this.bus.execute(new Suggest(actor, parameters));
  }

  /**
   * Read a release. Archived and merged ones can be read for ever; a merged one says where it went in `mergedInto`. The ETag
   * changes with the stock, too; in `If-Match` only the version in it counts.
   */
  @Get(':id')
  @Requires('release:read')
  async getRelease(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'release') id: string,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<ReleaseView> {
    return tagged(reply, await this.bus.execute(new GetRelease(actor, id)));
  }

  /** Find releases that may be the same. Same barcode, same number of the same label, or same artist and title. */
  @Get(':id/likely-duplicates')
  @Requires('release:read')
  findLikelyDuplicates(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'release') id: string,
  ): Promise<LikelyDuplicatesView> {
    return this.bus.execute(new FindLikelyDuplicates(actor, id));
  }

  /** Change a release. Members that are left out stay as they are; null clears one. */
  @Patch(':id')
  @Requires('release:write')
  async updateRelease(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'release') id: string,
    @Body() input: UpdateReleaseInput,
    @Res({ passthrough: true }) reply: ApiReply,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<ReleaseView> {
    return tagged(reply, await this.bus.execute(new UpdateRelease(actor, id, { input, ifMatch })));
  }

  /** Archive a release. It is in no list and not found any more; nothing is lost. */
  @Post(':id/archive')
  @HttpCode(200)
  @Requires('release:write')
  async archiveRelease(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'release') id: string,
    @Res({ passthrough: true }) reply: ApiReply,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<ReleaseView> {
    return tagged(reply, await this.bus.execute(new ArchiveRelease(actor, id, ifMatch)));
  }

  /** Bring an archived release back. It is listed and found again. */
  @Post(':id/restore')
  @HttpCode(200)
  @Requires('release:write')
  async restoreRelease(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'release') id: string,
    @Res({ passthrough: true }) reply: ApiReply,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<ReleaseView> {
    return tagged(reply, await this.bus.execute(new RestoreRelease(actor, id, ifMatch)));
  }

  /** Merge a release into another. External ids and categories move there; stock follows a moment later. It cannot be undone. */
  @Post(':id/merge')
  @HttpCode(200)
  @Requires('release:write')
  async mergeRelease(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'release') id: string,
    @Body() input: MergeReleaseInput,
    @Res({ passthrough: true }) reply: ApiReply,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<ReleaseView> {
    return tagged(reply, await this.bus.execute(new MergeRelease(actor, id, { input, ifMatch })));
  }

  /** Say in which categories a release stands. The list replaces the one before. */
  @Put(':id/categories')
  @Requires('release:write')
  async setReleaseCategories(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'release') id: string,
    @Body() input: SetReleaseCategoriesInput,
    @Res({ passthrough: true }) reply: ApiReply,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<ReleaseView> {
    return tagged(reply, await this.bus.execute(new SetReleaseCategories(actor, id, { input, ifMatch })));
  }
}

/** The ETag also tells what is in stock, which the version does not. */
function tagged<T extends ReleaseView>(reply: ApiReply, release: T): T {
  reply.header('etag', etagOf(release.version, release.stock.available));
  return release;
}
