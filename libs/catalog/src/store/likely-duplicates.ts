import type { Unit } from '#platform/persistence';
import type { LikelyDuplicate } from '../catalog.views.js';
import { LIKENESS, type Likeness, likelyQuery, likenessOf, type Telling } from '../domain/likeness.js';
import { readSummaries } from './release-reads.js';
import { seek } from './seek.js';

/** Releases that are looked at, and shown, at most. */
const MOST_CANDIDATES = 200;
const MOST_SHOWN = 10;

/** Active releases that are likely the same as the one told of, those with most reasons first. @param except its own id */
export async function findLikelyDuplicates(unit: Unit, telling: Telling, except?: string): Promise<LikelyDuplicate[]> {
  const query = likelyQuery(telling);
  if (query === undefined) return [];
  await seek(unit, query);
  const found = await unit.prepared<{ id: string }>('catalog.likely', FOUND, [unit.tenantId, except ?? null]);
  const rows = await readSummaries(
    unit,
    found.map(({ id }) => id),
  );
  return rows
    .map((row) => ({ row, reasons: likenessOf(telling, row) }))
    .filter(({ reasons }) => reasons.length > 0)
    .sort((a, b) => weightOf(b.reasons) - weightOf(a.reasons))
    .slice(0, MOST_SHOWN);
}

const FOUND = `select s.release_id as id from catalog.release_search s
  where s.tenant_id = $1 and s.listed and s.release_id is distinct from $2::uuid limit ${MOST_CANDIDATES}`;

/** Number of reasons, and among equals the reason that says most. */
function weightOf(reasons: readonly Likeness[]): number {
  const [first] = LIKENESS.filter((reason) => reasons.includes(reason));
  return reasons.length * 10 - (first === undefined ? 0 : LIKENESS.indexOf(first));
}
