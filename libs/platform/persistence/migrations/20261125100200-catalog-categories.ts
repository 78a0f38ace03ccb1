import { Migration } from '@mikro-orm/migrations';
import { guard } from './kit.js';

/** Categories, a tree per store, and which releases stand in them. */
export class CatalogCategories extends Migration {
  override up(): void {
    for (const sql of [...categories(), ...members()]) this.addSql(sql);
  }
}

/** Siblings have places from 0 and names of their own, compared in NFC and without case (`name_key`). */
function categories(): string[] {
  return [
    `create table catalog.category (
       tenant_id uuid not null,
       id uuid not null,
       parent_id uuid,
       name text not null,
       name_key text collate "C" not null,
       place integer not null check (place >= 0),
       version integer not null default 1,
       created_at timestamptz(3) not null default clock_timestamp(),
       updated_at timestamptz(3) not null default clock_timestamp(),
       primary key (tenant_id, id),
       foreign key (tenant_id, parent_id) references catalog.category (tenant_id, id),
       check (parent_id <> id)
     )`,
    `create unique index category_name on catalog.category
       (tenant_id, coalesce(parent_id, '00000000-0000-0000-0000-000000000000'), name_key)`,
    `create index category_place on catalog.category (tenant_id, parent_id, place)`,
    ...guard('catalog.category', {
      app_rt: 'select, insert, update, delete',
      app_worker: 'select',
      app_ro: 'select',
    }),
  ];
}

function members(): string[] {
  return [
    `create table catalog.release_category (
       tenant_id uuid not null,
       category_id uuid not null,
       release_id uuid not null,
       primary key (tenant_id, category_id, release_id),
       foreign key (tenant_id, category_id) references catalog.category (tenant_id, id),
       foreign key (tenant_id, release_id) references catalog.release (tenant_id, id)
     )`,
    `create index release_category_release on catalog.release_category (tenant_id, release_id)`,
    ...guard('catalog.release_category', {
      app_rt: 'select, insert, delete',
      app_worker: 'select, insert, delete',
      app_ro: 'select',
    }),
  ];
}
