import type { Unit } from '#platform/persistence';
import { filesErrors } from '../files.errors.js';
import { type FilesSettings, MOST_OPEN_UPLOADS } from '../files.settings.js';

const MAKE =
  'insert into files.room (tenant_id, reserved_bytes, open_uploads) values ($1, 0, 0) on conflict do nothing';
const TAKE = `
  update files.room set reserved_bytes = reserved_bytes + $2, open_uploads = open_uploads + $3
   where tenant_id = $1 and reserved_bytes + $2 <= $4 and open_uploads + $3 <= $5`;
const GIVE = `
  update files.room set reserved_bytes = reserved_bytes - $2, open_uploads = open_uploads - $3 where tenant_id = $1`;
const OPEN = 'select open_uploads as open from files.room where tenant_id = $1';

/**
 * Takes room for an upload, in the unit that also notes it with the upload. The tenant's row is locked until the unit ends, so
 * that however many take at once, none takes what another has. Rows are locked in this order: room, upload.
 * @param opens 1 for a new upload, 0 for more room of one
 * @throws files.storage_quota, files.too_many_open
 */
export async function takeRoom(
  unit: Unit,
  bytes: number,
  opens: 0 | 1,
  { tenantBytes }: Pick<FilesSettings, 'tenantBytes'>,
): Promise<void> {
  if (opens === 1) await unit.run(MAKE, [unit.tenantId]);
  const taken = await unit.run(TAKE, [unit.tenantId, bytes, opens, tenantBytes, MOST_OPEN_UPLOADS]);
  if (taken === 1) return;
  const found = await unit.row<{ open: number }>(OPEN, [unit.tenantId]);
  if (opens === 1 && (found?.open ?? 0) >= MOST_OPEN_UPLOADS) {
    throw filesErrors.too_many_open(`${MOST_OPEN_UPLOADS} uploads are unfinished. Finish or delete some.`, {
      retryAfterSeconds: 60,
      violatedPolicies: ['open-uploads'],
    });
  }
  throw filesErrors.storage_quota(`The uploads of this store may take ${tenantBytes} bytes. Delete some.`, {
    tenantBytes,
  });
}

/** Gives room back. @param closes 1 when an upload is no longer under way */
export async function giveRoom(unit: Unit, bytes: number, closes: 0 | 1): Promise<void> {
  await unit.run(GIVE, [unit.tenantId, bytes, closes]);
}
