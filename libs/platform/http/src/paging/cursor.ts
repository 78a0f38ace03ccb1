import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Clock, systemClock } from '#platform/kernel';
import { httpErrors } from '../http.errors.js';

const VERSION = 1;
const LIFETIME_MS = 24 * 3_600_000;
/** 128 of the 256 bits of the HMAC: cursors stand in URLs. */
const SIGNATURE_BYTES = 16;

/** What a cursor belongs to; with any other it is refused. */
export interface CursorScope {
  readonly tenantId: string;
  /** Name, filter and sort of the list. */
  readonly list: string;
  /** It never gets old: a place in what only ever grows. */
  readonly lasting?: boolean;
}

/** A place in a list: the keys of a row, as PostgreSQL writes them, and the way to go from it. */
export interface CursorPosition {
  readonly way: 'next' | 'prev';
  readonly keys: readonly string[];
}

type Payload = [version: number, issuedAtMs: number, way: CursorPosition['way'], ...keys: string[]];

/** Writes and reads cursors: opaque base64url, signed, valid for 24 hours. */
export class CursorCodec {
  private readonly key: Buffer;

  constructor(
    secret: string,
    private readonly clock: Clock = systemClock,
  ) {
    this.key = createHmac('sha256', secret).update(`recrate cursor ${VERSION}`).digest();
  }

  /** A cursor for a place in a list. */
  encode(scope: CursorScope, { way, keys }: CursorPosition): string {
    const payload: Payload = [VERSION, this.clock.now().getTime(), way, ...keys];
    const text = JSON.stringify(payload);
    return Buffer.concat([this.sign(scope, text), Buffer.from(text)]).toString('base64url');
  }

  /** The place a cursor stands for. @throws http.invalid_cursor when altered, older than 24 hours or of another scope */
  decode(scope: CursorScope, cursor: string): CursorPosition {
    const bytes = Buffer.from(cursor, 'base64url');
    const signature = bytes.subarray(0, SIGNATURE_BYTES);
    const text = bytes.subarray(SIGNATURE_BYTES).toString('utf8');
    // Buffer skips what is not base64url, so the spelling is compared as well.
    const isGenuine =
      signature.length === SIGNATURE_BYTES &&
      timingSafeEqual(signature, this.sign(scope, text)) &&
      bytes.toString('base64url') === cursor;
    if (!isGenuine) throw invalidCursor();
    const [version, issuedAtMs, way, ...keys] = JSON.parse(text) as Payload;
    const isOld = !scope.lasting && this.clock.now().getTime() - issuedAtMs > LIFETIME_MS;
    if (version !== VERSION || isOld) throw invalidCursor();
    return { way, keys };
  }

  private sign({ tenantId, list }: CursorScope, text: string): Buffer {
    const signed = JSON.stringify([tenantId, list, text]);
    return createHmac('sha256', this.key).update(signed).digest().subarray(0, SIGNATURE_BYTES);
  }
}

function invalidCursor(): Error {
  return httpErrors.invalid_cursor('The cursor is not one of this list, or is older than 24 hours.');
}
