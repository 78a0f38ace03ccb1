import { createHash } from 'node:crypto';
import { SetMetadata } from '@nestjs/common';
import { canonicalJson } from '#platform/kernel';
import { httpErrors } from '../http.errors.js';

/** Metadata key of how a route treats Idempotency-Key. */
export const IDEMPOTENCY = 'recrate:idempotency';

/** Money or an order moves: the key is required and its answer is kept for 30 days. */
export const MovesMoney = () => SetMetadata(IDEMPOTENCY, 'money');

/**
 * The handler itself tells whether another request under the key means the same, such as one that names the same content by another
 * id: it throws http.idempotency_key_reused where it does not.
 */
export const JudgesOwnRepeats = () => SetMetadata(IDEMPOTENCY, 'judged');

/** 1 to 255 visible ASCII characters. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** The request's key, or undefined where none was sent. @throws http.idempotency_key_invalid, http.idempotency_key_required */
export function idempotencyKey(header: string | string[] | undefined, required: boolean): string | undefined {
  if (header === undefined) {
    if (required)
      throw httpErrors.idempotency_key_required('This operation moves money or an order: send an Idempotency-Key.');
    return undefined;
  }
  if (typeof header !== 'string' || !KEY.test(header)) {
    throw httpErrors.idempotency_key_invalid('An Idempotency-Key has 1 to 255 visible ASCII characters.');
  }
  return header;
}

/** What one intended effect is filed under: who, which operation, which key. 32 bytes. */
export function scopeOf(principal: string, method: string, route: string, key: string): Buffer {
  return createHash('sha256').update([principal, method, route, key].join('\n')).digest();
}

/** What was asked: path, query and body, independent of the order of members. 32 bytes. */
export function fingerprintOf(url: string, body: unknown): Buffer {
  return createHash('sha256')
    .update(`${url}\n${canonicalJson(body)}`)
    .digest();
}
