import type { InlineEvent, InlineProjection } from '#platform/eventing';
import type { Unit } from '#platform/persistence';
import { keyOf } from '../domain/codes.js';
import { item } from '../domain/item.js';
import type { DataOf, ItemEvent } from '../domain/item-events.js';
import { writeLines } from './reservation-lines.js';
import { unitChanges } from './unit-changes.js';

/** An event of an item on its way into the store. */
export type InlineItemEvent = ItemEvent & Pick<InlineEvent, 'streamId' | 'tenantId'>;

/**
 * The tables that guard what must never be broken, written in the transaction of the events: unique codes, SKUs and import keys,
 * 0 <= held + allocated <= on hand, one live claim on a single copy. A few statements however many events there are.
 */
export class StockGuards implements InlineProjection {
  readonly categories = [item.category];

  async apply(events: readonly InlineEvent[], unit: Unit): Promise<void> {
    const own = events as readonly InlineItemEvent[];
    await insertItems(unit, own);
    await updateItems(unit, own);
    await writeUnits(unit, own);
    await writeLines(unit, own);
  }
}

type Received = InlineItemEvent & { readonly data: DataOf<'inventory.stock-received'> };

const isReceived = (event: InlineItemEvent): event is Received => event.type === 'inventory.stock-received';

/** In the order of their codes, so that two calls that receive the same codes wait for each other instead of deadlocking. */
async function insertItems(unit: Unit, events: readonly InlineItemEvent[]): Promise<void> {
  const received = events.filter(isReceived);
  if (received.length === 0) return;
  const { tenantId } = received[0] as Received;
  await unit.prepared('inventory.insert-items', INSERT_ITEMS, [
    tenantId,
    received.map(({ streamId }) => streamId),
    received.map(({ data }) => data.releaseId),
    received.map(({ data }) => data.kind === 'single'),
    received.map(({ data }) => data.status),
    received.map(({ data }) => keyOf(data.code)),
    received.map(({ data }) => (data.sku === undefined ? null : keyOf(data.sku))),
    received.map(({ data }) => data.provenance.source ?? null),
    received.map(({ data }) => data.provenance.key ?? null),
  ]);
}

/** Status and SKU of items that were there before. */
async function updateItems(unit: Unit, events: readonly InlineItemEvent[]): Promise<void> {
  const changes = new Map<string, { status: string | null; sku: string | null | undefined }>();
  for (const event of events) {
    const status = statusAfter(event);
    const sku = event.type === 'inventory.item-described' ? event.data.sku : undefined;
    if (status === undefined && sku === undefined) continue;
    const before = changes.get(event.streamId);
    changes.set(event.streamId, {
      status: status ?? before?.status ?? null,
      sku: sku === undefined ? before?.sku : sku,
    });
  }
  if (changes.size === 0) return;
  const rows = [...changes.values()];
  await unit.prepared('inventory.update-items', UPDATE_ITEMS, [
    events[0]?.tenantId,
    [...changes.keys()],
    rows.map(({ status }) => status),
    rows.map(({ sku }) => sku !== undefined),
    rows.map(({ sku }) => (sku ? keyOf(sku) : null)),
  ]);
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

async function writeUnits(unit: Unit, events: readonly InlineItemEvent[]): Promise<void> {
  const sums = new Map<
    string,
    { itemId: string; locationId: string; onHand: number; held: number; allocated: number }
  >();
  let isNewOnly = true;
  for (const event of events) {
    if (event.type !== 'inventory.stock-received') isNewOnly = false;
    for (const { locationId, onHand, held, allocated } of unitChanges(event)) {
      const key = event.streamId + locationId;
      const sum = sums.get(key) ?? { itemId: event.streamId, locationId, onHand: 0, held: 0, allocated: 0 };
      sum.onHand += onHand;
      sum.held += held;
      sum.allocated += allocated;
      sums.set(key, sum);
    }
  }
  if (sums.size === 0) return;
  const rows = [...sums.values()];
  const values = [
    events[0]?.tenantId,
    rows.map(({ itemId }) => itemId),
    rows.map(({ locationId }) => locationId),
    rows.map(({ onHand }) => onHand),
    rows.map(({ held }) => held),
    rows.map(({ allocated }) => allocated),
  ];
  if (isNewOnly) await unit.prepared('inventory.insert-units', INSERT_UNITS, values);
  else await unit.prepared('inventory.write-units', WRITE_UNITS, values);
}

const INSERT_ITEMS = `
  insert into inventory.item (tenant_id, id, release_id, single, status, code, sku_key, source, source_key)
  select $1, n.* from unnest($2::uuid[], $3::uuid[], $4::boolean[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
         as n (id, release_id, single, status, code, sku_key, source, source_key)
   order by n.code`;

const UPDATE_ITEMS = `
  update inventory.item i
     set status = coalesce(n.status, i.status), sku_key = case when n.has_sku then n.sku_key else i.sku_key end
    from unnest($2::uuid[], $3::text[], $4::boolean[], $5::text[]) as n (id, status, has_sku, sku_key)
   where i.tenant_id = $1 and i.id = n.id`;

const UNITS = `unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[]) as n (item_id, location_id, on_hand, held, allocated)`;

const INSERT_UNITS = `
  insert into inventory.availability (tenant_id, item_id, location_id, on_hand, held, allocated) select $1, n.* from ${UNITS}`;

/** The streams are locked, so nobody else inserts a row that is missing here. */
const WRITE_UNITS = `
  with known as (
    update inventory.availability a
       set on_hand = a.on_hand + n.on_hand, held = a.held + n.held, allocated = a.allocated + n.allocated
      from ${UNITS}
     where a.tenant_id = $1 and a.item_id = n.item_id and a.location_id = n.location_id
    returning a.item_id, a.location_id)
  insert into inventory.availability (tenant_id, item_id, location_id, on_hand, held, allocated)
  select $1, n.* from ${UNITS}
   where not exists (select from known k where k.item_id = n.item_id and k.location_id = n.location_id)`;
