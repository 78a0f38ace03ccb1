import { randomFillSync } from 'node:crypto';

/** Prefix of each kind of id on the wire; a route that takes a tenant answers 404 to any other prefix. */
export const ID_PREFIXES = {
  tenant: 'ten',
  apiKey: 'key',
  auditEntry: 'aud',
  user: 'usr',
  release: 'rel',
  category: 'cat',
  location: 'loc',
  stockItem: 'itm',
  reservation: 'rsv',
  upload: 'upl',
  job: 'job',
  batch: 'bat',
  mapping: 'map',
  retryPolicy: 'rpl',
  deadLetter: 'dlq',
  task: 'tsk',
  seller: 'sel',
  submission: 'sub',
  pricingPolicy: 'pol',
  calculation: 'calc',
  order: 'ord',
  event: 'evt',
  parkedCommand: 'cmd',
} as const;

/** A kind of thing that has an id. */
export type IdKind = keyof typeof ID_PREFIXES;

/** The tenant id under which the platform's own rows (operator's idempotency answers, scheduled tasks) are kept. */
export const PLATFORM_TENANT_ID = '00000000-0000-0000-0000-000000000000';

/** Crockford's base 32 in lower case, as TypeID uses it. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const VALUES = new Map([...ALPHABET].map((letter, index) => [letter, BigInt(index)]));
/** 26 letters of 5 bits hold 130 bits: the first letter of a 128-bit value is at most 7. */
const SUFFIX = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** A new UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, 74 random bits. Its order is a hint, never a proof. */
export function newUuid(nowMs: number = Date.now()): string {
  if (drawn === RANDOM.length) {
    randomFillSync(RANDOM);
    drawn = 0;
  }
  const at = drawn;
  drawn += 16;
  RANDOM.writeUIntBE(nowMs, at, 6);
  RANDOM[at + 6] = 0x70 | ((RANDOM[at + 6] ?? 0) & 0x0f);
  RANDOM[at + 8] = 0x80 | ((RANDOM[at + 8] ?? 0) & 0x3f);
  const hex = RANDOM.toString('hex', at, drawn);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Random bytes for the next ids: asking for them one id at a time costs more than all the rest of it. */
const RANDOM = Buffer.alloc(16 * 256);
let drawn = RANDOM.length;

/** The id as clients see it: `ord_` and 26 letters of base 32. @param uuid lower-case canonical UUID */
export function formatId(kind: IdKind, uuid: string): string {
  let value = BigInt(`0x${uuid.replaceAll('-', '')}`);
  let suffix = '';
  for (let i = 0; i < 26; i++) {
    suffix = ALPHABET.charAt(Number(value & 31n)) + suffix;
    value >>= 5n;
  }
  return `${ID_PREFIXES[kind]}_${suffix}`;
}

/** The UUID inside a typed id, or undefined when prefix or spelling are not exactly those of the kind. */
export function parseId(kind: IdKind, id: string): string | undefined {
  const prefix = `${ID_PREFIXES[kind]}_`;
  const suffix = id.startsWith(prefix) ? id.slice(prefix.length) : '';
  if (!SUFFIX.test(suffix)) return undefined;
  let value = 0n;
  for (const letter of suffix) value = (value << 5n) | (VALUES.get(letter) ?? 0n);
  const hex = value.toString(16).padStart(32, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
