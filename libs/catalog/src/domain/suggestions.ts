import { wordsOf } from './folding.js';

/** An artist or a title that goes on as was typed. */
export interface Suggestion {
  readonly kind: 'artist' | 'title';
  readonly text: string;
}

/**
 * Artists and titles among releases that have all typed words, the last one of which may go on. Those of most releases come
 * first; among equals artists, then in the order of their letters.
 */
export function suggestionsOf(
  typed: string,
  releases: readonly { readonly artists: readonly string[]; readonly title: string }[],
  most: number,
): Suggestion[] {
  const words = wordsOf(typed);
  const counts = new Map<string, { suggestion: Suggestion; count: number }>();
  const add = (kind: Suggestion['kind'], text: string): void => {
    if (!goesOn(words, wordsOf(text))) return;
    const key = `${kind} ${wordsOf(text).join(' ')}`;
    const known = counts.get(key);
    if (known) known.count += 1;
    else counts.set(key, { suggestion: { kind, text }, count: 1 });
  };
  for (const { artists, title } of releases) {
    for (const name of new Set(artists)) add('artist', name);
    add('title', title);
  }
  return [...counts.values()]
    .sort((a, b) => b.count - a.count || order(a.suggestion, b.suggestion))
    .slice(0, most)
    .map(({ suggestion }) => suggestion);
}

function goesOn(typed: readonly string[], own: readonly string[]): boolean {
  const last = typed.at(-1) ?? '';
  return typed.slice(0, -1).every((word) => own.includes(word)) && own.some((word) => word.startsWith(last));
}

function order(a: Suggestion, b: Suggestion): number {
  if (a.kind !== b.kind) return a.kind === 'artist' ? -1 : 1;
  return a.text < b.text ? -1 : 1;
}
