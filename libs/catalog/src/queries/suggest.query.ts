import { type IQueryHandler, Query, QueryHandler } from '@nestjs/cqrs';
import { Text, WholeNumber } from '#platform/http';
import type { Actor } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { suggestionsOf } from '../domain/suggestions.js';
import { beginningQuery } from '../domain/sought.js';
import { seek } from '../store/seek.js';

export class SuggestParameters {
  @Text({
    min: 2,
    max: 100,
    optional: true,
    description: 'What was typed so far, 2 letters at least. As long as it is left out, nothing is suggested.',
  })
  readonly q?: string;

  @WholeNumber({ min: 1, max: 20, optional: true, description: 'Suggestions at most; 8 unless given.' })
  readonly limit: number = 8;
}

/** How what was typed could go on. */
export class SuggestionView {
  kind!: 'artist' | 'title';
  /** @example "The Persuader" */
  text!: string;
}

/** Suggestions for what was typed so far. */
export class SuggestionsView {
  /** Those of most releases first. */
  suggestions!: SuggestionView[];
}

/** Artists and titles that go on as somebody has begun to type. */
export class Suggest extends Query<SuggestionsView> {
  constructor(
    readonly actor: Actor,
    readonly parameters: SuggestParameters,
  ) {
    super();
  }
}

/** Releases that are looked at. */
const MOST_LOOKED_AT = 300;

@QueryHandler(Suggest)
export class SuggestHandler implements IQueryHandler<Suggest> {
  constructor(private readonly work: UnitOfWork) {}

  async execute({ parameters: { q = '', limit } }: Suggest): Promise<SuggestionsView> {
    const query = beginningQuery(q);
    if (query === '') return { suggestions: [] };
    const unit = this.work.current();
    await seek(unit, query);
    const rows = await unit.prepared<{ artists: string[]; title: string }>('catalog.suggest', LOOK, [unit.tenantId]);
    return { suggestions: suggestionsOf(q, rows, limit) };
  }
}

const LOOK = `
  with found as materialized (
    select s.release_id from catalog.release_search s where s.tenant_id = $1 and s.listed limit ${MOST_LOOKED_AT})
  select r.artists, r.title from found f join catalog.release r on r.tenant_id = $1 and r.id = f.release_id`;
