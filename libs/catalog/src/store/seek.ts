import type { Unit } from '#platform/persistence';
import { tenantQuery } from '../domain/search-document.js';

/** Says what documents must have, for the statements that follow in the unit: the table's policy compares it (ADR 11). */
export async function seek(unit: Unit, query: string): Promise<void> {
  await unit.setLocal(settingsOf(unit, query, 'on'));
}

/** As `seek`, for statements that go along an index of order and look at one document after the other. */
export async function seekAlong(unit: Unit, query: string): Promise<void> {
  await unit.setLocal(settingsOf(unit, query, 'off'));
}

/** Says which terms are sought and how alike they must be: from 0, where every term is, to 1. */
export async function seekTerms(unit: Unit, like: string, threshold: number): Promise<void> {
  const sought = { 'app.like': like, 'pg_trgm.similarity_threshold': String(threshold) };
  await unit.setLocal({ ...sought, enable_seqscan: 'off' });
}

/**
 * The planner cannot know what a setting holds and takes it for a two-hundredth of all rows: with many documents just written it
 * would rather read the whole table. Both ways that searches go, an index answers.
 */
function settingsOf(unit: Unit, query: string, bitmaps: 'on' | 'off'): Record<string, string> {
  return { 'app.sought': tenantQuery(unit.tenantId, query), enable_bitmapscan: bitmaps, enable_seqscan: 'off' };
}
