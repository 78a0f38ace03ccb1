import { codeOf } from './folding.js';
import type { ReleaseContent } from './release.js';
import { documentWords, nameLexeme, shortKey, titleLexeme } from './search-document.js';

/** Why two releases may be the same. */
export const LIKENESS = ['barcode', 'catalog_number', 'artist_and_title'] as const;
export type Likeness = (typeof LIKENESS)[number];

/** What tells a release apart. */
export type Telling = Pick<ReleaseContent, 'title' | 'artists' | 'labels' | 'barcode'>;

/** Why two releases are likely the same pressing; empty when they are not. Numbers count without blanks and signs. */
export function likenessOf(a: Telling, b: Telling): Likeness[] {
  const reasons: Likeness[] = [];
  if (a.barcode !== null && b.barcode !== null && codeOf(a.barcode) === codeOf(b.barcode) && codeOf(a.barcode) !== '')
    reasons.push('barcode');
  if (numbersOf(a).some((number) => numbersOf(b).includes(number))) reasons.push('catalog_number');
  const isNamedAlike = shortKey(a.artists.join(' ')) === shortKey(b.artists.join(' '));
  if (isNamedAlike && shortKey(a.title) === shortKey(b.title)) reasons.push('artist_and_title');
  return reasons;
}

/** What to look for to find releases that are likely the same, as a full-text query; undefined where nothing tells it apart. */
export function likelyQuery({ title, artists, labels, barcode }: Telling): string | undefined {
  const named = artists.map((name) => quoted(nameLexeme(name)));
  const titled = quoted(titleLexeme(title));
  const parts = [
    named.length === 0 ? titled : `(${named.join(' | ')}) & ${titled}`,
    ...(barcode !== null && codeOf(barcode) !== '' ? [quoted(`=${codeOf(barcode).slice(0, 60)}`)] : []),
    ...labels.flatMap(({ name, catalogNumber }) => {
      const code = codeOf(catalogNumber ?? '').slice(0, 60);
      const words = documentWords(name).map(quoted);
      return code === '' || isNoNumber(code) ? [] : [[quoted(`#${code}`), ...words].join(' & ')];
    }),
  ];
  return parts.map((part) => `(${part})`).join(' | ');
}

/** A lexeme inside a full-text query. */
export function quoted(lexeme: string): string {
  return `'${lexeme.replace(/['\\]/g, '$&$&')}'`;
}

function numbersOf({ labels }: Telling): string[] {
  return labels.flatMap(({ name, catalogNumber }) => {
    const code = codeOf(catalogNumber ?? '');
    return code === '' || isNoNumber(code) ? [] : [`${shortKey(name)} ${code}`];
  });
}

/** What is printed, or typed, where a release has no number. */
const isNoNumber = (code: string): boolean => ['none', 'na', 'notonlabel'].includes(code);
