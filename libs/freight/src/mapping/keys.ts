import { createHash } from 'node:crypto';

/** Longer keys are cut and get the hash of what they were, so that different ones stay different. */
const LONGEST_KEY = 200;
const KEPT_CHARACTERS = 140;

/** Accents of Latin, Greek and Cyrillic, and all that is no letter, digit or vowel sign (Thai has its vowels as marks). */
const ACCENTS_AND_MARKS = /[\u0300-\u036f]+|[^\p{L}\p{N}\p{M}]+/gu;

/**
 * A text by which things are compared where a file has no id: case, accents, blanks and marks do not count, letters and digits
 * of every script do.
 */
export function folded(text: string): string {
  const isPlain = /^[\x20-\x7e]*$/.test(text);
  if (isPlain)
    return text
      .toLowerCase()
      .replaceAll('&', 'and')
      .replace(/[^a-z0-9]+/g, '');
  return text.normalize('NFKD').toLowerCase().replaceAll('&', 'and').replace(ACCENTS_AND_MARKS, '');
}

/** A key of some texts, or undefined when all are blank. A text that folds to nothing counts as it is. */
export function keyOf(parts: readonly string[], exact: boolean): string | undefined {
  const texts = exact ? parts : parts.map((part) => folded(part) || part.trim());
  return texts.every((text) => text === '') ? undefined : bounded(texts.join('|'));
}

/** A key that fits where keys are kept. */
export function bounded(key: string): string {
  if (key.length <= LONGEST_KEY) return key;
  return `${key.slice(0, KEPT_CHARACTERS)}~${createHash('sha256').update(key).digest('base64url')}`;
}
