import { Migration } from '@mikro-orm/migrations';
import { acrossTenants, guard, schema } from './kit.js';
import { readModel } from './read-model-kit.js';

/** Both apps receive and reserve: people through the api, imports and timers through the worker. */
const WRITERS = {
  app_rt: 'select, insert, update',
  app_worker: 'select, insert, update',
  app_ro: 'select',
};

/** Locations, and the tables that are written in the transaction of the events: they guard what must never be broken. */
export class InventoryStock extends Migration {
  override up(): void {
    for (const sql of [...schema('inventory'), ...locations(), ...items(), ...availability(), ...reservationLines()])
      this.addSql(sql);
  }
}

/** The default location of a tenant has an id that follows from the tenant's; its row is written when it is first needed. */
function locations(): string[] {
  return [
    `create table inventory.location (
       tenant_id uuid not null,
       id uuid not null,
       name text not null check (length(name) between 1 and 200),
       name_key text not null,
       is_default boolean not null,
       version integer not null,
       created_at timestamptz(3) not null,
       closed_at timestamptz(3),
       primary key (tenant_id, id),
       check (not (is_default and closed_at is not null))
     )`,
    `create unique index location_default on inventory.location (tenant_id) where is_default`,
    `create unique index location_name on inventory.location (tenant_id, name_key) where closed_at is null`,
    ...guard('inventory.location', WRITERS),
  ];
}

/** The projection that writes the tables below, in the transaction of the events. */
const GUARDS = 'inventory.stock-guards';

/** The same statement for both tables of a read model. */
const forBoth = (name: string, sql: (table: string, slot: string) => string): string[] =>
  ['a', 'b'].map((slot) => sql(`${name}_${slot}`, slot));

/** What is unique or looked up about an item. `sku_key` and `code` are compared in Unicode's composed form. */
function items(): string[] {
  const name = 'inventory.item';
  const columns = `
    id uuid not null,
    release_id uuid not null,
    single boolean not null,
    status text not null check (status in ('quarantined', 'available', 'withdrawn', 'written_off')),
    code text not null,
    sku_key text,
    source text,
    source_key text,
    primary key (tenant_id, id)`;
  return [
    ...readModel({ name, projection: GUARDS, columns, inline: true }),
    ...forBoth(name, (table, slot) => `create unique index item_code_${slot} on ${table} (tenant_id, code)`),
    ...forBoth(
      name,
      (table, slot) =>
        `create unique index item_sku_${slot} on ${table} (tenant_id, sku_key) where sku_key is not null`,
    ),
    ...forBoth(
      name,
      (table, slot) =>
        `create unique index item_source_${slot} on ${table} (tenant_id, source, source_key) where source_key is not null`,
    ),
    ...forBoth(name, (table, slot) => `create index item_release_${slot} on ${table} (tenant_id, release_id)`),
  ];
}

/** Stock is never sold twice: 0 <= held + allocated <= on hand. */
function availability(): string[] {
  const name = 'inventory.availability';
  const columns = `
    item_id uuid not null,
    location_id uuid not null,
    on_hand bigint not null check (on_hand between 0 and 1000000000),
    held bigint not null check (held >= 0),
    allocated bigint not null check (allocated >= 0),
    primary key (tenant_id, item_id, location_id),
    check (held + allocated <= on_hand)`;
  return [
    ...readModel({ name, projection: GUARDS, columns, inline: true }),
    ...forBoth(name, (table) => `alter table ${table} set (fillfactor = 80)`),
    ...forBoth(
      name,
      (table, slot) =>
        `create index availability_location_${slot} on ${table} (tenant_id, location_id) where on_hand > 0`,
    ),
  ];
}

/**
 * What is promised or gone: one line per reservation, item and location. A single copy has at most one line that is held,
 * allocated or committed. `changes` counts what has happened to a line. The sweeper finds expired holds of all tenants.
 */
function reservationLines(): string[] {
  const name = 'inventory.reservation_line';
  const columns = `
    reservation_id uuid not null,
    item_id uuid not null,
    location_id uuid not null,
    single boolean not null,
    quantity bigint not null check (quantity > 0),
    state text not null check (state in ('held', 'allocated', 'committed', 'released', 'returned')),
    expires_at timestamptz(3),
    extensions smallint not null,
    reference text,
    changes integer not null,
    primary key (tenant_id, reservation_id, item_id, location_id),
    check ((state = 'held') = (expires_at is not null))`;
  return [
    ...readModel({ name, projection: GUARDS, columns, inline: true }),
    ...forBoth(name, (table) => `alter table ${table} set (fillfactor = 80)`),
    ...forBoth(
      name,
      (table, slot) => `create unique index reservation_line_single_${slot} on ${table} (tenant_id, item_id)
        where single and state in ('held', 'allocated', 'committed')`,
    ),
    ...forBoth(
      name,
      (table, slot) =>
        `create index reservation_line_held_${slot} on ${table} (tenant_id, item_id, expires_at) where state = 'held'`,
    ),
    ...forBoth(
      name,
      (table, slot) => `create index reservation_line_expiry_${slot} on ${table} (expires_at) where state = 'held'`,
    ),
    ...forBoth(name, (table) => acrossTenants(table, 'app_worker', 'select')),
  ];
}
