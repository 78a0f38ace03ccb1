/** Letters that decomposition leaves as they are, and how they are typed on another keyboard. */
const TYPED: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ı: 'i',
  ħ: 'h',
};
const UNTYPED = new RegExp(`[${Object.keys(TYPED).join('')}]`, 'g');
const ASCII = /^[\x20-\x7e]*$/;
const WORDS = /[\p{L}\p{N}]+/gu;
/** The same where there is nothing else, at a third of the cost. */
const ASCII_WORDS = /[a-z0-9]+/g;
/** `don't` and `don’t` are found as `dont`. */
const APOSTROPHES = /(?<=[\p{L}\p{N}])['’ʼ`´](?=[\p{L}\p{N}])/gu;

/** Text as it is compared: without accents and case, ligatures and wide forms taken apart. The same for what is stored and sought. */
export function folded(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(UNTYPED, (letter) => TYPED[letter] ?? letter);
}

/** The words of a text, folded, in order: runs of letters and digits. */
export function wordsOf(text: string): string[] {
  const plain = folded(text);
  const joined = plain.includes("'") || !ASCII.test(plain) ? plain.replace(APOSTROPHES, '') : plain;
  return joined.match(ASCII.test(joined) ? ASCII_WORDS : WORDS) ?? [];
}

/** Letters and digits of a number that people write with blanks, dots and dashes, such as a catalogue number. */
export function codeOf(text: string): string {
  return wordsOf(text).join('');
}
