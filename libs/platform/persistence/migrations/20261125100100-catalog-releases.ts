import { Migration } from '@mikro-orm/migrations';
import { guard, schema } from './kit.js';

const WRITERS = { app_rt: 'select, insert, update', app_worker: 'select, insert, update', app_ro: 'select' };

/** Releases, the ids by which other systems know them, what of them is in stock, and what they are found by. */
export class CatalogReleases extends Migration {
  override up(): void {
    const extensions = ['pg_trgm', 'btree_gin'].map((name) => `create extension if not exists ${name}`);
    for (const sql of [...extensions, ...schema('catalog'), ...releases(), ...externalIds(), ...stock(), ...search()])
      this.addSql(sql);
  }
}

/** `*_key` are what lists are sorted by: folded text, and the date as a number. Lists without a filter walk their indexes. */
function releases(): string[] {
  return [
    `create table catalog.release (
       tenant_id uuid not null,
       id uuid not null,
       title text not null,
       artists text[] not null,
       labels json not null,
       barcode text,
       formats json not null,
       country text,
       released text,
       genres text[] not null,
       styles text[] not null,
       tracks json not null,
       images text[] not null,
       weight_grams integer,
       attributes json not null,
       product_type text not null,
       state text not null default 'active' check (state in ('active', 'archived', 'merged')),
       merged_into uuid,
       version integer not null default 1,
       created_at timestamptz(3) not null default clock_timestamp(),
       updated_at timestamptz(3) not null default clock_timestamp(),
       artist_key text collate "C" not null,
       title_key text collate "C" not null,
       released_key integer not null,
       primary key (tenant_id, id),
       check ((state = 'merged') = (merged_into is not null))
     )`,
    `create index release_artist on catalog.release (tenant_id, artist_key, id)`,
    `create index release_title on catalog.release (tenant_id, title_key, id)`,
    `create index release_released on catalog.release (tenant_id, released_key, id)`,
    `create index release_unlisted on catalog.release (tenant_id, id) where state <> 'active'`,
    `create index release_merged on catalog.release (tenant_id, merged_into) where merged_into is not null`,
    ...guard('catalog.release', WRITERS),
  ];
}

/**
 * `external_key` is the id in NFC; `spelling` keeps it as it was sent where that differs. `item_hash` and `release_version` tell
 * a repeated import apart from a change. No foreign key to the release: none is ever deleted, and the check would cost every
 * imported row.
 */
function externalIds(): string[] {
  return [
    `create table catalog.external_id (
       tenant_id uuid not null,
       source text not null,
       external_key text collate "C" not null,
       spelling text,
       release_id uuid not null,
       item_hash bytea not null,
       release_version integer not null,
       import_id text,
       primary key (tenant_id, source, external_key)
     )`,
    `create index external_id_release on catalog.external_id (tenant_id, release_id)`,
    ...guard('catalog.external_id', WRITERS),
  ];
}

/** Apart from the release: inventory changes it often, and a change must not touch the release's indexes. */
function stock(): string[] {
  return [
    `create table catalog.release_stock (
       tenant_id uuid not null,
       release_id uuid not null,
       available integer not null check (available >= 0),
       primary key (tenant_id, release_id)
     )`,
    `create index release_stock_available on catalog.release_stock (tenant_id, release_id) where available > 0`,
    ...guard('catalog.release_stock', WRITERS),
  ];
}

/**
 * What is sought stands in a setting, and a restrictive policy compares it: the operators of full text and trigrams are not
 * leakproof, so a condition of the query itself is only looked at after the tenant's policy and never gets into an index. A
 * restrictive policy can only hide rows, never show more (ADR 11). Unset, every document of the tenant fits; of the terms none
 * does unless the threshold of likeness is 0. Words of a document begin with a mark of their tenant, so that no list of the index holds
 * rows of two; with the tenant as a column of the index every search would go through the list of all its rows. Searches read the index's pending list as a whole, hence its limit of 1 MiB.
 */
function search(): string[] {
  return [
    `create table catalog.release_search (
       tenant_id uuid not null,
       release_id uuid not null,
       listed boolean not null,
       document tsvector not null,
       facets text[] not null,
       artist_key text collate "C" not null,
       title_key text collate "C" not null,
       released_key integer not null,
       primary key (tenant_id, release_id)
     )`,
    `create index release_search_document on catalog.release_search using gin (document)
       with (gin_pending_list_limit = 1024)`,
    ...guard('catalog.release_search', WRITERS),
    `create policy sought on catalog.release_search as restrictive for select
       using (document @@ (select coalesce(nullif(current_setting('app.sought', true), ''), '!~')::tsquery))`,
    `create table catalog.search_term (
       tenant_id uuid not null,
       kind text not null check (kind in ('artist', 'word')),
       term text collate "C" not null,
       id uuid not null default gen_random_uuid(),
       primary key (tenant_id, kind, term, id)
     )`,
    `create index search_term_likeness on catalog.search_term using gin (tenant_id, term gin_trgm_ops)`,
    ...guard('catalog.search_term', { app_rt: 'select, insert', app_worker: 'select, insert', app_ro: 'select' }),
    `create policy sought on catalog.search_term as restrictive for select
       using (term % (select coalesce(current_setting('app.like', true), '')))`,
  ];
}
