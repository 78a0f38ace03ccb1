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
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';
const DIGITS = '0123456789abcdef';
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
  return `${ID_PREFIXES[kind]}_${FORMAT.read(uuid, 2)}`;
}

/** The UUID inside a typed id, or undefined when prefix or spelling are not exactly those of the kind. */
export function parseId(kind: IdKind, id: string): string | undefined {
  const prefix = `${ID_PREFIXES[kind]}_`;
  const suffix = id.startsWith(prefix) ? id.slice(prefix.length) : '';
  // The first letter has two bits more than the UUID, which SUFFIX wants to be 0.
  return SUFFIX.test(suffix) ? PARSE.read(suffix, -2) : undefined;
}

/** An alphabet whose letters each hold some bits, and where the letters stand in a text. */
interface Spelling {
  readonly alphabet: string;
  readonly bits: number;
  readonly places: readonly number[];
  /** A text with every letter that is always the same. */
  readonly blank: string;
}

/**
 * Spells 128 bits anew, letter by letter into a buffer: a page of a list writes some sixty ids, and as a BigInt each cost 4 us, eight
 * times as much.
 */
class Respelling {
  private readonly values = new Uint8Array(128);
  private readonly letters: Buffer;
  private readonly text: Buffer;

  constructor(
    private readonly from: Spelling,
    private readonly to: Spelling,
  ) {
    for (const [value, letter] of [...from.alphabet].entries()) this.values[letter.charCodeAt(0)] = value;
    this.letters = Buffer.from(to.alphabet, 'latin1');
    this.text = Buffer.from(to.blank, 'latin1');
  }

  /** @param held bits before the first letter's: zeros to put in front, or as many of its own to leave out */
  read(text: string, held: number): string {
    let bits = 0;
    let next = 0;
    for (const place of this.from.places) {
      bits = (bits << this.from.bits) | (this.values[text.charCodeAt(place)] ?? 0);
      held += this.from.bits;
      while (held >= this.to.bits) {
        held -= this.to.bits;
        this.text[this.to.places[next++] ?? 0] = this.letters[bits >> held] ?? 0;
        bits &= (1 << held) - 1;
      }
    }
    return this.text.toString('latin1');
  }
}

const spelling = (alphabet: string, bits: number, blank: string): Spelling => ({
  alphabet,
  bits,
  blank,
  places: [...blank].flatMap((letter, place) => (letter === '-' ? [] : [place])),
});
const UUID = spelling(DIGITS, 4, PLATFORM_TENANT_ID);
const SPELT = spelling(LETTERS, 5, '0'.repeat(26));
const FORMAT = new Respelling(UUID, SPELT);
const PARSE = new Respelling(SPELT, UUID);
