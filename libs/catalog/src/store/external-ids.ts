import { hash } from 'node:crypto';
import { plainArray, textArray, type Unit } from '#platform/persistence';
import type { ReleaseState } from '../domain/release.js';

/** What is remembered of an id of another system. */
export interface KnownId {
  readonly key: string;
  readonly releaseId: string;
  /** Of the item that was last written under this id. */
  readonly itemHash: string;
  /** The release's version after that. */
  readonly releaseVersion: number;
  /** The release's version and state now. */
  readonly version: number;
  readonly state: ReleaseState;
}

/** An id that is written. */
export interface WrittenId {
  readonly externalId: string;
  readonly releaseId: string;
  readonly itemHash: string;
  readonly releaseVersion: number;
}

/** The ids of a source among `keys`. */
export function findIds(unit: Unit, source: string, keys: readonly string[]): Promise<KnownId[]> {
  const sql = `select e.external_key as key, e.release_id as "releaseId", encode(e.item_hash, 'hex') as "itemHash",
           e.release_version as "releaseVersion", r.version, r.state
      from catalog.external_id e join catalog.release r on r.tenant_id = e.tenant_id and r.id = e.release_id
     where e.tenant_id = $1 and e.source = $2 and e.external_key = any($3::text[])`;
  const values = [unit.tenantId, source, textArray(keys)];
  return unit.prepared<KnownId & Record<string, unknown>>('catalog.find-ids', sql, values);
}

/** Ids as rows; the last column is the import's id, where there is one. */
const WRITTEN = `select $1::uuid, $2::text, u.key, u.spelling, u.release_id, u.item_hash, u.release_version, $8::text
  from unnest($3::text[], $4::text[], $5::uuid[], $6::bytea[], $7::integer[]) as u (key, spelling, release_id, item_hash, release_version)
 order by u.key`;
const COLUMNS = `tenant_id, source, external_key, spelling, release_id, item_hash, release_version, import_id`;

/**
 * Claims ids for new releases. Whoever writes the same id at the same time waits; the one that comes second claims nothing. In
 * the order of the ids, so that two bulk calls never wait for each other.
 * @returns the keys that were claimed
 */
export async function claimIds(
  unit: Unit,
  source: string,
  ids: readonly WrittenId[],
  importId: string | undefined,
): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const sql = `with claimed as (
      insert into catalog.external_id (${COLUMNS}) ${WRITTEN}
      on conflict (tenant_id, source, external_key) do nothing returning 1)
    select count(*)::int as count from claimed`;
  const values = valuesOf(unit.tenantId, source, ids, importId);
  const [claimed] = await unit.prepared<{ count: number }>('catalog.claim-ids', sql, values);
  if (claimed?.count === ids.length) return new Set(ids.map(({ externalId }) => externalKey(externalId)));
  const own =
    'select external_key as key from catalog.external_id where tenant_id = $1 and release_id = any($2::uuid[])';
  const rows = await unit.rows<{ key: string }>(own, [unit.tenantId, ids.map(({ releaseId }) => releaseId)]);
  return new Set(rows.map(({ key }) => key));
}

/** Notes what was written under ids that are known. */
export async function noteIds(unit: Unit, source: string, ids: readonly WrittenId[]): Promise<void> {
  if (ids.length === 0) return;
  const sql = `update catalog.external_id e set item_hash = u.item_hash, release_version = u.release_version
    from (${WRITTEN}) as u (${COLUMNS})
   where e.tenant_id = u.tenant_id and e.source = u.source and e.external_key = u.external_key`;
  await unit.prepared('catalog.note-ids', sql, valuesOf(unit.tenantId, source, ids));
}

/** What an external id is compared by: Unicode has several spellings of one text. */
export function externalKey(externalId: string): string {
  return externalId.normalize('NFC');
}

/**
 * 20 bytes that stand for an item, in hexadecimal digits. The order of its members counts: an item that only says the same in another
 * order is compared member by member.
 */
export function itemHash(item: object): string {
  return hash('sha1', JSON.stringify(item), 'hex');
}

function valuesOf(tenantId: string, source: string, ids: readonly WrittenId[], importId?: string): unknown[] {
  const keys = ids.map(({ externalId }) => externalKey(externalId));
  return [
    tenantId,
    source,
    textArray(keys),
    textArray(ids.map(({ externalId }, index) => (externalId === keys[index] ? null : externalId))),
    plainArray(ids.map(({ releaseId }) => releaseId)),
    textArray(ids.map(({ itemHash: digits }) => `\\x${digits}`)),
    plainArray(ids.map(({ releaseVersion }) => releaseVersion)),
    importId ?? null,
  ];
}
