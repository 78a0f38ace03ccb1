import { newUuid } from '#platform/kernel';
import { innerArray, joinedTexts, plainArray, textArray, textArrays, type Unit } from '#platform/persistence';
import type { ReleaseContent, ReleaseState } from '../domain/release.js';
import { FACET_NAMES, searchDocument, tenantMark } from '../domain/search-document.js';
import { countedColumn, isSingle } from './counted-columns.js';

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
const COUNTED = FACET_NAMES.map(countedColumn);
const DOCUMENT = ['document', ...COUNTED] as const;
const NAMES = COLUMNS.map(([name]) => name);
const SENT = [...NAMES, ...DOCUMENT];
const UNNEST = SENT.map((name, index) => `$${index + 2}::${sentAs(name)}[]`).join(', ');
const READ = COLUMNS.map(([name, type]) => {
  if (type === 'text[]') return innerArray(`n.${name}`);
  return type === 'json' ? `n.${name}::json` : `n.${name}`;
}).join(', ');
/** Words of a document are sorted by PostgreSQL. */
const DOCUMENT_READ = `array_to_tsvector(${innerArray('n.document')})`;
const COUNTED_READ = FACET_NAMES.map((facet) => {
  const sent = `n.${countedColumn(facet)}`;
  return isSingle(facet) ? sent : innerArray(sent);
});
const NEW = `n as materialized (select * from unnest(${UNNEST}) as n (${SENT.join(', ')}))`;

/** One statement for all rows and both tables. Whether there are any is the caller's to know. */
const INSERT = `
  with ${NEW}, searched as (
    insert into catalog.release_search (tenant_id, release_id, listed, document, ${COUNTED.join(', ')}, artist_key, title_key, released_key)
    select $1, n.id, true, ${DOCUMENT_READ}, ${COUNTED_READ.join(', ')}, n.artist_key, n.title_key, n.released_key from n)
  insert into catalog.release (tenant_id, ${NAMES.join(', ')}) select $1, ${READ} from n`;

const UPDATE = `
  with ${NEW}, searched as (
    update catalog.release_search s set document = ${DOCUMENT_READ}, (${COUNTED.join(', ')}) = row (${COUNTED_READ.join(', ')}),
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

/** The columns as PostgreSQL reads them, in the order of SENT. */
function valuesOf(tenantId: string, rows: readonly ReleaseRow[]): string[] {
  const mark = tenantMark(tenantId);
  const contents = rows.map(({ content }) => content);
  const documents = contents.map(searchDocument);
  const json = (name: 'labels' | 'formats' | 'tracks' | 'attributes'): string =>
    textArray(contents.map((content) => JSON.stringify(content[name])));
  const lists = (name: 'artists' | 'genres' | 'styles' | 'images'): string =>
    textArrays(contents.map((content) => content[name]));
  const texts = (name: 'title' | 'barcode' | 'country' | 'released' | 'productType'): string =>
    textArray(contents.map((content) => content[name]));
  return [
    tenantId,
    plainArray(rows.map(({ id }) => id)),
    texts('title'),
    lists('artists'),
    json('labels'),
    texts('barcode'),
    json('formats'),
    texts('country'),
    texts('released'),
    lists('genres'),
    lists('styles'),
    json('tracks'),
    lists('images'),
    plainArray(contents.map(({ weightGrams }) => weightGrams)),
    json('attributes'),
    texts('productType'),
    textArray(documents.map(({ artistKey }) => artistKey)),
    textArray(documents.map(({ titleKey }) => titleKey)),
    plainArray(documents.map(({ releasedKey }) => releasedKey)),
    textArray(documents.map(({ lexemes }) => joinedTexts(lexemes, mark))),
    ...FACET_NAMES.map((facet) => {
      const lists = documents.map(({ values }) => values[facet]);
      return isSingle(facet) ? textArray(lists.map(([value]) => value ?? null)) : textArrays(lists);
    }),
  ];
}

function sentAs(name: (typeof SENT)[number]): string {
  const type = COLUMNS.find(([column]) => column === name)?.[1] ?? 'text';
  return type === 'uuid' || type === 'integer' ? type : 'text';
}
