/** Crockford's base 32: no I, L, O or U that a tired eye or a cheap scanner takes for something else. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Twelve letters hold the last 60 bits of a UUIDv7, all of them random: of a million codes one in 2 million sets has a pair. */
const DIGITS = 15;
/** Five hexadecimal digits are four letters. */
const PART = 5;

/** The scannable code of an item that was given none: upper-case letters and digits, as Code 128 and QR labels take them. */
export function codeOf(itemId: string): string {
  const digits = itemId.slice(-16, -13) + itemId.slice(-12);
  let code = '';
  for (let at = 0; at < DIGITS; at += PART) {
    const bits = Number.parseInt(digits.slice(at, at + PART), 16);
    code += letter(bits >> 15) + letter(bits >> 10) + letter(bits >> 5) + letter(bits);
  }
  return code;
}

const letter = (bits: number): string => ALPHABET.charAt(bits & 31);

/** How codes and SKUs are compared: two spellings of the same letters (Unicode, composed and decomposed) are one. */
export function keyOf(text: string): string {
  return text.normalize('NFC');
}
