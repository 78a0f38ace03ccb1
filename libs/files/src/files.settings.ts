/** What files is told by the app. */
export interface FilesSettings {
  /** Where uploads are kept; all api and worker processes share it. */
  readonly folder: string;
  /** Most bytes of one upload, as sent and unpacked. */
  readonly uploadBytes: number;
  /** Most bytes of all uploads of a tenant, unfinished ones included. */
  readonly tenantBytes: number;
  /** How long an upload is kept that no job needs. */
  readonly keepMs: number;
}

const MIB = 1_048_576;
const DAY_MS = 24 * 60 * 60_000;

/** From the variables that both apps read. */
export function filesSettings(config: {
  readonly UPLOADS_FOLDER: string;
  readonly UPLOAD_MAX_MIB: number;
  readonly UPLOADS_TENANT_MIB: number;
  readonly UPLOAD_KEEP_DAYS: number;
}): FilesSettings {
  return {
    folder: config.UPLOADS_FOLDER,
    uploadBytes: config.UPLOAD_MAX_MIB * MIB,
    tenantBytes: config.UPLOADS_TENANT_MIB * MIB,
    keepMs: config.UPLOAD_KEEP_DAYS * DAY_MS,
  };
}

/** Injection token of the settings. */
export const FILES_SETTINGS = Symbol('files settings');

/** An upload that is not finished by then has expired. */
export const UNFINISHED_MS = DAY_MS;
/** Unfinished uploads of one tenant: each holds room that may never be used. */
export const MOST_OPEN_UPLOADS = 100;
/** Who sends to an upload holds it so long without a sign of life; another process takes over after that. */
export const LEASE_MS = 6_000;
/** Room is taken in steps where the size is not known before: a unit of work per 16 MiB. */
export const ROOM_STEP_BYTES = 16 * 1_048_576;
