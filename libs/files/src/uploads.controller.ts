import type { IncomingHttpHeaders } from 'node:http';
import { Controller, Delete, Get, Head, HttpCode, Inject, Options, Patch, Post, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '#api-document';
import {
  API_PREFIX,
  ApiPage,
  type ApiReply,
  type ApiRequest,
  CurrentActor,
  httpErrors,
  idempotencyKey,
  IdParam,
  IfMatch,
  type IfMatchCondition,
  ListQuery,
  type ListRequest,
  notFound,
  type Page,
  Requires,
  Streamed,
} from '#platform/http';
import { type Actor, formatId } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { CreateUpload } from './commands/create-upload.command.js';
import { DeleteUpload } from './commands/delete-upload.command.js';
import { FileQuery } from './file.dto.js';
import { FILES_SETTINGS, type FilesSettings } from './files.settings.js';
import * as tus from './intake/tus-headers.js';
import { gone } from './intake/upload-hold.js';
import { UploadIntake } from './intake/upload-intake.js';
import { ListUploads, UPLOADS } from './queries/list-uploads.query.js';
import { EmptyForTus, TakesFile, TakesPart, TellsOfTus, TellsProgress } from './uploads.api.js';
import { type UploadRow, UploadView, uploadView } from './uploads.views.js';

/** Files that a store sends, to be used by jobs: in one request, or resumably by the tus protocol. */
@ApiTags('Uploads')
@Controller('uploads')
export class UploadsController {
  constructor(
    private readonly bus: Bus,
    private readonly intake: UploadIntake,
    @Inject(FILES_SETTINGS) private readonly settings: FilesSettings,
  ) {}

  /** Tell what of the tus protocol is spoken. The answer has no body: its headers say it. */
  @Options()
  @HttpCode(204)
  @Requires('file:write')
  @Streamed()
  @TellsOfTus()
  describeUploads(@Res({ passthrough: true }) reply: ApiReply): void {
    reply.headers({
      'tus-resumable': tus.TUS_VERSION,
      'tus-version': tus.TUS_VERSION,
      'tus-extension': tus.TUS_EXTENSIONS,
      'tus-max-size': String(this.settings.uploadBytes),
    });
  }

  /**
   * Send a file in one request, or begin a resumable upload. The body is the file as it is, with any Content-Type but the API's own
   * JSON, and may take any time as long as it comes with 1 KiB per second. All of it is kept, or nothing. With an Idempotency-Key
   * the same bytes are the same upload, and other bytes are refused. With Tus-Resumable and Upload-Length the request has no body:
   * the bytes follow, part by part.
   */
  @Post()
  @Requires('file:write')
  @Streamed()
  @TakesFile()
  @TellsProgress(201)
  async createUpload(
    @CurrentActor() actor: Actor,
    @Query() query: FileQuery,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<UploadView> {
    const { headers } = request;
    const key = idempotencyKey(headers['idempotency-key'], false);
    const { upload, replayed } =
      headers['tus-resumable'] === undefined
        ? await this.receive(actor, query, request, key)
        : await this.begin(actor, headers, reply, key);
    reply.header('location', `/${API_PREFIX}/uploads/${formatId('upload', upload.id)}`);
    if (replayed) reply.header('idempotency-replayed', 'true');
    if (upload.kind === 'resumable') describe(reply, upload, 0);
    return uploadView(upload);
  }

  /** List uploads. Unfinished, refused and expired ones are listed, too, until they are deleted. */
  @Get()
  @Requires('file:read')
  @ApiPage(UploadView)
  listUploads(@CurrentActor() actor: Actor, @ListQuery(UPLOADS) request: ListRequest): Promise<Page<UploadView>> {
    return this.bus.execute(new ListUploads(actor, request));
  }

  /**
   * Ask how far an upload has come. Headers say it of a resumable one: its next part begins at Upload-Offset. One that was refused
   * or has expired answers 410.
   */
  @Head(':id')
  @Requires('file:read')
  @Streamed()
  @TellsProgress(200, 'How far the upload has come.')
  async askUploadOffset(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'upload') id: string,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<UploadView> {
    const { upload, arrived } = await this.look(actor, id);
    if (upload.state === 'refused' || upload.state === 'expired') throw gone(upload);
    return shown(reply, upload, arrived);
  }

  /** Read an upload. Of a resumable one, headers say how far it has come. */
  @Get(':id')
  @Requires('file:read')
  @TellsProgress(200)
  async getUpload(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'upload') id: string,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<UploadView> {
    const { upload, arrived } = await this.look(actor, id);
    return shown(reply, upload, arrived);
  }

  /**
   * Send a part of a resumable upload, from the byte that Upload-Offset names. A part that does not begin where the upload ends
   * answers 409, with the right `offset`. What arrived before a connection broke is kept. The last byte completes the upload: where
   * its SHA-256 was announced and differs, it is refused (422), and gzip is unpacked.
   */
  @Patch(':id')
  @HttpCode(204)
  @Requires('file:write')
  @Streamed()
  @TakesPart()
  @TellsProgress(204, 'What was sent has arrived.')
  async appendToUpload(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'upload') id: string,
    @Req() { headers, raw }: ApiRequest,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<void> {
    tus.checkTusVersion(headers);
    reply.header('tus-resumable', tus.TUS_VERSION);
    if (headers['content-type'] !== tus.TUS_PART_TYPE) {
      throw httpErrors.unsupported_media_type(`Send a part of an upload as ${tus.TUS_PART_TYPE}.`);
    }
    const { upload, arrived } = await this.intake.append(actor, id, tus.bytesOf(headers, 'upload-offset'), raw);
    describe(reply, upload, arrived);
  }

  /**
   * Delete an upload. One that a job needs stays: 409. An unfinished one gives back the room it has taken. The answer is the
   * upload as it was; with Tus-Resumable it is empty (204).
   */
  @Delete(':id')
  @Requires('file:write')
  @EmptyForTus()
  async deleteUpload(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'upload') id: string,
    @Req() { headers }: ApiRequest,
    @Res({ passthrough: true }) reply: ApiReply,
    @IfMatch() ifMatch?: IfMatchCondition,
  ): Promise<UploadView | undefined> {
    const deleted = await this.bus.execute(new DeleteUpload(actor, id, ifMatch));
    if (headers['tus-resumable'] === undefined) return deleted;
    reply.code(204).header('tus-resumable', tus.TUS_VERSION);
    return undefined;
  }

  private async look(actor: Actor, id: string): Promise<{ upload: UploadRow; arrived: number }> {
    const found = await this.intake.look(actor, id);
    if (!found) throw notFound();
    return found;
  }

  private receive(
    actor: Actor,
    { filename, sha256 }: FileQuery,
    { headers, raw }: ApiRequest,
    key: string | undefined,
  ): Promise<{ upload: UploadRow; replayed: boolean }> {
    const length = headers['content-length'];
    return this.intake.receive(actor, {
      ...tus.checkedClaims(filename, sha256, 'query'),
      body: raw,
      contentLength: length === undefined ? undefined : Number(length),
      sentAsGzip: tus.isSentAsGzip(headers),
      idempotencyKey: key,
    });
  }

  private async begin(
    actor: Actor,
    headers: IncomingHttpHeaders,
    reply: ApiReply,
    key: string | undefined,
  ): Promise<{ upload: UploadRow; replayed: boolean }> {
    tus.checkTusVersion(headers);
    reply.header('tus-resumable', tus.TUS_VERSION);
    const lengthBytes = tus.bytesOf(headers, 'upload-length');
    const file = { ...tus.claimsOf(headers), lengthBytes, idempotencyKey: key };
    const created = await this.bus.execute(new CreateUpload(actor, file));
    if (lengthBytes > 0) return created;
    const upload = (await this.intake.look(actor, created.upload.id))?.upload ?? created.upload;
    return { ...created, upload };
  }
}

function shown(reply: ApiReply, upload: UploadRow, arrived: number): UploadView {
  if (upload.kind === 'resumable') describe(reply, upload, arrived);
  return uploadView(upload);
}

/** The headers by which a resuming client goes on. */
function describe(reply: ApiReply, upload: UploadRow, arrived: number): void {
  reply.headers({
    'tus-resumable': tus.TUS_VERSION,
    'upload-offset': String(arrived),
    'upload-length': String(upload.lengthBytes),
  });
  if (upload.state === 'receiving') reply.header('upload-expires', upload.expiresAt.toUTCString());
}
