import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Mode } from '#platform/kernel';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 95 bits: keys of all tenants never meet by chance. */
const KEY_ID_LETTERS = 16;
/** 190 bits; the API conventions ask for at least 160. */
const SECRET_LETTERS = 32;
/** 62^6 is more than 2^32. */
const CHECKSUM_LETTERS = 6;
const KEY = /^rk_(?:test|live)_([0-9A-Za-z]{16})_[0-9A-Za-z]{38}$/;

/** A new key and the part of it that is public, by which it is found. */
export interface NewKey {
  readonly token: string;
  readonly keyId: string;
}

/** A new key, `rk_<mode>_<key id>_<secret><checksum>`, from the system's random source. */
export function newKeyToken(mode: Mode): NewKey {
  const keyId = randomBase62(KEY_ID_LETTERS);
  const body = `rk_${mode}_${keyId}_${randomBase62(SECRET_LETTERS)}`;
  return { keyId, token: body + checksum(body) };
}

/** The public part of a key, or undefined when form or checksum are wrong: a typing error costs no query. */
export function keyIdOf(token: string): string | undefined {
  const [, keyId] = KEY.exec(token) ?? [];
  const isWhole = checksum(token.slice(0, -CHECKSUM_LETTERS)) === token.slice(-CHECKSUM_LETTERS);
  return isWhole ? keyId : undefined;
}

/** What may be shown and logged of a key: everything before its secret. */
export function keyPrefix(mode: Mode, keyId: string): string {
  return `rk_${mode}_${keyId}`;
}

/** CRC-32 of the text as six base-62 digits, as in GitHub's tokens. */
function checksum(body: string): string {
  let value = crc32(body);
  let digits = '';
  for (let i = 0; i < CHECKSUM_LETTERS; i++) {
    digits = BASE62.charAt(value % 62) + digits;
    value = Math.floor(value / 62);
  }
  return digits;
}

function randomBase62(letters: number): string {
  return Array.from({ length: letters }, () => BASE62.charAt(randomInt(62))).join('');
}
