import { ApiProperty } from '#api-document';
import { IdOf, Instant } from '#platform/http';
import { formatId } from '#platform/kernel';

/** How an upload stands. */
export type UploadState = 'receiving' | 'complete' | 'refused' | 'expired';

export const UPLOAD_STATES: readonly UploadState[] = ['receiving', 'complete', 'refused', 'expired'];

/** Why an upload was refused. */
export class UploadRefusalView {
  /** @example "files.checksum_mismatch" */
  code!: string;
  /** @example "What arrived is not what was announced: its SHA-256 differs. Send it again." */
  message!: string;
}

/** A file that a store has sent, or is sending. */
export class UploadView {
  /** `upl_` and 26 letters. */
  @IdOf('upload')
  id!: string;
  /** `refused`: what arrived cannot be kept, `refusal` says why. `expired`: it was not finished in time. */
  @ApiProperty({ enum: UPLOAD_STATES })
  state!: UploadState;
  /**
   * As the client named it; null where it did not.
   * @example "collection.csv"
   */
  filename!: string | null;
  /**
   * Bytes that are kept: unpacked where gzip was sent. Null until the upload is complete.
   * @example 24
   */
  sizeBytes!: number | null;
  /**
   * Bytes as they were sent, or are to be sent by a resumable upload; null as long as nobody knows.
   * @example 24
   */
  sentBytes!: number | null;
  /**
   * SHA-256 of the bytes as they were sent, in hexadecimal. Null until the upload is complete.
   * @example "308101b68af408393d130bb23ce6e7705f4dc2d643047dbedb5da02190d1f05a"
   */
  sha256!: string | null;
  /** How it was packed when it was sent; null where it was not. */
  @ApiProperty({ enum: ['gzip'], nullable: true, type: String })
  contentEncoding!: 'gzip' | null;
  @ApiProperty({ type: () => UploadRefusalView, nullable: true })
  refusal!: UploadRefusalView | null;
  @Instant()
  createdAt!: string;
  /** When it arrived in full, was refused or had expired. */
  @Instant({ nullable: true })
  finishedAt!: string | null;
  /** When it will be deleted, unless a job needs it; of one that is being received: when it expires. */
  @Instant()
  expiresAt!: string;
  /**
   * Grows with every change; the ETag is made of it.
   * @example 2
   */
  version!: number;
}

/** An upload's row. */
export interface UploadRow {
  readonly id: string;
  readonly kind: 'resumable' | 'stream';
  readonly state: UploadState;
  readonly filename: string | null;
  readonly lengthBytes: number | null;
  readonly sizeBytes: number | null;
  readonly sentBytes: number | null;
  readonly sha256: Buffer | null;
  readonly gzip: boolean | null;
  readonly refusal: UploadRefusalView | null;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly expiresAt: Date;
  readonly version: number;
}

/** Columns of `files.upload as u` by the names of UploadRow. */
export const UPLOAD_COLUMNS = `u.id, u.kind, u.state, u.filename, u.length_bytes::float8 as "lengthBytes",
  u.size_bytes::float8 as "sizeBytes", u.sent_bytes::float8 as "sentBytes", u.sha256, u.gzip, u.refusal,
  u.created_at as "createdAt", u.finished_at as "finishedAt", u.expires_at as "expiresAt", u.version`;

export function uploadView(row: UploadRow): UploadView {
  return {
    id: formatId('upload', row.id),
    state: row.state,
    filename: row.filename,
    sizeBytes: row.sizeBytes,
    sentBytes: row.sentBytes ?? row.lengthBytes,
    sha256: row.sha256 && row.sha256.toString('hex'),
    contentEncoding: row.gzip ? 'gzip' : null,
    refusal: row.refusal,
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt && row.finishedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    version: row.version,
  };
}
