import { Migration } from '@mikro-orm/migrations';
import { guard } from './kit.js';

const PARTS = 8;
const KEPT = 'tenant_id, release_id, listed, document';
const KEYS = 'artist_key, title_key, released_key';
const VALUES: Readonly<Record<string, string>> = {
  by_genre: 'g',
  by_style: 's',
  by_format: 'f',
  by_label: 'l',
  by_decade: 'd',
  by_country: 'c',
};
/** Facets of which a release has one value at most. */
const SINGLE = new Set(['by_decade', 'by_country']);

/**
 * Documents in eight parts by their release, each with an index of its own: a search that wants the first thousand of very many
 * rows reads two or three parts, where one index gives all rows or none. Values that are counted stand one column per facet, so that
 * counting one does not take all apart (ADR 34). Parts are reached through the table alone: no role may read one by itself.
 */
export class CatalogSearchParts extends Migration {
  override up(): void {
    for (const sql of [...parted(), ...moved(), ...guarded()]) this.addSql(sql);
  }
}

function parted(): string[] {
  return [
    'alter table catalog.release_search rename to release_search_whole',
    `create table catalog.release_search (
       tenant_id uuid not null,
       release_id uuid not null,
       listed boolean not null,
       document tsvector not null,
       by_genre text[] collate "C" not null,
       by_style text[] collate "C" not null,
       by_format text[] collate "C" not null,
       by_label text[] collate "C" not null,
       by_decade text collate "C",
       by_country text collate "C",
       artist_key text collate "C" not null,
       title_key text collate "C" not null,
       released_key integer not null
     ) partition by hash (release_id)`,
    ...parts().map(
      (part, remainder) =>
        `create table ${part} partition of catalog.release_search for values with (modulus ${PARTS}, remainder ${remainder})`,
    ),
  ];
}

/** The owner, too, is under a forced policy, and would move nothing. */
function moved(): string[] {
  const values = Object.entries(VALUES).map(([column, mark]) => {
    const found = `array(select substr(facet, 3) from unnest(facets) as facet where left(facet, 2) = '${mark}:')`;
    return SINGLE.has(column) ? `(${found})[1]` : found;
  });
  return [
    'alter table catalog.release_search_whole no force row level security',
    `insert into catalog.release_search (${KEPT}, ${Object.keys(VALUES).join(', ')}, ${KEYS})
     select ${KEPT}, ${values.join(', ')}, ${KEYS} from catalog.release_search_whole`,
    'drop table catalog.release_search_whole',
    'alter table catalog.release_search add primary key (tenant_id, release_id)',
    // Each part has a pending list of its own, which a search reads as a whole: 1 MiB of all.
    `create index release_search_document on catalog.release_search using gin (document)
       with (gin_pending_list_limit = ${1_024 / PARTS})`,
  ];
}

function guarded(): string[] {
  const writers = { app_rt: 'select, insert, update', app_worker: 'select, insert, update', app_ro: 'select' };
  return [
    ...guard('catalog.release_search', writers),
    ...parts().flatMap((part) => guard(part, {})),
    `create policy sought on catalog.release_search as restrictive for select
       using (document @@ (select coalesce(nullif(current_setting('app.sought', true), ''), '!~')::tsquery))`,
  ];
}

function parts(): string[] {
  return Array.from({ length: PARTS }, (_, remainder) => `catalog.release_search_${remainder}`);
}
