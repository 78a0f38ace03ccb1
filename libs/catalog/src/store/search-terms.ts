import type { Unit } from '#platform/persistence';
import { termsOf } from '../domain/search-document.js';
import type { ReleaseContent } from '../domain/release.js';
import { seekTerms } from './seek.js';

/**
 * Adds the words and artist names of releases to what spelling is corrected by. Never waits for another unit: the same term may
 * come in twice from two units at once, and is then found twice and shown once.
 */
export async function learnTerms(unit: Unit, contents: readonly ReleaseContent[]): Promise<void> {
  const terms = new Set<string>();
  for (const content of contents) {
    const { artists, words } = termsOf(content);
    for (const name of artists) terms.add(`artist ${name}`);
    for (const word of words) terms.add(`word ${word}`);
  }
  if (terms.size === 0) return;
  const kinds: string[] = [];
  const texts: string[] = [];
  for (const marked of terms) {
    const at = marked.indexOf(' ');
    kinds.push(marked.slice(0, at));
    texts.push(marked.slice(at + 1));
  }
  await seekTerms(unit, '', 0);
  await unit.prepared('catalog.learn-terms', LEARN, [unit.tenantId, kinds, texts]);
}

const LEARN = `
  insert into catalog.search_term (tenant_id, kind, term)
  select $1::uuid, u.kind, u.term from unnest($2::text[], $3::text[]) as u (kind, term)
   where not exists (select from catalog.search_term t where t.tenant_id = $1 and t.kind = u.kind and t.term = u.term)`;
