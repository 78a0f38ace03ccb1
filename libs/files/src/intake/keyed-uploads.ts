import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { httpErrors } from '#platform/http';
import { type Actor, actorRef } from '#platform/kernel';
import type { Unit } from '#platform/persistence';
import { UPLOAD_COLUMNS, type UploadRow } from '../uploads.views.js';
import type { Kept } from './inflow.js';
import { deleteUploadRow } from './upload-rows.js';

/** What an Idempotency-Key says before the upload begins. */
export interface KeyedScope {
  /** Undefined without a key. */
  readonly hash: Buffer | undefined;
  /** The upload of an earlier request with the key. */
  readonly earlier: UploadRow | undefined;
}

const FIND = `
  select ${UPLOAD_COLUMNS}, coalesce(u.lease_until > clock_timestamp(), u.kind = 'resumable') as "isHeld" from files.upload u
   where u.tenant_id = $1 and u.idempotency_scope = $2`;

/**
 * Makes uploads repeatable by Idempotency-Key. Their bodies are too large to be compared before they are read: the key stands with
 * the upload, and what arrives again is compared by its hash.
 */
@Injectable()
export class KeyedUploads {
  /** @throws http.idempotency_in_flight */
  async claim(unit: Unit, actor: Actor, key: string | undefined): Promise<KeyedScope> {
    if (key === undefined) return { hash: undefined, earlier: undefined };
    const hash = createHash('sha256')
      .update(`${actorRef(actor)}\n${key}`)
      .digest();
    await unit.run(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [
      `files ${unit.tenantId} ${hash.toString('hex')}`,
    ]);
    const row = await unit.row<UploadRow & { isHeld: boolean }>(FIND, [unit.tenantId, hash]);
    if (!row || row.state === 'complete') return { hash, earlier: row };
    if (row.state === 'receiving' && row.isHeld) {
      if (row.kind === 'resumable') return { hash, earlier: row };
      throw httpErrors.idempotency_in_flight('A request with the same Idempotency-Key is still running.');
    }
    await deleteUploadRow(unit, row.id);
    return { hash, earlier: undefined };
  }

  /** The earlier upload, when the same has arrived again. @throws http.idempotency_key_reused */
  sameAs(earlier: UploadRow, kept: Kept): UploadRow {
    if (earlier.sha256?.equals(kept.sha256)) return earlier;
    throw httpErrors.idempotency_key_reused('The Idempotency-Key belongs to an upload of other bytes.');
  }
}
