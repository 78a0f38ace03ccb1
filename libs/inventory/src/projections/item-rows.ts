import { plainArray, textArray, type Unit } from '#platform/persistence';
import { keyOf } from '../domain/codes.js';
import type { DataOf, ItemEvent } from '../domain/item-events.js';
import type { InlineItemEvent, TableOf } from './inline-item-event.js';

/** An item that these events receive, as it is after all of them. */
interface NewItem {
  readonly id: string;
  readonly data: DataOf<'inventory.stock-received'>;
  status: string;
  skuKey: string | null;
}

/** What changes in the row of an item that was there before. */
interface ItemChange {
  status: string | null;
  /** Undefined: as it is. */
  skuKey: string | null | undefined;
}

/** Rows of items follow the events. SKUs that are given up are given up first: another item may take them at once. */
export async function writeItems(unit: Unit, events: readonly InlineItemEvent[], table: TableOf): Promise<void> {
  const made = new Map<string, NewItem>();
  const changes = new Map<string, ItemChange>();
  for (const event of events) {
    if (event.type === 'inventory.stock-received') {
      const { data, streamId: id } = event;
      made.set(id, { id, data, status: data.status, skuKey: data.sku === undefined ? null : keyOf(data.sku) });
      continue;
    }
    const status = statusAfter(event);
    const sku = event.type === 'inventory.item-described' ? event.data.sku : undefined;
    if (status === undefined && sku === undefined) continue;
    const row = made.get(event.streamId) ?? changes.get(event.streamId) ?? { status: null, skuKey: undefined };
    if (status !== undefined) row.status = status;
    if (sku !== undefined) row.skuKey = sku === null ? null : keyOf(sku);
    if (!made.has(event.streamId)) changes.set(event.streamId, row as ItemChange);
  }
  const name = table('inventory.item');
  const renamed = [...changes].filter(([, { skuKey }]) => skuKey !== undefined);
  if (changes.size > 0) await update(unit, name, changes);
  if (made.size > 0) await insert(unit, name, [...made.values()]);
  if (renamed.some(([, { skuKey }]) => skuKey !== null)) {
    await unit.prepared(`rename ${name}`, renameSql(name), [
      unit.tenantId,
      renamed.map(([id]) => id),
      renamed.map(([, { skuKey }]) => skuKey),
    ]);
  }
}

/** The status that an event leaves an item in, if it says. */
export function statusAfter({ type }: ItemEvent): string | undefined {
  switch (type) {
    case 'inventory.item-quarantined':
      return 'quarantined';
    case 'inventory.quarantine-lifted':
    case 'inventory.item-relisted':
      return 'available';
    case 'inventory.item-withdrawn':
      return 'withdrawn';
    case 'inventory.item-written-off':
      return 'written_off';
    default:
      return undefined;
  }
}

async function update(unit: Unit, table: string, changes: ReadonlyMap<string, ItemChange>): Promise<void> {
  const rows = [...changes.values()];
  await unit.prepared(`update ${table}`, updateSql(table), [
    unit.tenantId,
    [...changes.keys()],
    rows.map(({ status }) => status),
    rows.map(({ skuKey }) => skuKey !== undefined),
  ]);
}

async function insert(unit: Unit, table: string, made: readonly NewItem[]): Promise<void> {
  await unit.prepared(`insert ${table}`, insertSql(table), [
    unit.tenantId,
    plainArray(made.map(({ id }) => id)),
    plainArray(made.map(({ data }) => data.releaseId)),
    plainArray(made.map(({ data }) => (data.kind === 'single' ? 't' : 'f'))),
    plainArray(made.map(({ status }) => status)),
    textArray(made.map(({ data }) => keyOf(data.code))),
    textArray(made.map(({ skuKey }) => skuKey)),
    textArray(made.map(({ data }) => data.provenance.source ?? null)),
    textArray(made.map(({ data }) => data.provenance.key ?? null)),
  ]);
}

/** In the order of their codes, so that two calls that receive the same codes wait for each other instead of deadlocking. */
const insertSql = (table: string): string => `
  insert into ${table} (tenant_id, id, release_id, single, status, code, sku_key, source, source_key)
  select $1, n.* from unnest($2::uuid[], $3::uuid[], $4::boolean[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
         as n (id, release_id, single, status, code, sku_key, source, source_key)
   order by n.code`;

const updateSql = (table: string): string => `
  update ${table} i set status = coalesce(n.status, i.status), sku_key = case when n.gives_up then null else i.sku_key end
    from unnest($2::uuid[], $3::text[], $4::boolean[]) as n (id, status, gives_up)
   where i.tenant_id = $1 and i.id = n.id`;

const renameSql = (table: string): string => `
  update ${table} i set sku_key = n.sku_key from unnest($2::uuid[], $3::text[]) as n (id, sku_key)
   where i.tenant_id = $1 and i.id = n.id`;
