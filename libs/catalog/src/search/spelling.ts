import type { Unit } from '#platform/persistence';
import { shortKey } from '../domain/search-document.js';
import { artistsQuery, correctedQuery, soughtWords } from '../domain/sought.js';
import { bestNames, bestWords, type LikeTerm } from '../domain/spelling.js';
import { seekTerms } from '../store/seek.js';

/** What is sought in place of a text that nothing was found for. */
export interface Correction {
  /** Documents of an artist that is called alike, or with all words, each as it is or corrected. */
  readonly query: string;
  /** The latter alone; undefined where a word is like none. */
  readonly all: string | undefined;
  /** With all words, each as it is most likely meant. */
  readonly likeliest: string | undefined;
  readonly names: readonly LikeTerm[];
  /** In words. */
  readonly text: string;
}

/** Artist names are long, so that a like one shares fewer trigrams: `winx` and `josh wink` are alike by 0.25. */
const LIKE_NAME = 0.2;
/** The threshold of pg_trgm itself: one wrong or two swapped letters of a word of six. */
const LIKE_WORD = 0.3;
const MOST_NAMES_READ = 40;
const MOST_NAMES = 12;
const MOST_WORDS_READ = 24;
const MOST_WORDS = 8;
/** Every word costs a look at the index. */
const MOST_CORRECTED = 6;

/** Terms of the store that are like a text: whole artist names, and for each word those that may be meant. */
export async function correctionOf(unit: Unit, text: string): Promise<Correction | undefined> {
  const key = shortKey(text);
  const names = bestNames(key, await termsLike(unit, 'artist', key, [LIKE_NAME, MOST_NAMES_READ]), MOST_NAMES);
  const words = soughtWords(text);
  const choices: string[][] = [];
  for (const word of words.slice(0, MOST_CORRECTED)) {
    const like = word.length < 3 ? [] : await termsLike(unit, 'word', word, [LIKE_WORD, MOST_WORDS_READ]);
    choices.push([...new Set([...bestWords(word, like, MOST_WORDS), word])]);
  }
  const all = choices.length === 0 ? undefined : correctedQuery(choices);
  const parts = [
    ...(all === undefined ? [] : [`(${all})`]),
    ...(names.length === 0 ? [] : [artistsQuery(names.map(({ term }) => term))]),
  ];
  if (parts.length === 0) return undefined;
  const spelt = choices.map(([first = '']) => first).join(' ');
  const likeliest = all === undefined ? undefined : correctedQuery(choices.map((some) => some.slice(0, 1)));
  return {
    query: parts.join(' | '),
    all,
    likeliest,
    names,
    text: spelt === words.join(' ') ? (names[0]?.term ?? spelt) : spelt,
  };
}

const LIKE = `select t.term, similarity(t.term, $3) as likeness from catalog.search_term t
  where t.tenant_id = $1 and t.kind = $2 order by 2 desc, 1 limit $4`;

async function termsLike(
  unit: Unit,
  kind: 'artist' | 'word',
  text: string,
  [threshold, most]: readonly [number, number],
): Promise<LikeTerm[]> {
  await seekTerms(unit, text, threshold);
  return unit.prepared<LikeTerm & Record<string, unknown>>('catalog.terms-like', LIKE, [
    unit.tenantId,
    kind,
    text,
    most,
  ]);
}
