import { newUuid } from '#platform/kernel';
import type { Unit } from '#platform/persistence';
import type { ReleaseContent, ReleaseState } from '../domain/release.js';
import { searchDocument, tenantMark } from '../domain/search-document.js';

/** A release as it is written. */
export interface ReleaseRow {
  readonly id: string;
  readonly content: ReleaseContent;
}

/** A release as it is read. */
export interface StoredRelease extends ReleaseRow {
  readonly state: ReleaseState;
  readonly version: number;
  readonly mergedInto: string | null;
}

/** Columns of `catalog.release as r` by the names of ReleaseContent. */
export const CONTENT_COLUMNS = `r.title, r.artists, r.labels, r.barcode, r.formats, r.country, r.released, r.genres, r.styles,
  r.tracks, r.images, r.weight_grams as "weightGrams", r.attributes, r.product_type as "productType"`;

/** One array per column: `unnest` makes rows of them. */
const COLUMNS = [
  ['id', 'uuid'],
  ['title', 'text'],
  ['artists', 'text[]'],
  ['labels', 'json'],
  ['barcode', 'text'],
  ['formats', 'json'],
  ['country', 'text'],
  ['released', 'text'],
  ['genres', 'text[]'],
  ['styles', 'text[]'],
  ['tracks', 'json'],
  ['images', 'text[]'],
  ['weight_grams', 'integer'],
  ['attributes', 'json'],
  ['product_type', 'text'],
  ['artist_key', 'text'],
  ['title_key', 'text'],
  ['released_key', 'integer'],
] as const;
const DOCUMENT = ['document', 'facets'] as const;
const NAMES = COLUMNS.map(([name]) => name);
const SENT = [...NAMES, ...DOCUMENT];
/** Lists within rows travel as array literals: PostgreSQL has no arrays of arrays of different lengths. */
const UNNEST = SENT.map((name, index) => `$${index + 2}::${sentAs(name)}[]`).join(', ');
const READ = COLUMNS.map(([name, type]) => (sentAs(name) === type ? `n.${name}` : `n.${name}::${type}`)).join(', ');
const NEW = `n as materialized (select * from unnest(${UNNEST}) as n (${SENT.join(', ')}))`;

/** One statement for all rows and both tables. Whether there are any is the caller's to know. */
const INSERT = `
  with ${NEW}, searched as (
    insert into catalog.release_search (tenant_id, release_id, listed, document, facets, artist_key, title_key, released_key)
    select $1, n.id, true, array_to_tsvector(n.document::text[]), n.facets::text[], n.artist_key, n.title_key, n.released_key from n)
  insert into catalog.release (tenant_id, ${NAMES.join(', ')}) select $1, ${READ} from n`;

const UPDATE = `
  with ${NEW}, searched as (
    update catalog.release_search s set document = array_to_tsvector(n.document::text[]), facets = n.facets::text[],
           artist_key = n.artist_key, title_key = n.title_key, released_key = n.released_key
      from n where s.tenant_id = $1 and s.release_id = n.id)
  update catalog.release r set (${NAMES.join(', ')}) = row (${READ}), version = r.version + 1, updated_at = clock_timestamp()
    from n where r.tenant_id = $1 and r.id = n.id`;

/** Writes new releases, and what they are found by. */
export async function insertReleases(unit: Unit, rows: readonly ReleaseRow[]): Promise<void> {
  if (rows.length > 0) await unit.prepared('catalog.insert-releases', INSERT, valuesOf(unit.tenantId, rows));
}

/** Writes changed releases: each becomes a version newer. The caller has locked them. */
export async function updateReleases(unit: Unit, rows: readonly ReleaseRow[]): Promise<void> {
  if (rows.length > 0) await unit.prepared('catalog.update-releases', UPDATE, valuesOf(unit.tenantId, rows));
}

/** The releases among `ids`, locked until the unit ends, in the order of their ids so that two units never wait for each other. */
export async function lockReleases(unit: Unit, ids: readonly string[]): Promise<Map<string, StoredRelease>> {
  if (ids.length === 0) return new Map();
  const sql = `select r.id, r.state, r.version, r.merged_into as "mergedInto", ${CONTENT_COLUMNS} from catalog.release r
    where r.tenant_id = $1 and r.id = any($2::uuid[]) order by r.id for update`;
  const rows = await unit.prepared<ReleaseContent & Omit<StoredRelease, 'content'>>('catalog.lock-releases', sql, [
    unit.tenantId,
    ids,
  ]);
  return new Map(
    rows.map(({ id, state, version, mergedInto, ...content }) => [id, { id, state, version, mergedInto, content }]),
  );
}

/** A new id of a release. */
export const newReleaseId = (): string => newUuid();

function valuesOf(tenantId: string, rows: readonly ReleaseRow[]): unknown[] {
  const columns: unknown[][] = SENT.map(() => []);
  const mark = tenantMark(tenantId);
  for (const { id, content } of rows) {
    const { title, artists, labels, barcode, formats, country, released, genres, styles, tracks, images } = content;
    const { lexemes, facets, artistKey, titleKey, releasedKey } = searchDocument(content);
    const row = [
      id,
      title,
      literal(artists),
      JSON.stringify(labels),
      barcode,
      JSON.stringify(formats),
      country,
      released,
      literal(genres),
      literal(styles),
      JSON.stringify(tracks),
      literal(images),
      content.weightGrams,
      JSON.stringify(content.attributes),
      content.productType,
      artistKey,
      titleKey,
      releasedKey,
      literal(lexemes.map((lexeme) => mark + lexeme)),
      literal(facets),
    ];
    row.forEach((value, index) => columns[index]?.push(value));
  }
  return [tenantId, ...columns];
}

/** A list as PostgreSQL writes it: every element quoted, quotes and backslashes escaped. */
export function literal(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${/["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`).join(',')}}`;
}

function sentAs(name: (typeof SENT)[number]): string {
  if (name === 'document' || name === 'facets') return 'text';
  const type = COLUMNS.find(([column]) => column === name)?.[1] ?? 'text';
  return type === 'uuid' || type === 'integer' ? type : 'text';
}
