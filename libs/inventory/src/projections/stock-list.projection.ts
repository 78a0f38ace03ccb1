import { Injectable } from '@nestjs/common';
import type { CatalogEvent } from '#libs/catalog';
import { type FeedEvent, type IProjection, Projection } from '#platform/eventing';
import type { Unit } from '#platform/persistence';
import { item, type Item, onHand } from '../domain/item.js';
import type { ItemEvent } from '../domain/item-events.js';
import { searchText } from '../domain/search-text.js';
import { type ItemValue, valueChange } from '../domain/stock-value.js';
import { ITEM_EVENTS } from '../item-event-types.js';
import type { TableOf } from './inline-item-event.js';
import { readReleaseFacts, RELEASE_EVENTS, type ReleaseFactRow, searchOf, writeReleaseFacts } from './release-facts.js';

/** An item as the list has it. */
interface Listed {
  readonly itemId: string;
  state: Item;
  version: number;
  changedAt: Date;
}

interface ValueRow extends Omit<ItemValue, 'amount'> {
  readonly position: number;
  readonly part: number;
  readonly at: Date;
  readonly amount: string;
}

/** The list of stock items with what it is filtered by, and the value of the stock as it changes. */
@Injectable()
@Projection({
  name: 'inventory.stock-list',
  version: 1,
  events: [...ITEM_EVENTS, ...RELEASE_EVENTS],
  views: ['inventory.stock_row', 'inventory.release_fact', 'inventory.value_change'],
})
export class StockList implements IProjection {
  async apply(events: readonly FeedEvent[], unit: Unit, table: TableOf): Promise<void> {
    const ofCatalog = events.filter(({ type }) => type.startsWith('catalog.'));
    const ofItems = events.filter(({ type }) => type.startsWith('inventory.'));
    const renamed = await writeReleaseFacts(unit, ofCatalog as unknown as CatalogEvent[], table);
    if (renamed.length > 0) await rename(unit, renamed, table);
    if (ofItems.length > 0) await follow(unit, ofItems, table);
  }
}

async function follow(unit: Unit, events: readonly FeedEvent[], table: TableOf): Promise<void> {
  const rows = table('inventory.stock_row');
  const known = await unit.rows<Listed>(READ(rows), [
    unit.tenantId,
    [...new Set(events.map((event) => event.streamId))],
  ]);
  const items = new Map(known.map((row) => [row.itemId, row]));
  const values: ValueRow[] = [];
  for (const { streamId, version, recordedAt, position, type, data } of events) {
    const row = items.get(streamId) ?? { itemId: streamId, state: item.initial, version: 0, changedAt: recordedAt };
    const after = item.evolve(row.state, { type, data } as ItemEvent);
    values.push(
      ...valueChange(row.state, after).map((value, part) => ({
        ...value,
        amount: value.amount.toString(),
        position,
        part,
        at: recordedAt,
      })),
    );
    items.set(streamId, { ...row, state: after, version, changedAt: recordedAt });
  }
  const releaseIds = [...new Set([...items.values()].map(({ state }) => state.releaseId))];
  const facts = await readReleaseFacts(unit, releaseIds, table);
  await unit.run(UPSERT(rows), [unit.tenantId, JSON.stringify([...items.values()].map((row) => rowOf(row, facts)))]);
  if (values.length > 0) {
    await unit.run(VALUES(table('inventory.value_change')), [unit.tenantId, JSON.stringify(values)]);
  }
}

function rowOf({ itemId, state, version, changedAt }: Listed, facts: ReadonlyMap<string, ReleaseFactRow>): object {
  const { releaseId, artist, title, genres } = facts.get(state.releaseId) ?? {
    releaseId: state.releaseId,
    artist: '',
    title: '',
    genres: [],
  };
  const levels = Object.entries(state.levels).filter(([, { onHand: units }]) => units > 0);
  return {
    item_id: itemId,
    release_id: releaseId,
    artist,
    title,
    genres,
    artist_key: searchText(artist),
    search: searchOf({ artist, title }, state.code, state.sku),
    kind: state.kind,
    status: state.status,
    reason: state.reason,
    code: state.code,
    sku: state.sku,
    media_grade: state.mediaGrade,
    sleeve_grade: state.sleeveGrade,
    price_amount: state.price?.amount ?? null,
    price_currency: state.price?.currency ?? null,
    cost_amount: state.cost?.amount ?? null,
    cost_currency: state.cost?.currency ?? null,
    on_hand: onHand(state),
    reserved: levels.reduce((sum, [, { reserved }]) => sum + reserved, 0),
    is_low: state.isLow,
    locations: levels.map(([locationId]) => locationId).sort(),
    received_at: state.receivedAt,
    changed_at: changedAt,
    version,
    state,
  };
}

/** Stock of releases that are called otherwise now, or were merged into others. */
async function rename(unit: Unit, releaseIds: readonly string[], table: TableOf): Promise<void> {
  const rows = table('inventory.stock_row');
  const found = await unit.rows<{ itemId: string; received: string; code: string; sku: string | null }>(RENAMED(rows), [
    unit.tenantId,
    releaseIds,
  ]);
  if (found.length === 0) return;
  const facts = await readReleaseFacts(unit, [...new Set(found.map(({ received }) => received))], table);
  const changes = found.flatMap(({ itemId, received, code, sku }) => {
    const fact = facts.get(received);
    if (!fact) return [];
    const { releaseId, artist, title, genres } = fact;
    return [
      { itemId, releaseId, artist, title, genres, artistKey: searchText(artist), search: searchOf(fact, code, sku) },
    ];
  });
  await unit.run(RENAME(rows), [unit.tenantId, JSON.stringify(changes)]);
}

const READ = (table: string): string => `
  select item_id as "itemId", state, version, changed_at as "changedAt" from ${table} where tenant_id = $1 and item_id = any($2)`;

const TYPES: Readonly<Record<string, string>> = {
  item_id: 'uuid',
  release_id: 'uuid',
  artist: 'text',
  title: 'text',
  genres: 'text[]',
  artist_key: 'text',
  search: 'text',
  kind: 'text',
  status: 'text',
  reason: 'text',
  code: 'text',
  sku: 'text',
  media_grade: 'text',
  sleeve_grade: 'text',
  price_amount: 'bigint',
  price_currency: 'text',
  cost_amount: 'bigint',
  cost_currency: 'text',
  on_hand: 'bigint',
  reserved: 'bigint',
  is_low: 'boolean',
  locations: 'uuid[]',
  received_at: 'timestamptz',
  changed_at: 'timestamptz',
  version: 'int',
  state: 'jsonb',
};
const COLUMNS = Object.keys(TYPES);

const UPSERT = (table: string): string => `
  insert into ${table} (tenant_id, ${COLUMNS.join(', ')})
  select $1, n.* from jsonb_to_recordset($2::jsonb) as n (${COLUMNS.map((name) => `${name} ${TYPES[name]}`).join(', ')})
      on conflict (tenant_id, item_id) do update set ${COLUMNS.map((name) => `${name} = excluded.${name}`).join(', ')}`;

const VALUES = (table: string): string => `
  insert into ${table} (tenant_id, position, part, at, items, units, measure, currency, amount)
  select $1, n.* from jsonb_to_recordset($2::jsonb)
         as n (position bigint, part smallint, at timestamptz, items int, units bigint, measure text, currency text, amount numeric)`;

/** By the release they were received under, or are shown under. */
const RENAMED = (table: string): string => `
  select item_id as "itemId", state->>'releaseId' as received, code, sku from ${table} where tenant_id = $1 and release_id = any($2)`;

const RENAME = (table: string): string => `
  update ${table} s set release_id = n."releaseId", artist = n.artist, title = n.title, genres = n.genres,
         artist_key = n."artistKey", search = n.search
    from jsonb_to_recordset($2::jsonb)
         as n ("itemId" uuid, "releaseId" uuid, artist text, title text, genres text[], "artistKey" text, search text)
   where s.tenant_id = $1 and s.item_id = n."itemId"`;
