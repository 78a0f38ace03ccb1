import { Injectable } from '@nestjs/common';
import { textArray, type Unit } from '#platform/persistence';
import type { ReleaseContent } from '../domain/release.js';
import { eachTerm } from '../domain/search-document.js';
import { seekTerms } from './seek.js';

/** Terms that a process remembers to be known, of all stores together: about 5 MB. */
const MOST_REMEMBERED = 50_000;

interface KnownTerms {
  readonly artist: Set<string>;
  readonly word: Set<string>;
}

/** What spelling is corrected by: artist names and words, as releases bring them. */
@Injectable()
export class SearchTerms {
  private readonly remembered = new Map<string, KnownTerms>();
  private size = 0;

  /**
   * Adds the terms of releases. Never waits for another unit: the same term may come in twice from two units at once, and is then
   * found twice and shown once.
   */
  async learn(unit: Unit, contents: readonly ReleaseContent[]): Promise<void> {
    const { artist, word } = this.unknown(unit.tenantId, contents);
    if (artist.size + word.size === 0) return;
    await seekTerms(unit, '', 0);
    await unit.prepared('catalog.learn-terms', LEARN, [unit.tenantId, textArray([...artist]), textArray([...word])]);
    unit.afterCommit(() => this.remember(unit.tenantId, { artist, word }));
  }

  private unknown(tenantId: string, contents: readonly ReleaseContent[]): KnownTerms {
    const known = this.remembered.get(tenantId);
    const found: KnownTerms = { artist: new Set(), word: new Set() };
    const note = (kind: 'artist' | 'word', term: string): void => {
      if (!known?.[kind].has(term)) found[kind].add(term);
    };
    for (const content of contents) eachTerm(content, note);
    return found;
  }

  private remember(tenantId: string, { artist, word }: KnownTerms): void {
    this.size += artist.size + word.size;
    if (this.size > MOST_REMEMBERED) {
      this.remembered.clear();
      this.size = artist.size + word.size;
    }
    const known = this.remembered.get(tenantId);
    if (!known) return void this.remembered.set(tenantId, { artist, word });
    for (const name of artist) known.artist.add(name);
    for (const one of word) known.word.add(one);
  }
}

/**
 * With `offset 0` each term is looked up by the primary key; a join would compare every term of the store in each call. One id serves
 * all terms of a call, which are different: it only tells them from those of another unit.
 */
const LEARN = `
  insert into catalog.search_term (tenant_id, kind, term, id)
  select $1::uuid, u.kind, u.term, (select gen_random_uuid()) from (
      select 'artist' as kind, unnest($2::text[]) as term union all select 'word', unnest($3::text[])) as u
   where not exists (select from catalog.search_term t where t.tenant_id = $1 and t.kind = u.kind and t.term = u.term offset 0)`;
