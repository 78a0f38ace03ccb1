/** Crockford's base 32: no I, L, O or U that a tired eye or a cheap scanner takes for something else. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Twelve letters hold the last 60 bits of a UUIDv7, all of them random: of a million codes one in 2 million sets has a pair. */
const LENGTH = 12;

/** The scannable code of an item that was given none: upper-case letters and digits, as Code 128 and QR labels take them. */
export function codeOf(itemId: string): string {
  let value = BigInt(`0x${itemId.slice(-17).replace('-', '')}`) & 0xfffffffffffffffn;
  let code = '';
  for (let letter = 0; letter < LENGTH; letter++) {
    code = ALPHABET.charAt(Number(value & 31n)) + code;
    value >>= 5n;
  }
  return code;
}

/** How codes and SKUs are compared: two spellings of the same letters (Unicode, composed and decomposed) are one. */
export function keyOf(text: string): string {
  return text.normalize('NFC');
}
