import { codeOf } from './folding.js';
import { quoted } from './likeness.js';
import { documentWords, type Facet, facetLexeme, nameLexeme, shortKey, titleLexeme } from './search-document.js';

/** Values that one of several must be met of, by facet. */
export type FacetFilters = ReadonlyMap<Facet, readonly string[]>;

/** Words that are looked at; a search for a whole paragraph is one for its beginning. */
const MOST_WORDS = 12;

/** The words of what somebody typed. */
export function soughtWords(text: string): string[] {
  return [...new Set(documentWords(text))].slice(0, MOST_WORDS);
}

/**
 * What documents must have for a text: all of its words, or be named by the whole of it: a catalogue number, a barcode, or words
 * that are written as one.
 */
export function textQuery(text: string): string {
  const words = soughtWords(text).map(quoted);
  const all = words.length === 0 ? [] : [`(${words.join(' & ')})`];
  return [...all, ...exactLexemes(text).map(quoted)].join(' | ');
}

/** What documents have that are exactly what was typed: code, artist or title. */
export function exactQuery(text: string): string {
  return exactLexemes(text).map(quoted).join(' | ');
}

/** What documents have whose catalogue number or barcode was typed. */
export function codeQuery(text: string): string {
  const code = codeOf(text).slice(0, 60);
  return code === '' ? quoted('#') : [`#${code}`, `=${code}`].map(quoted).join(' | ');
}

/** All of the words, each or one of those it may stand for. */
export function correctedQuery(words: readonly (readonly string[])[]): string {
  return words.map((choices) => `(${choices.map(quoted).join(' | ')})`).join(' & ');
}

/** Documents of one of the artists. */
export function artistsQuery(names: readonly string[]): string {
  return names.map((name) => quoted(nameLexeme(name))).join(' | ');
}

/** All words, the last one of which may go on. */
export function beginningQuery(text: string): string {
  const words = soughtWords(text);
  return words.map((word, index) => `${quoted(word)}${index === words.length - 1 ? ':*' : ''}`).join(' & ');
}

/** A text query under filters; undefined where nothing is asked. @param except a facet whose own filter is left out */
export function filteredQuery(text: string | undefined, filters: FacetFilters, except?: Facet): string | undefined {
  const parts = [...filters]
    .filter(([facet]) => facet !== except)
    .map(([facet, values]) => values.map((value) => quoted(facetLexeme(facet, value))).join(' | '));
  const all = [...(text === undefined ? [] : [text]), ...parts];
  return all.length === 0 ? undefined : all.map((part) => `(${part})`).join(' & ');
}

function exactLexemes(text: string): string[] {
  const code = codeOf(text).slice(0, 60);
  const codes = code === '' ? [] : [`#${code}`, `=${code}`, code];
  return shortKey(text) === '' ? codes : [...codes, nameLexeme(text), titleLexeme(text)];
}
