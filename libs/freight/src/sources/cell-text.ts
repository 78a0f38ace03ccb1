import { isUtf8 } from 'node:buffer';
import type { TextEncoding } from './encodings.js';

/** Turns the bytes of a window into cells. Positions are in units: bytes, or pairs of bytes for UTF-16. */
export interface CellText {
  /** Bytes per unit. */
  readonly width: 1 | 2;
  /** The whole window as text of one character per unit, made once per window. */
  window(bytes: Buffer): string;
  /** A cell that holds characters beyond ASCII; undefined when its bytes do not belong to the encoding. */
  beyondAscii(window: string, bytes: Buffer, from: number, to: number): string | undefined;
}

/** The reader of cells for an encoding. */
export function cellText(encoding: TextEncoding): CellText {
  switch (encoding.kind) {
    case 'utf-8':
      return UTF8;
    case 'utf-16':
      return UTF16;
    case 'single-byte':
      return singleByte(encoding.table);
  }
}

const latin1 = (bytes: Buffer): string => bytes.toString('latin1');

const UTF8: CellText = {
  width: 1,
  window: latin1,
  beyondAscii: (_window, bytes, from, to) =>
    isUtf8(bytes.subarray(from, to)) ? bytes.toString('utf8', from, to) : undefined,
};

const UTF16: CellText = {
  width: 2,
  window: (bytes) => bytes.toString('utf16le'),
  beyondAscii: (window, _bytes, from, to) => {
    const text = window.slice(from, to);
    return text.isWellFormed() ? text : undefined;
  },
};

function singleByte(table: readonly string[]): CellText {
  return {
    width: 1,
    window: latin1,
    beyondAscii: (_window, bytes, from, to) => {
      let text = '';
      for (let at = from; at < to; at++) {
        const character = table[bytes[at] ?? 0] ?? '';
        if (character === '') return undefined;
        text += character;
      }
      return text;
    },
  };
}

/** A window as units, little endian where they are wide; then a copy, since a buffer may begin at an odd address. */
export function unitsOf(bytes: Buffer, width: 1 | 2): Uint8Array | Uint16Array {
  if (width === 1) return bytes;
  const copy = new Uint8Array(bytes);
  return new Uint16Array(copy.buffer, 0, copy.length >> 1);
}
