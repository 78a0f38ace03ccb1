import { checkIfMatch, type IfMatchCondition, notFound } from '#platform/http';
import { formatId } from '#platform/kernel';
import type { Unit } from '#platform/persistence';
import {
  RELEASE_FROM,
  releaseView,
  type ReleaseView,
  type ReleaseViewRow,
  SUMMARY_COLUMNS,
  type SummaryRow,
  VIEW_COLUMNS,
} from '../catalog.views.js';
import { catalogErrors } from '../domain/catalog.errors.js';
import { lockReleases, type StoredRelease } from './release-rows.js';

const READ = `select ${VIEW_COLUMNS} from ${RELEASE_FROM} where r.tenant_id = $1 and r.id = $2`;
const SUMMARIES = `select ${SUMMARY_COLUMNS} from ${RELEASE_FROM} where r.tenant_id = $1 and r.id = any($2::uuid[])`;

/** A release with everything. As the only statement of its unit it is one message. @throws http.not_found */
export async function readRelease(unit: Unit, id: string): Promise<ReleaseView> {
  const [row] = await unit.only<ReleaseViewRow & Record<string, unknown>>('catalog.release', READ, [unit.tenantId, id]);
  if (!row) throw notFound();
  return releaseView(row);
}

/** Releases as lists show them, in the order of `ids`. */
export async function readSummaries(unit: Unit, ids: readonly string[]): Promise<SummaryRow[]> {
  if (ids.length === 0) return [];
  const rows = await unit.prepared<SummaryRow & Record<string, unknown>>('catalog.summaries', SUMMARIES, [
    unit.tenantId,
    ids,
  ]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** A release, locked until the unit ends. @throws http.not_found, http.precondition_failed */
export async function lockedRelease(unit: Unit, id: string, ifMatch?: IfMatchCondition): Promise<StoredRelease> {
  const release = (await lockReleases(unit, [id])).get(id);
  if (!release) throw notFound();
  checkIfMatch(ifMatch, release.version);
  return release;
}

/** @throws catalog.release_archived, catalog.release_merged when the release is not active any more */
export function assertActive({ state, mergedInto }: Pick<StoredRelease, 'state' | 'mergedInto'>): void {
  if (state === 'archived') {
    throw catalogErrors.release_archived('The release is archived. Restore it first.', {
      currentState: state,
      allowed: ['restore', 'merge'],
    });
  }
  assertNotMerged({ state, mergedInto });
}

/** @throws catalog.release_merged */
export function assertNotMerged({ state, mergedInto }: Pick<StoredRelease, 'state' | 'mergedInto'>): void {
  if (state !== 'merged' || mergedInto === null) return;
  const id = formatId('release', mergedInto);
  throw catalogErrors.release_merged(`The release was merged into ${id}. Use that one.`, {
    currentState: state,
    allowed: [],
    mergedInto: id,
  });
}
