import { hash } from 'node:crypto';
import type { Unit } from '#platform/persistence';
import { canonical } from '../domain/release.js';

/** What is remembered of an id of another system. */
export interface KnownId {
  readonly key: string;
  readonly releaseId: string;
  /** Of the item that was last written under this id. */
  readonly itemHash: Buffer;
  /** The release's version after that. */
  readonly releaseVersion: number;
  /** The release's version now. */
  readonly version: number;
}

/** An id that is written. */
export interface WrittenId {
  readonly externalId: string;
  readonly releaseId: string;
  readonly itemHash: Buffer;
  readonly releaseVersion: number;
}

/** The ids of a source among `keys`. */
export function findIds(unit: Unit, source: string, keys: readonly string[]): Promise<KnownId[]> {
  const sql = `select e.external_key as key, e.release_id as "releaseId", e.item_hash as "itemHash",
           e.release_version as "releaseVersion", r.version
      from catalog.external_id e join catalog.release r on r.tenant_id = e.tenant_id and r.id = e.release_id
     where e.tenant_id = $1 and e.source = $2 and e.external_key = any($3::text[])`;
  return unit.prepared<KnownId & Record<string, unknown>>('catalog.find-ids', sql, [unit.tenantId, source, keys]);
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
  const sql = `insert into catalog.external_id (${COLUMNS}) ${WRITTEN}
    on conflict (tenant_id, source, external_key) do nothing returning external_key as key`;
  const rows = await unit.prepared<{ key: string }>(
    'catalog.claim-ids',
    sql,
    valuesOf(unit.tenantId, source, ids, importId),
  );
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

/** 20 bytes that stand for an item. */
export function itemHash(item: object): Buffer {
  return hash('sha1', canonical(item), 'buffer');
}

function valuesOf(tenantId: string, source: string, ids: readonly WrittenId[], importId?: string): unknown[] {
  const keys = ids.map(({ externalId }) => externalKey(externalId));
  return [
    tenantId,
    source,
    keys,
    ids.map(({ externalId }, index) => (externalId === keys[index] ? null : externalId)),
    ids.map(({ releaseId }) => releaseId),
    ids.map(({ itemHash: bytes }) => bytes),
    ids.map(({ releaseVersion }) => releaseVersion),
    importId ?? null,
  ];
}
