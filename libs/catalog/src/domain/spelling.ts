/** A stored term and how alike it is to what was sought, from 0 to 1. */
export interface LikeTerm {
  readonly term: string;
  readonly likeness: number;
}

/** What an initial, or a name without one of its words, adds to the likeness of trigrams. */
const NAMED_ALIKE = 0.3;

/**
 * How alike a stored artist name is to what was sought. Trigrams do not know that `c smith` stands for `christian smith`: where
 * every word sought is a word of the name or its initial, in the same order, the name gains.
 */
export function nameLikeness(sought: string, { term, likeness }: LikeTerm): number {
  const words = sought.split(' ');
  const own = term.split(' ');
  if (words.length < 2 || words.length > own.length) return likeness;
  let at = 0;
  for (const word of words) {
    while (at < own.length && !standsFor(word, own[at] ?? '')) at += 1;
    if (at === own.length) return likeness;
    at += 1;
  }
  return likeness + NAMED_ALIKE;
}

const standsFor = (word: string, own: string): boolean => (word.length === 1 ? own.startsWith(word) : own === word);

/** The names most alike, best first, each once. */
export function bestNames(sought: string, found: readonly LikeTerm[], most: number): LikeTerm[] {
  const best = new Map<string, number>();
  for (const one of found) best.set(one.term, Math.max(best.get(one.term) ?? 0, nameLikeness(sought, one)));
  return [...best]
    .map(([term, likeness]) => ({ term, likeness }))
    .sort((a, b) => b.likeness - a.likeness || (a.term < b.term ? -1 : 1))
    .slice(0, most);
}

/** The words most likely meant, best first: fewest letters changed, added, left out or swapped, then by likeness. */
export function bestWords(word: string, found: readonly LikeTerm[], most: number): string[] {
  const scored = new Map(
    found.map(({ term, likeness }) => [term, { term, likeness, edits: editsBetween(word, term) }]),
  );
  return [...scored.values()]
    .sort((a, b) => a.edits - b.edits || b.likeness - a.likeness || (a.term < b.term ? -1 : 1))
    .slice(0, most)
    .map(({ term }) => term);
}

/** Letters to change, add, leave out or swap with their neighbour to get from one word to the other (optimal string alignment). */
export function editsBetween(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let edits = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits = Math.min(edits, (before[j - 2] ?? 0) + 1);
      next.push(edits);
    }
    [before, row] = [row, next];
  }
  return row[b.length] ?? 0;
}
