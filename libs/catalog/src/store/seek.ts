import type { Unit } from '#platform/persistence';
import { tenantQuery } from '../domain/search-document.js';

/** Says what documents must have, for the statements that follow in the unit: the table's policy compares it (ADR 11). */
export async function seek(unit: Unit, query: string): Promise<void> {
  await unit.prepared('catalog.seek', SEEK, [tenantQuery(unit.tenantId, query), 'on']);
}

/** As `seek`, for statements that go along an index of order and look at one document after the other. */
export async function seekAlong(unit: Unit, query: string): Promise<void> {
  await unit.prepared('catalog.seek', SEEK, [tenantQuery(unit.tenantId, query), 'off']);
}

/** Says which terms are sought and how alike they must be: from 0, where every term is, to 1. */
export async function seekTerms(unit: Unit, like: string, threshold: number): Promise<void> {
  await unit.prepared('catalog.seek-terms', SEEK_TERMS, [like, String(threshold)]);
}

/**
 * The planner cannot know what a setting holds and takes it for a two-hundredth of all rows: with many documents just written it
 * would rather read the whole table. Both ways that searches go, an index answers.
 */
const SEEK = `select set_config('app.sought', $1, true), set_config('enable_bitmapscan', $2, true), set_config('enable_seqscan', 'off', true)`;

const SEEK_TERMS = `select set_config('app.like', $1, true), set_config('pg_trgm.similarity_threshold', $2, true),
  set_config('enable_seqscan', 'off', true)`;
