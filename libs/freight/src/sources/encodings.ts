import { isUtf8 } from 'node:buffer';
import { SourceRefused } from './source-refused.js';

/** How the bytes of a source become text. */
export type TextEncoding =
  | { readonly kind: 'utf-8'; readonly name: string }
  | { readonly kind: 'utf-16'; readonly name: string; readonly bigEndian: boolean }
  | { readonly kind: 'single-byte'; readonly name: string; readonly table: readonly string[] };

/**
 * Encodings with one byte per character, by their WHATWG names; `latin1`, `tis-620`, `mac` and other labels lead to them. Those
 * with several bytes per character are not taken: their second bytes can look like a delimiter.
 */
const SINGLE_BYTE = new Set(
  (
    'windows-1250 windows-1251 windows-1252 windows-1253 windows-1254 windows-1255 windows-1256 windows-1257 windows-1258 ' +
    'windows-874 macintosh x-mac-cyrillic koi8-r koi8-u ibm866 iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 ' +
    'iso-8859-7 iso-8859-8 iso-8859-10 iso-8859-13 iso-8859-14 iso-8859-15 iso-8859-16'
  ).split(' '),
);
const SUPPORTED = ['utf-8', 'utf-16le', 'utf-16be', ...SINGLE_BYTE];
const known = new Map<string, TextEncoding>();

/**
 * The encoding behind a label of the WHATWG Encoding Standard, in any case.
 * @throws SourceRefused source.encoding_not_supported
 */
export function encodingOf(label: string): TextEncoding {
  const before = known.get(label);
  if (before) return before;
  const name = nameOf(label);
  if (!SUPPORTED.includes(name)) {
    throw new SourceRefused(
      'source.encoding_not_supported',
      `The encoding ${name} is not read. Convert the file to UTF-8.`,
      {
        supported: SUPPORTED,
      },
    );
  }
  const found: TextEncoding =
    name === 'utf-8'
      ? { kind: 'utf-8', name }
      : name === 'utf-16le' || name === 'utf-16be'
        ? { kind: 'utf-16', name, bigEndian: name === 'utf-16be' }
        : { kind: 'single-byte', name, table: tableOf(name) };
  known.set(label, found);
  return found;
}

function nameOf(label: string): string {
  try {
    return new TextDecoder(label).encoding;
  } catch {
    throw new SourceRefused('source.encoding_not_supported', 'No encoding has this name.', { supported: SUPPORTED });
  }
}

/** The character of each byte; an empty text where the encoding has none. */
function tableOf(name: string): string[] {
  const decoder = new TextDecoder(name, { fatal: true });
  return Array.from({ length: 256 }, (_, byte) => {
    try {
      return decoder.decode(Uint8Array.of(byte));
    } catch {
      return '';
    }
  });
}

/** Offset of the first byte that is not UTF-8, or -1. A character that is cut off at the end counts only when `whole`. */
export function firstBadByte(bytes: Buffer, whole: boolean): number {
  if (isUtf8(bytes)) return -1;
  let low = 0;
  let high = bytes.length;
  // A prefix that is valid up to a cut-off character stays so when it grows: the longest one is found by halving.
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (isUtf8(bytes.subarray(0, middle)) || isUtf8(bytes.subarray(0, middle - cutOff(bytes, middle)))) low = middle;
    else high = middle - 1;
  }
  const start = low - (isUtf8(bytes.subarray(0, low)) ? 0 : cutOff(bytes, low));
  return low === bytes.length && !whole ? -1 : start;
}

/** Bytes at the end of a prefix that can be the beginning of a longer character. */
function cutOff(bytes: Buffer, end: number): number {
  for (let back = 1; back <= 3 && back <= end; back++) {
    const byte = bytes[end - back] ?? 0;
    if (byte >= 0xc2 && byte <= 0xf4) return isBeginning(bytes.subarray(end - back, end)) ? back : 0;
    if ((byte & 0xc0) !== 0x80) return 0;
  }
  return 0;
}

const COMPLETIONS = [[0x80], [0xbf], [0x80, 0x80], [0xbf, 0xbf], [0x80, 0x80, 0x80], [0xbf, 0xbf, 0xbf]];

/** Whether some continuation makes the bytes one valid character. */
function isBeginning(bytes: Buffer): boolean {
  return COMPLETIONS.some((rest) => isUtf8(Buffer.concat([bytes, Buffer.from(rest)])));
}

/** Encodings that stores' exports come in, for the hint; the likeliest first where the text does not tell. */
const CANDIDATES = ['windows-1252', 'macintosh', 'windows-1250', 'windows-1251', 'windows-874'];
const WORTH_NAMING = 3;
const LOOKED_AT_BYTES = 65_536;

/** Encodings in which bytes that are not UTF-8 read like words, the likeliest first: a hint for people, never applied unasked. */
export function likelyEncodings(bytes: Buffer): string[] {
  const scores = CANDIDATES.map((name) => ({ name, score: readability(bytes.subarray(0, LOOKED_AT_BYTES), name) }));
  return scores
    .filter(({ score }) => score > -Infinity)
    .sort((a, b) => b.score - a.score)
    .slice(0, WORTH_NAMING)
    .map(({ name }) => name);
}

/** Worth more than any reading: it does not come about by chance. */
const TWICE_ENCODED = 6;

/** Text that was UTF-8, was taken for Latin-1 and then saved in this encoding: `Ã©` is `é`. */
function isTwiceEncoded(pair: Buffer, table: readonly string[]): boolean {
  const original = Buffer.from(Array.from(pair, (byte) => table[byte] ?? '').join(''), 'latin1');
  return (pair[1] ?? 0) > 0x7f && !original.equals(pair) && isUtf8(original);
}

/** Letters that stand where letters belong count for an encoding, marks and capitals inside words against it. */
function readability(bytes: Buffer, name: string): number {
  const encoding = encodingOf(name);
  if (encoding.kind !== 'single-byte') return -Infinity;
  let score = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x80) continue;
    const letter = encoding.table[byte] ?? '';
    const before = encoding.table[bytes[at - 1] ?? 0x20] ?? '';
    if (letter === '') return -Infinity;
    if (isTwiceEncoded(bytes.subarray(at, at + 2), encoding.table)) {
      score += TWICE_ENCODED;
      at++;
      continue;
    }
    if (/\p{Lu}/u.test(letter)) score += /\p{Ll}/u.test(before) ? -3 : 1;
    else if (/\p{L}/u.test(letter)) score += /[\p{L}\p{M}]/u.test(before) ? 2 : 1;
    else if (/[\p{M}’‘“”–—]/u.test(letter)) score += 1;
    else score -= 2;
  }
  return score;
}
