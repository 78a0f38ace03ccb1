import type { IncomingHttpHeaders } from 'node:http';
import { Controller, Delete, Get, HttpCode, Inject, Options, Patch, Post, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
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
import { FileQuery } from './file-query.js';
import { FILES_SETTINGS, type FilesSettings } from './files.settings.js';
import * as tus from './intake/tus-headers.js';
import { gone } from './intake/upload-hold.js';
import { UploadIntake } from './intake/upload-intake.js';
import { ListUploads, UPLOADS } from './queries/list-uploads.query.js';
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

  /** Tell what of the tus protocol is spoken. */
  @Options()
  @HttpCode(204)
  @Requires('file:write')
  @Streamed()
  describeUploads(@Res({ passthrough: true }) reply: ApiReply): void {
    reply.headers({
      'tus-resumable': tus.TUS_VERSION,
      'tus-version': tus.TUS_VERSION,
      'tus-extension': tus.TUS_EXTENSIONS,
      'tus-max-size': String(this.settings.uploadBytes),
    });
  }

  /** Send a file in one request, or, with Tus-Resumable, begin an upload whose bytes follow part by part. */
  @Post()
  @Requires('file:write')
  @Streamed()
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
   * Read an upload. Asked with HEAD, the headers say how far a resumable upload has come (Upload-Offset, Upload-Length), and one
   * that is gone answers 410.
   */
  @Get(':id')
  @Requires('file:read')
  async getUpload(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'upload') id: string,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) reply: ApiReply,
  ): Promise<UploadView> {
    const found = await this.intake.look(actor, id);
    if (!found) throw notFound();
    const { upload, arrived } = found;
    const isOver = upload.state === 'refused' || upload.state === 'expired';
    if (isOver && request.method === 'HEAD') throw gone(upload);
    if (upload.kind === 'resumable') describe(reply, upload, arrived);
    return uploadView(upload);
  }

  /** Send a part of a resumable upload, from the byte that Upload-Offset names. */
  @Patch(':id')
  @HttpCode(204)
  @Requires('file:write')
  @Streamed()
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

/** The headers by which a resuming client goes on. */
function describe(reply: ApiReply, upload: UploadRow, arrived: number): void {
  reply.headers({
    'tus-resumable': tus.TUS_VERSION,
    'upload-offset': String(arrived),
    'upload-length': String(upload.lengthBytes),
  });
  if (upload.state === 'receiving') reply.header('upload-expires', upload.expiresAt.toUTCString());
}
