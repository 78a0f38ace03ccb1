import type { Money } from '#platform/kernel';
import type { MediaGrade, SleeveGrade } from './grades.js';
import type { ItemEvent, ItemKind, Provenance, StockReceived } from './item-events.js';

/** Units at one location: those that are there, and those of them that are held or allocated. */
export interface Level {
  readonly onHand: number;
  readonly reserved: number;
}

/** Where an item is in its life; `none` before it was received. */
export type ItemStatus = 'none' | 'quarantined' | 'available' | 'withdrawn' | 'written_off';

/** A stock item as its events add up to. */
export interface Item {
  readonly status: ItemStatus;
  /** Why it is withdrawn, quarantined or written off. */
  readonly reason: string | null;
  readonly holdUntil: string | null;
  readonly releaseId: string;
  readonly kind: ItemKind;
  /** It is not for sale before its medium is graded. */
  readonly requiresGrade: boolean;
  readonly code: string;
  readonly sku: string | null;
  readonly mediaGrade: MediaGrade | null;
  readonly sleeveGrade: SleeveGrade | null;
  readonly defects: readonly string[];
  readonly photos: readonly string[];
  readonly note: string | null;
  readonly price: Money | null;
  readonly cost: Money | null;
  readonly provenance: Provenance;
  readonly receivedAt: string;
  readonly threshold: number | null;
  /** Low stock was reached and has not been left since. */
  readonly isLow: boolean;
  /** Units that have left under a reservation and have not come back. */
  readonly sold: number;
  /** By location. */
  readonly levels: Readonly<Record<string, Level>>;
}

const NOTHING: Item = {
  status: 'none',
  reason: null,
  holdUntil: null,
  releaseId: '',
  kind: 'single',
  requiresGrade: false,
  code: '',
  sku: null,
  mediaGrade: null,
  sleeveGrade: null,
  defects: [],
  photos: [],
  note: null,
  price: null,
  cost: null,
  provenance: { kind: 'manual' },
  receivedAt: '',
  threshold: null,
  isLow: false,
  sold: 0,
  levels: {},
};

/** The life of a stock item: one graded copy, or a pool of identical units. */
export const item = {
  category: 'inventory.item',
  initial: NOTHING,
  evolve: (state: Item, event: ItemEvent): Item => {
    const next = { ...state, ...changed(state, event) };
    return next.isLow && available(next) > (next.threshold ?? -1) ? { ...next, isLow: false } : next;
  },
  /** A pool that sells all day has thousands of events: reading at most ten of them keeps its queue short. */
  document: { schema: 1, every: 10 },
} as const;

/** Units of all locations together. */
export function onHand({ levels }: Item): number {
  return Object.values(levels).reduce((sum, level) => sum + level.onHand, 0);
}

/** Units that are neither held nor allocated, whatever the item's status. */
export function available({ levels }: Item): number {
  return Object.values(levels).reduce((sum, level) => sum + level.onHand - level.reserved, 0);
}

/** Units at a location. */
export function levelAt({ levels }: Item, locationId: string): Level {
  return levels[locationId] ?? { onHand: 0, reserved: 0 };
}

function changed(state: Item, { type, data }: ItemEvent): Partial<Item> {
  switch (type) {
    case 'inventory.stock-received':
      return received(data);
    case 'inventory.stock-adjusted':
    case 'inventory.stock-counted':
      return moved(state, data.locationId, data.delta, 0);
    case 'inventory.stock-transferred': {
      const { levels } = moved(state, data.from, -data.quantity, 0);
      return moved({ ...state, levels }, data.to, data.quantity, 0);
    }
    case 'inventory.stock-reserved':
      return moved(state, data.locationId, 0, data.quantity);
    case 'inventory.reservation-extended':
    case 'inventory.hold-allocated':
      return {};
    case 'inventory.reservation-released':
      return moved(state, data.locationId, 0, -data.quantity);
    case 'inventory.reservation-committed':
      return { ...moved(state, data.locationId, -data.quantity, -data.quantity), sold: state.sold + data.quantity };
    case 'inventory.stock-returned':
      return { ...moved(state, data.locationId, data.quantity, 0), sold: state.sold - data.quantity };
    case 'inventory.item-regraded':
    case 'inventory.item-described':
    case 'inventory.threshold-set':
      return data;
    case 'inventory.price-changed':
      return { price: data.price };
    case 'inventory.cost-changed':
      return { cost: data.cost };
    case 'inventory.low-stock-reached':
      return { isLow: true };
    case 'inventory.item-quarantined':
      return { status: 'quarantined', reason: data.reason, holdUntil: data.holdUntil };
    case 'inventory.quarantine-lifted':
    case 'inventory.item-relisted':
      return { status: 'available', reason: null, holdUntil: null };
    case 'inventory.item-withdrawn':
      return { status: 'withdrawn', reason: data.reason, holdUntil: null };
    case 'inventory.item-written-off':
      return { status: 'written_off', reason: data.reason, holdUntil: null, levels: {} };
  }
}

function received(data: StockReceived): Item {
  const { locationId, quantity, ...known } = data;
  return {
    ...NOTHING,
    ...known,
    reason: data.reason ?? null,
    holdUntil: data.holdUntil ?? null,
    sku: data.sku ?? null,
    mediaGrade: data.mediaGrade ?? null,
    sleeveGrade: data.sleeveGrade ?? null,
    note: data.note ?? null,
    price: data.price ?? null,
    cost: data.cost ?? null,
    levels: { [locationId]: { onHand: quantity, reserved: 0 } },
  };
}

function moved(state: Item, locationId: string, units: number, reserved: number): Pick<Item, 'levels'> {
  const level = levelAt(state, locationId);
  const next = { onHand: level.onHand + units, reserved: level.reserved + reserved };
  return { levels: { ...state.levels, [locationId]: next } };
}
