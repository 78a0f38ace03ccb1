import type { Unit } from '#platform/persistence';
import type { FilesSettings } from '../files.settings.js';
import { UPLOAD_COLUMNS, type UploadRow } from '../uploads.views.js';
import type { Kept } from './inflow.js';
import { giveRoom, takeRoom } from './room.js';
import type { FileClaims } from './tus-headers.js';

/** A new upload. */
export interface NewUpload extends FileClaims {
  readonly id: string;
  readonly kind: 'resumable' | 'stream';
  /** Of a resumable upload: what will be sent. */
  readonly lengthBytes: number | undefined;
  readonly reservedBytes: number;
  readonly expiresInMs: number;
  /** Held from the beginning by who makes it; 0: by nobody. */
  readonly leaseMs: number;
  readonly idempotencyScope: Buffer | undefined;
}

/** The upload as who holds it sees it. */
export interface HeldUpload extends UploadRow {
  readonly leaseToken: number;
  readonly reservedBytes: number;
  readonly claimedSha256: Buffer | null;
}

const HELD_COLUMNS = `${UPLOAD_COLUMNS}, u.lease_token::float8 as "leaseToken", u.reserved_bytes::float8 as "reservedBytes",
  u.claimed_sha256 as "claimedSha256"`;

const INSERT = `
  insert into files.upload as u (tenant_id, id, kind, state, filename, length_bytes, claimed_sha256, reserved_bytes,
    idempotency_scope, lease_token, lease_until, created_at, expires_at, version)
  select $1, $2, $3, 'receiving', $4, $5, $6, $7, $8, 1, now + nullif($9::bigint, 0) * interval '1 ms', now,
         now + $10 * interval '1 ms', 1
    from (select clock_timestamp() as now) clock
  returning ${HELD_COLUMNS}`;

/** Makes an upload and takes its room. @throws files.storage_quota, files.too_many_open */
export async function insertUpload(unit: Unit, upload: NewUpload, settings: FilesSettings): Promise<HeldUpload> {
  await takeRoom(unit, upload.reservedBytes, 1, settings);
  const row = await unit.row<HeldUpload>(INSERT, [
    unit.tenantId,
    upload.id,
    upload.kind,
    upload.filename ?? null,
    upload.lengthBytes ?? null,
    upload.sha256 ?? null,
    upload.reservedBytes,
    upload.idempotencyScope ?? null,
    upload.leaseMs,
    upload.expiresInMs,
  ]);
  if (!row) throw new Error('an insert answers its row');
  return row;
}

const FIND = `select ${UPLOAD_COLUMNS} from files.upload u where u.tenant_id = $1 and u.id = $2`;

export function findUpload(unit: Unit, id: string): Promise<UploadRow | undefined> {
  return unit.row<UploadRow>(FIND, [unit.tenantId, id]);
}

const CLAIM = `
  update files.upload u set lease_token = lease_token + 1, lease_until = clock_timestamp() + $3 * interval '1 ms'
   where tenant_id = $1 and id = $2 and state = 'receiving' and kind = 'resumable' and expires_at > clock_timestamp()
     and (lease_until is null or lease_until <= clock_timestamp())
  returning ${HELD_COLUMNS}`;
const RENEW = `
  update files.upload set lease_until = clock_timestamp() + $4 * interval '1 ms'
   where tenant_id = $1 and id = $2 and lease_token = $3 and state = 'receiving'`;
const RELEASE = 'update files.upload set lease_until = null where tenant_id = $1 and id = $2 and lease_token = $3';

/** Takes an unfinished upload that nobody sends to. Undefined: it is not there, not unfinished, or somebody's. */
export function claimUpload(unit: Unit, id: string, leaseMs: number): Promise<HeldUpload | undefined> {
  return unit.row<HeldUpload>(CLAIM, [unit.tenantId, id, leaseMs]);
}

/** @returns whether it is still held */
export async function renewLease(unit: Unit, { id, leaseToken }: HeldUpload, leaseMs: number): Promise<boolean> {
  return (await unit.run(RENEW, [unit.tenantId, id, leaseToken, leaseMs])) === 1;
}

export async function releaseLease(unit: Unit, { id, leaseToken }: HeldUpload): Promise<void> {
  await unit.run(RELEASE, [unit.tenantId, id, leaseToken]);
}

const GROW = `
  update files.upload set reserved_bytes = reserved_bytes + $4
   where tenant_id = $1 and id = $2 and lease_token = $3 and state = 'receiving'`;

/** Takes more room for an upload that turns out larger. @throws files.storage_quota */
export async function growRoom(
  unit: Unit,
  { id, leaseToken }: HeldUpload,
  bytes: number,
  settings: FilesSettings,
): Promise<void> {
  await takeRoom(unit, bytes, 0, settings);
  if ((await unit.run(GROW, [unit.tenantId, id, leaseToken, bytes])) !== 1) throw new LeaseLost();
}

/** Another process holds the upload now, or it was deleted: what this one does no longer counts. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

const LOCK_HELD = `
  select reserved_bytes::float8 as reserved from files.upload
   where tenant_id = $1 and id = $2 and lease_token = $3 and state = 'receiving'`;
const COMPLETE = `
  update files.upload u set state = 'complete', size_bytes = $4, sent_bytes = $5, sha256 = $6, gzip = $7, reserved_bytes = $4,
         lease_until = null, finished_at = clock_timestamp(), expires_at = clock_timestamp() + $8 * interval '1 ms', version = version + 1
   where tenant_id = $1 and id = $2 and lease_token = $3 and state = 'receiving'
  returning ${UPLOAD_COLUMNS}`;

/** Marks a held upload as complete and gives back what room it did not need. @throws LeaseLost */
export async function completeUpload(
  unit: Unit,
  held: HeldUpload,
  kept: Kept,
  settings: FilesSettings,
): Promise<UploadRow> {
  const { id, leaseToken } = held;
  const before = await unit.row<{ reserved: number }>(LOCK_HELD, [unit.tenantId, id, leaseToken]);
  if (!before) throw new LeaseLost();
  await giveRoom(unit, before.reserved - kept.keptBytes, 1);
  const { keptBytes, sentBytes, sha256, gzip } = kept;
  const values = [unit.tenantId, id, leaseToken, keptBytes, sentBytes, sha256, gzip, settings.keepMs];
  const row = await unit.row<UploadRow>(COMPLETE, values);
  if (!row) throw new LeaseLost();
  return row;
}

const CLOSE = `
  update files.upload u set state = $3, refusal = $4, reserved_bytes = 0, lease_until = null, lease_token = lease_token + 1,
         finished_at = clock_timestamp(), expires_at = clock_timestamp() + $5 * interval '1 ms', version = version + 1
   where tenant_id = $1 and id = $2 and state = 'receiving'`;
const RESERVED =
  'select state, reserved_bytes::float8 as reserved from files.upload where tenant_id = $1 and id = $2 for update';
const LOCK_ROOM = 'select from files.room where tenant_id = $1 for update';

/** Ends an unfinished upload that will not become one. @returns false when it was not unfinished */
export async function closeUpload(
  unit: Unit,
  id: string,
  end: {
    readonly state: 'refused' | 'expired';
    readonly refusal?: { code: string; message: string };
    readonly keepMs: number;
  },
): Promise<boolean> {
  const found = await lockUpload(unit, id);
  if (found?.state !== 'receiving') return false;
  await unit.run(CLOSE, [unit.tenantId, id, end.state, end.refusal ? JSON.stringify(end.refusal) : null, end.keepMs]);
  await giveRoom(unit, found.reserved, 1);
  return true;
}

const PINNED = 'select from files.pin where tenant_id = $1 and upload_id = $2 limit 1';

/** Forgets an upload and gives its room back, unless somebody needs it. */
export async function deleteUploadRow(unit: Unit, id: string): Promise<'deleted' | 'missing' | 'pinned'> {
  const found = await lockUpload(unit, id);
  if (!found) return 'missing';
  // Whoever pins holds a lock on the upload's row: under ours, no pin can come.
  if (await unit.row(PINNED, [unit.tenantId, id])) return 'pinned';
  await unit.run('delete from files.upload where tenant_id = $1 and id = $2', [unit.tenantId, id]);
  await giveRoom(unit, found.reserved, found.state === 'receiving' ? 1 : 0);
  return 'deleted';
}

async function lockUpload(
  unit: Unit,
  id: string,
): Promise<{ state: UploadRow['state']; reserved: number } | undefined> {
  await unit.run(LOCK_ROOM, [unit.tenantId]);
  return unit.row<{ state: UploadRow['state']; reserved: number }>(RESERVED, [unit.tenantId, id]);
}
