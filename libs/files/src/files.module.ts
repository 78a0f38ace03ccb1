import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { CreateUploadHandler } from './commands/create-upload.command.js';
import { DeleteUploadHandler } from './commands/delete-upload.command.js';
import { PinUploadHandler } from './commands/pin-upload.command.js';
import { UnpinUploadHandler } from './commands/unpin-upload.command.js';
import { FILES_SETTINGS, type FilesSettings } from './files.settings.js';
import { KeyedUploads } from './intake/keyed-uploads.js';
import { UploadHold } from './intake/upload-hold.js';
import { UploadIntake } from './intake/upload-intake.js';
import { UploadCleanup } from './processors/upload-cleanup.processor.js';
import { GetUploadHandler } from './queries/get-upload.query.js';
import { ListUploadsHandler } from './queries/list-uploads.query.js';
import { DiskStorage } from './storage/disk-storage.js';
import { UploadStorage } from './storage/upload-storage.js';
import { UploadsController } from './uploads.controller.js';

/** What both apps need: reading uploads and saying who needs them. */
function common(settings: FilesSettings): Provider[] {
  return [
    { provide: FILES_SETTINGS, useValue: settings },
    { provide: UploadStorage, useFactory: () => new DiskStorage(settings.folder) },
    ...[GetUploadHandler, PinUploadHandler, UnpinUploadHandler],
  ];
}

/** Uploads, for the api: their routes and what takes them in. */
@Module({})
export class FilesHttpModule {
  static forRoot(settings: FilesSettings): DynamicModule {
    const intake = [UploadHold, KeyedUploads, UploadIntake];
    return {
      module: FilesHttpModule,
      controllers: [UploadsController],
      providers: [...common(settings), ...intake, CreateUploadHandler, DeleteUploadHandler, ListUploadsHandler],
      exports: [UploadStorage],
    };
  }
}

/** Uploads, for the worker: reading them, and deleting them by policy. Global: jobs read their sources through the storage. */
@Module({})
export class FilesWorkerModule {
  static forRoot(settings: FilesSettings): DynamicModule {
    return {
      module: FilesWorkerModule,
      global: true,
      providers: [...common(settings), UploadCleanup],
      exports: [UploadStorage],
    };
  }
}
