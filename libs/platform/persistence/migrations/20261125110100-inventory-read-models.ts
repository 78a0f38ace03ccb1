import { Migration } from '@mikro-orm/migrations';
import { readModel } from './read-model-kit.js';

/** What is read of stock: lists, movements, prices, holds. Filled from the events by the worker; each can be built anew. */
export class InventoryReadModels extends Migration {
  override up(): void {
    for (const sql of [...stockList(), ...movements(), ...prices(), ...holds()]) this.addSql(sql);
  }
}

/** An index on both tables of a read model. @param on what is indexed: `(tenant_id, ...)` and a condition */
const index = (name: string, view: string, on: string): string[] =>
  ['a', 'b'].map((slot) => `create index ${name}_${slot} on ${view}_${slot} ${on}`);

/**
 * One row per item with what it is filtered and sorted by. `state` is the item as its events add up to, from which the columns
 * follow. `value_change` says by how much each event changes units and value: its sum up to an instant is the value then.
 */
function stockList(): string[] {
  const projection = 'inventory.stock-list';
  const row = `
    item_id uuid not null,
    release_id uuid not null,
    artist text not null,
    title text not null,
    genres text[] not null,
    artist_key text collate "C" not null,
    search text not null,
    kind text not null,
    status text not null,
    reason text,
    code text not null,
    sku text,
    media_grade text,
    sleeve_grade text,
    price_amount bigint,
    price_currency text,
    cost_amount bigint,
    cost_currency text,
    on_hand bigint not null,
    reserved bigint not null,
    is_low boolean not null,
    locations uuid[] not null,
    received_at timestamptz(3) not null,
    changed_at timestamptz(3) not null,
    version integer not null,
    state jsonb not null,
    primary key (tenant_id, item_id)`;
  const fact = `
    release_id uuid not null,
    artist text not null,
    title text not null,
    genres text[] not null,
    merged_into uuid,
    primary key (tenant_id, release_id)`;
  const value = `
    position bigint not null,
    part smallint not null,
    at timestamptz not null,
    items integer not null,
    units bigint not null,
    measure text not null check (measure in ('cost', 'list')),
    currency text not null,
    amount numeric not null,
    primary key (tenant_id, position, part)`;
  const view = 'inventory.stock_row';
  return [
    ...readModel({ name: view, projection, columns: row }),
    ...readModel({ name: 'inventory.release_fact', projection, columns: fact }),
    ...readModel({ name: 'inventory.value_change', projection, columns: value }),
    ...index('stock_row_received', view, '(tenant_id, received_at, item_id)'),
    ...index('stock_row_status', view, '(tenant_id, status, received_at, item_id)'),
    ...index('stock_row_artist', view, '(tenant_id, artist_key, item_id)'),
    ...index('stock_row_price', view, '(tenant_id, coalesce(price_amount, -1), item_id)'),
    ...index('stock_row_release', view, '(tenant_id, release_id)'),
    ...index('stock_row_low', view, '(tenant_id, received_at, item_id) where is_low'),
    ...index('release_fact_merged', 'inventory.release_fact', '(tenant_id, merged_into) where merged_into is not null'),
    ...index('value_change_at', 'inventory.value_change', '(tenant_id, at)'),
  ];
}

/** Units that came and went, and what they add up to at each location. */
function movements(): string[] {
  const projection = 'inventory.movements';
  const movement = `
    id uuid not null,
    position bigint not null,
    item_id uuid not null,
    location_id uuid not null,
    kind text not null,
    quantity bigint not null,
    reason text,
    reservation_id uuid,
    actor text,
    at timestamptz not null,
    primary key (tenant_id, id)`;
  const level = `
    item_id uuid not null,
    location_id uuid not null,
    on_hand bigint not null,
    primary key (tenant_id, item_id, location_id)`;
  return [
    ...readModel({ name: 'inventory.movement', projection, columns: movement }),
    ...readModel({ name: 'inventory.stock_level', projection, columns: level }),
    ...index('movement_item', 'inventory.movement', '(tenant_id, item_id, position, id)'),
    ...index('movement_location', 'inventory.movement', '(tenant_id, location_id, position, id)'),
  ];
}

/** Every list price an item has had. */
function prices(): string[] {
  const columns = `
    id uuid not null,
    position bigint not null,
    item_id uuid not null,
    amount bigint not null,
    currency text not null,
    reason text,
    rule text,
    policy_version integer,
    actor text,
    at timestamptz not null,
    primary key (tenant_id, id)`;
  return [
    ...readModel({ name: 'inventory.price', projection: 'inventory.prices', columns }),
    ...index('price_item', 'inventory.price', '(tenant_id, item_id, position, id)'),
  ];
}

/** What becomes of holds, per day (UTC). */
function holds(): string[] {
  const columns = `
    day date not null,
    held bigint not null,
    extended bigint not null,
    converted bigint not null,
    expired bigint not null,
    released bigint not null,
    sold bigint not null,
    returned bigint not null,
    primary key (tenant_id, day)`;
  return readModel({ name: 'inventory.hold_day', projection: 'inventory.hold-days', columns });
}
