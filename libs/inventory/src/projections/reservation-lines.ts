import type { Unit } from '#platform/persistence';
import type { InlineItemEvent, TableOf } from './inline-item-event.js';

/** A line, or what changes in one: null is "as it is" where the line was there before these events. */
interface Line {
  readonly reservationId: string;
  readonly itemId: string;
  readonly locationId: string;
  readonly isNew: boolean;
  readonly reference: string | null;
  quantity: number | null;
  state: string | null;
  expiresAt: string | null;
  extensions: number;
  changes: number;
}

/** Lines of reservations follow the events. What is given back comes first: a single copy has one live line at a time. */
export async function writeLines(unit: Unit, events: readonly InlineItemEvent[], table: TableOf): Promise<void> {
  const lines = new Map<string, Line>();
  for (const event of events) {
    if (!('reservationId' in event.data)) continue;
    const key = `${event.data.reservationId} ${event.streamId} ${event.data.locationId}`;
    const line = lines.get(key) ?? lineOf(event);
    if (!line) continue;
    follow(line, event);
    lines.set(key, line);
  }
  const name = table('inventory.reservation_line');
  const changed = [...lines.values()].filter(({ isNew }) => !isNew);
  const made = [...lines.values()].filter(({ isNew }) => isNew);
  if (changed.length > 0)
    await unit.prepared(`change ${name}`, changeSql(name), [unit.tenantId, ...columnsOf(changed)]);
  if (made.length > 0) {
    const sql = insertSql(name, table('inventory.item'));
    await unit.prepared(`insert ${name}`, sql, [
      unit.tenantId,
      ...columnsOf(made),
      made.map(({ reference }) => reference),
    ]);
  }
}

function lineOf(event: InlineItemEvent): Line | undefined {
  if (!('reservationId' in event.data)) return undefined;
  const { reservationId, locationId } = event.data;
  const isNew = event.type === 'inventory.stock-reserved';
  const reference = isNew ? (event.data.reference ?? null) : null;
  const nothing = { quantity: null, state: null, expiresAt: null, extensions: 0, changes: 0 };
  return { reservationId, itemId: event.streamId, locationId, isNew, reference, ...nothing };
}

function follow(line: Line, { type, data }: InlineItemEvent): void {
  line.changes += 1;
  switch (type) {
    case 'inventory.stock-reserved':
      Object.assign(line, { quantity: data.quantity, state: data.state, expiresAt: data.expiresAt ?? null });
      break;
    case 'inventory.reservation-extended':
      line.expiresAt = data.expiresAt;
      line.extensions += 1;
      break;
    case 'inventory.hold-allocated':
      line.state = 'allocated';
      break;
    case 'inventory.reservation-committed':
      line.state = 'committed';
      break;
    case 'inventory.reservation-released':
      leave(line, data.left, 'released');
      break;
    case 'inventory.stock-returned':
      leave(line, data.left, 'returned');
      break;
    default:
  }
  if (line.state !== null && line.state !== 'held') line.expiresAt = null;
}

/** A line that nothing is left of keeps its last quantity. */
function leave(line: Line, left: number, over: string): void {
  if (left > 0) line.quantity = left;
  else line.state = over;
}

const columnsOf = (lines: readonly Line[]): unknown[] => [
  lines.map(({ reservationId }) => reservationId),
  lines.map(({ itemId }) => itemId),
  lines.map(({ locationId }) => locationId),
  lines.map(({ state }) => state),
  lines.map(({ quantity }) => quantity),
  lines.map(({ expiresAt }) => expiresAt),
  lines.map(({ extensions }) => extensions),
  lines.map(({ changes }) => changes),
];

const LINES = `$2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::timestamptz[], $8::smallint[], $9::int[]`;
const NAMES = `reservation_id, item_id, location_id, state, quantity, expires_at, extensions, changes`;

const changeSql = (table: string): string => `
  update ${table} l
     set state = coalesce(n.state, l.state),
         quantity = coalesce(n.quantity, l.quantity),
         expires_at = case when n.state is null then coalesce(n.expires_at, l.expires_at) end,
         extensions = l.extensions + n.extensions,
         changes = l.changes + n.changes
    from unnest(${LINES}) as n (${NAMES})
   where l.tenant_id = $1 and l.reservation_id = n.reservation_id and l.item_id = n.item_id and l.location_id = n.location_id`;

const insertSql = (table: string, items: string): string => `
  insert into ${table} (tenant_id, ${NAMES}, reference, single)
  select $1, n.*, i.single from unnest(${LINES}, $10::text[]) as n (${NAMES}, reference)
    join ${items} i on i.tenant_id = $1 and i.id = n.item_id`;
