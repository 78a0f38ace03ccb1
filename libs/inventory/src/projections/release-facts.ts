import type { CatalogEvent } from '#libs/catalog';
import { innerArray, plainArray, textArray, textArrays, type Unit } from '#platform/persistence';
import { searchText } from '../domain/search-text.js';
import type { TableOf } from './inline-item-event.js';

/** Events of the catalogue that change what a release is called, or which one it is. */
export const RELEASE_EVENTS: readonly CatalogEvent['type'][] = [
  'catalog.release-created.v1',
  'catalog.release-changed.v1',
  'catalog.release-merged.v1',
  'catalog.releases-imported.v1',
];

/** What stock shows of a release. */
export interface ReleaseFactRow {
  readonly releaseId: string;
  readonly artist: string;
  readonly title: string;
  readonly genres: readonly string[];
  /** The release that lives on, however many merges away. */
  readonly mergedInto: string | null;
}

/** Takes over what the catalogue says; answers the releases whose stock shows something else now. */
export async function writeReleaseFacts(
  unit: Unit,
  events: readonly CatalogEvent[],
  table: TableOf,
): Promise<readonly string[]> {
  const facts = new Map<string, ReleaseFactRow>();
  const merges: [from: string, into: string][] = [];
  for (const event of events) {
    for (const fact of factsOf(event)) facts.set(fact.releaseId, fact);
    if (event.type === 'catalog.release-merged.v1') merges.push([event.data.releaseId, event.data.mergedInto]);
  }
  if (facts.size === 0) return [];
  const name = table('inventory.release_fact');
  const rows = [...facts.values()];
  await unit.prepared(`upsert ${name}`, UPSERT(name), [
    unit.tenantId,
    plainArray(rows.map(({ releaseId }) => releaseId)),
    textArray(rows.map(({ artist }) => artist)),
    textArray(rows.map(({ title }) => title)),
    textArrays(rows.map(({ genres }) => genres)),
  ]);
  // One after the other: a release that takes in others may itself be taken in later.
  for (const [from, into] of merges) await unit.run(MERGE(name), [unit.tenantId, from, into]);
  return [...facts.keys()];
}

function factsOf(event: CatalogEvent): ReleaseFactRow[] {
  if (event.type !== 'catalog.releases-imported.v1') {
    const { releaseId, artist, title, genres } = event.data;
    return [{ releaseId, artist, title, genres, mergedInto: null }];
  }
  const { releaseIds, artists, titles, genres } = event.data;
  return releaseIds.map((releaseId, index) => ({
    releaseId,
    artist: artists[index] ?? '',
    title: titles[index] ?? '',
    genres: genres[index] ?? [],
    mergedInto: null,
  }));
}

/** What is known of releases, by the ids they were received under. A release the catalogue has not told of yet is missing. */
export async function readReleaseFacts(
  unit: Unit,
  releaseIds: readonly string[],
  table: TableOf,
): Promise<ReadonlyMap<string, ReleaseFactRow>> {
  const rows = await unit.rows<ReleaseFactRow & { asked: string }>(READ(table('inventory.release_fact')), [
    unit.tenantId,
    releaseIds,
  ]);
  return new Map(rows.map(({ asked, ...fact }) => [asked, fact]));
}

/** What an item is found by. */
export function searchOf(
  { artist, title }: Pick<ReleaseFactRow, 'artist' | 'title'>,
  code: string,
  sku: string | null,
): string {
  return searchText([artist, title, code, sku ?? ''].join(' '));
}

const UPSERT = (table: string): string => `
  insert into ${table} as f (tenant_id, release_id, artist, title, genres)
  select $1, n.release_id, n.artist, n.title, ${innerArray('n.genres')}
    from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as n (release_id, artist, title, genres)
      on conflict (tenant_id, release_id) do update set artist = excluded.artist, title = excluded.title, genres = excluded.genres`;

const MERGE = (table: string): string =>
  `update ${table} set merged_into = $3 where tenant_id = $1 and (release_id = $2 or merged_into = $2)`;

const READ = (table: string): string => `
  select a.release_id as asked, f.release_id as "releaseId", f.artist, f.title, f.genres, f.merged_into as "mergedInto"
    from ${table} a join ${table} f on f.tenant_id = $1 and f.release_id = coalesce(a.merged_into, a.release_id)
   where a.tenant_id = $1 and a.release_id = any($2)`;
