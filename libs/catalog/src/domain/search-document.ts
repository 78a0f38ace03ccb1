import { codeOf, folded, wordsOf } from './folding.js';
import { dateKey, decadeOf } from './partial-date.js';
import { artistLine, type ReleaseContent } from './release.js';

/** What a release can be filtered by and is counted by, and the letter that marks it in a document. */
export const FACETS = {
  genre: 'g',
  style: 's',
  format: 'f',
  decade: 'd',
  country: 'c',
  label: 'l',
} as const;
export type Facet = keyof typeof FACETS;
export const FACET_NAMES = Object.keys(FACETS) as readonly Facet[];

/** A release as it is found. */
export interface SearchDocument {
  /**
   * Words as they are; with a mark before them: facets (`g:rock`), whole artist names (`n:`) and titles (`t:`), catalogue numbers
   * (`#`) and barcodes (`=`). No word holds a mark.
   */
  readonly lexemes: readonly string[];
  /** What it is counted by, as it is shown: each value once. */
  readonly values: Readonly<Record<Facet, readonly string[]>>;
  readonly artistKey: string;
  readonly titleKey: string;
  readonly releasedKey: number;
}

/** Longest word and longest key that is compared; a B-tree takes 2,700 bytes. */
const LONGEST_WORD = 60;
const LONGEST_KEY = 200;
/** Words of one release; the rest of a box set of hundreds of discs is not found by its tracks. */
const MOST_LEXEMES = 3_000;

/** The document of a release. Pure: the same content always gives the same. */
export function searchDocument(content: ReleaseContent): SearchDocument {
  const lexemes = new Lexemes();
  const { artists, title, labels, tracks, barcode } = content;
  const artistKey = shortKey(artistLine(artists));
  const titleKey = shortKey(title);
  for (const name of artists) lexemes.add(nameLexeme(name));
  lexemes.add(titleLexeme(title));
  for (const name of artists) addWords(lexemes, name);
  addWords(lexemes, title);
  for (const { name } of labels) addWords(lexemes, name);
  for (const { catalogNumber } of labels) if (catalogNumber !== undefined) addCode(lexemes, '#', catalogNumber);
  if (barcode !== null) addCode(lexemes, '=', barcode);
  const values = valuesOf(content);
  for (const facet of FACET_NAMES) for (const value of values[facet]) lexemes.add(facetLexeme(facet, value));
  for (const track of tracks) {
    if (lexemes.size > MOST_LEXEMES) break;
    addWords(lexemes, track.title);
    for (const name of track.artists ?? []) addWords(lexemes, name);
  }
  return { lexemes: lexemes.list, values, artistKey, titleKey, releasedKey: dateKey(content.released) };
}

/**
 * What the words of a tenant's documents begin with: 24 bits of its id, which are random. Two tenants that share them cost each other
 * time, nothing else: rows are kept apart by the table's policy.
 */
export function tenantMark(tenantId: string): string {
  return tenantId.slice(-6);
}

/** A full-text query for the documents of one tenant. @param query of quoted words, without weights */
export function tenantQuery(tenantId: string, query: string): string {
  return query.replace(/'((?:[^']|'')+)'/g, `'${tenantMark(tenantId)}$1'`);
}

/** A facet's value as a document has it: `g:rock`. */
export function facetLexeme(facet: Facet, value: string): string {
  return `${FACETS[facet]}:${shortKey(value)}`;
}

/** A whole artist name as a document has it. */
export function nameLexeme(name: string): string {
  return `n:${shortKey(name)}`;
}

/** A whole title as a document has it. */
export function titleLexeme(title: string): string {
  return `t:${shortKey(title)}`;
}

/** Words that a document has for a text, each at most 60 letters. */
export function documentWords(text: string): readonly string[] {
  return readText(text).words;
}

/** A text as a key of comparison and order: its words with one blank between. A text of signs alone is its own key. */
export function shortKey(text: string): string {
  return readText(text).key;
}

/** A text as it is found. */
interface FoundText {
  readonly words: readonly string[];
  readonly key: string;
}

/**
 * Texts that are remembered as they are found: a release is asked for its artists four times, and files repeat genres and labels. So
 * few that what is forgotten is still young: more cost the garbage collector more than they save.
 */
const MOST_REMEMBERED = 500;
const remembered = new Map<string, FoundText>();

function readText(text: string): FoundText {
  const known = remembered.get(text);
  if (known) return known;
  const whole = wordsOf(text);
  const words = whole.some(({ length }) => length > LONGEST_WORD)
    ? whole.map((word) => word.slice(0, LONGEST_WORD))
    : whole;
  const found = { words, key: (whole.join(' ') || folded(text).trim()).slice(0, LONGEST_KEY) };
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  remembered.set(text, found);
  return found;
}

/** Words beyond which a list is looked through more slowly than a set. */
const MOST_LOOKED_THROUGH = 40;

/** Different words, in order. Most releases have few: a list of them costs less than a set. */
class Lexemes {
  readonly list: string[] = [];
  private seen: Set<string> | undefined;

  get size(): number {
    return this.list.length;
  }

  add(word: string): void {
    if (word === '' || (this.seen ? this.seen.has(word) : this.list.includes(word))) return;
    this.list.push(word);
    if (this.seen) this.seen.add(word);
    else if (this.list.length > MOST_LOOKED_THROUGH) this.seen = new Set(this.list);
  }
}

/** Hears of a term. */
type OnTerm = (kind: 'artist' | 'word', term: string) => void;

/** What spelling is corrected by: artist names as a whole and the words of artists and titles. A number is not misspelt for another. */
export function eachTerm({ artists, title }: ReleaseContent, on: OnTerm): void {
  for (const name of artists) {
    const key = shortKey(name);
    if (key !== '') on('artist', key);
    eachWord(name, on);
  }
  eachWord(title, on);
}

function eachWord(text: string, on: OnTerm): void {
  for (const word of documentWords(text)) if (word.length > 2 && !/^\d+$/.test(word)) on('word', word);
}

function valuesOf({ genres, styles, formats, released, country, labels }: ReleaseContent): SearchDocument['values'] {
  const decade = decadeOf(released);
  return {
    genre: once(genres),
    style: once(styles),
    format: once(formats.map(({ name }) => name)),
    decade: decade === undefined ? [] : [String(decade)],
    country: country === null ? [] : [country],
    label: once(labels.map(({ name }) => name)),
  };
}

function once(values: readonly string[]): readonly string[] {
  return values.length < 2 ? values : [...new Set(values)];
}

/** Words, and what is written with dots, dashes or strokes also as one: `R.E.M.` is found as `rem`, `Hi-Fi` as `hifi`. */
function addWords(lexemes: Lexemes, text: string): void {
  for (const word of documentWords(text)) lexemes.add(word);
  if (!/[-./]/.test(text)) return;
  for (const part of folded(text).split(/\s+/)) {
    if (/[\p{L}\p{N}][-./][\p{L}\p{N}]/u.test(part)) lexemes.add(codeOf(part).slice(0, LONGEST_WORD));
  }
}

/** Codes may come several in one text, separated by commas. */
function addCode(lexemes: Lexemes, mark: string, text: string): void {
  for (const part of text.includes(',') ? [text, ...text.split(',')] : [text]) {
    const code = codeOf(part).slice(0, LONGEST_WORD);
    if (code !== '') lexemes.add(mark + code);
  }
}
