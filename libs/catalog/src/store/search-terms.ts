import { Injectable } from '@nestjs/common';
import type { Unit } from '#platform/persistence';
import type { ReleaseContent } from '../domain/release.js';
import { termsOf } from '../domain/search-document.js';
import { seekTerms } from './seek.js';

/** Terms that a process remembers to be known, of all stores together: about 10 MB. */
const MOST_REMEMBERED = 100_000;

/** What spelling is corrected by: artist names and words, as releases bring them. */
@Injectable()
export class SearchTerms {
  private readonly remembered = new Set<string>();

  /**
   * Adds the terms of releases. Never waits for another unit: the same term may come in twice from two units at once, and is then
   * found twice and shown once.
   */
  async learn(unit: Unit, contents: readonly ReleaseContent[]): Promise<void> {
    const terms = [...this.unknown(unit.tenantId, contents)];
    if (terms.length === 0) return;
    await seekTerms(unit, '', 0);
    await unit.prepared('catalog.learn-terms', LEARN, [
      unit.tenantId,
      terms.map(([, { kind }]) => kind),
      terms.map(([, { term }]) => term),
    ]);
    unit.afterCommit(() => this.remember(terms.map(([key]) => key)));
  }

  private unknown(tenantId: string, contents: readonly ReleaseContent[]): Map<string, { kind: string; term: string }> {
    const found = new Map<string, { kind: string; term: string }>();
    const add = (kind: string, term: string): void => {
      const key = `${tenantId} ${kind} ${term}`;
      if (!this.remembered.has(key)) found.set(key, { kind, term });
    };
    for (const content of contents) {
      const { artists, words } = termsOf(content);
      for (const name of artists) add('artist', name);
      for (const word of words) add('word', word);
    }
    return found;
  }

  private remember(keys: readonly string[]): void {
    if (this.remembered.size + keys.length > MOST_REMEMBERED) this.remembered.clear();
    for (const key of keys) this.remembered.add(key);
  }
}

/** With `offset 0` each term is looked up by the primary key; a join would compare every term of the store in each call. */
const LEARN = `
  insert into catalog.search_term (tenant_id, kind, term)
  select $1::uuid, u.kind, u.term from unnest($2::text[], $3::text[]) as u (kind, term)
   where not exists (select from catalog.search_term t where t.tenant_id = $1 and t.kind = u.kind and t.term = u.term offset 0)`;
