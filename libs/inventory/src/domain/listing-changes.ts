import type { Money } from '#platform/kernel';
import type { MediaGrade, SleeveGrade } from './grades.js';
import { assertKept, assertStatus } from './guards.js';
import { inventoryErrors } from './inventory.errors.js';
import type { Item } from './item.js';
import { type DataOf, type ItemEvent, NEEDS_GRADING, NEEDS_PRICE, type PriceCause } from './item-events.js';
import { inTurn } from './settle.js';

/** What keeps an item from being sold: a copy of a record needs a grade of its medium, everything a price. */
export function lackOf({
  requiresGrade,
  mediaGrade,
  price,
}: Pick<Item, 'requiresGrade' | 'mediaGrade' | 'price'>): string | undefined {
  if (requiresGrade && mediaGrade === null) return NEEDS_GRADING;
  return price === null ? NEEDS_PRICE : undefined;
}

/** Once what an item lacked is there it is for sale, or withdrawn for what it still lacks. */
function supplied(state: Item): ItemEvent[] {
  const waits = state.status === 'withdrawn' && (state.reason === NEEDS_GRADING || state.reason === NEEDS_PRICE);
  const lack = lackOf(state);
  if (!waits || lack === state.reason) return [];
  if (lack === undefined) return [{ type: 'inventory.item-relisted', data: {} }];
  return [{ type: 'inventory.item-withdrawn', data: { reason: lack } }];
}

/** The item is graded, anew or for the first time; a grade that is left out stays. */
export function regrade(
  state: Item,
  grades: { readonly mediaGrade?: MediaGrade | null; readonly sleeveGrade?: SleeveGrade | null },
): ItemEvent[] {
  assertKept(state, 'regrade');
  const { mediaGrade = state.mediaGrade, sleeveGrade = state.sleeveGrade } = grades;
  if (mediaGrade === state.mediaGrade && sleeveGrade === state.sleeveGrade) return [];
  return inTurn(
    state,
    () => [{ type: 'inventory.item-regraded', data: { mediaGrade, sleeveGrade } }],
    ungraded,
    supplied,
  );
}

/** A copy that has lost its grade is not for sale. */
function ungraded(state: Item): ItemEvent[] {
  const isForSale = state.status === 'available' && lackOf(state) !== undefined;
  return isForSale ? [{ type: 'inventory.item-withdrawn', data: { reason: lackOf(state) ?? NEEDS_GRADING } }] : [];
}

/** The list price is set by a rule or by a person for a reason. The same price changes nothing. */
export function changePrice(state: Item, price: Money, cause: PriceCause): ItemEvent[] {
  assertKept(state, 'price');
  if (isSame(state.price, price)) return [];
  const changed: ItemEvent = { type: 'inventory.price-changed', data: { price, previous: state.price, cause } };
  return inTurn(state, () => [changed], supplied);
}

/** What a unit has cost the store. */
export function changeCost(state: Item, cost: Money): ItemEvent[] {
  assertKept(state, 'cost');
  return isSame(state.cost, cost) ? [] : [{ type: 'inventory.cost-changed', data: { cost, previous: state.cost } }];
}

/** At how many free units stock is low; null: never. */
export function setThreshold(state: Item, threshold: number | null): ItemEvent[] {
  assertKept(state, 'threshold');
  return state.threshold === threshold ? [] : [{ type: 'inventory.threshold-set', data: { threshold } }];
}

/** SKU, note, defects and photos; what is left out stays. */
export function describe(state: Item, change: DataOf<'inventory.item-described'>): ItemEvent[] {
  assertKept(state, 'describe');
  const names = Object.keys(change) as (keyof typeof change)[];
  const changed = names.filter((name) => JSON.stringify(change[name]) !== JSON.stringify(state[name]));
  const data = Object.fromEntries(changed.map((name) => [name, change[name]]));
  return changed.length === 0 ? [] : [{ type: 'inventory.item-described', data }];
}

/** The item is no longer for sale; what is promised stays promised. The same reason again changes nothing. */
export function withdraw(
  state: Item,
  { reason, note }: { readonly reason: string; readonly note?: string },
): ItemEvent[] {
  assertKept(state, 'withdraw');
  assertNotBefore(state, undefined);
  if (state.status === 'withdrawn' && state.reason === reason) return [];
  return [{ type: 'inventory.item-withdrawn', data: { reason, ...(note ? { note } : {}) } }];
}

/** The item is for sale again. @throws inventory.needs_grading, inventory.needs_price */
export function relist(state: Item): ItemEvent[] {
  if (state.status === 'available') return [];
  assertStatus(state, 'relist', ['withdrawn']);
  const lack = lackOf(state);
  if (lack === NEEDS_GRADING) throw inventoryErrors.needs_grading('Grade the copy: it is then for sale by itself.');
  if (lack === NEEDS_PRICE) throw inventoryErrors.needs_price('Give the item a price: it is then for sale by itself.');
  return [{ type: 'inventory.item-relisted', data: {} }];
}

/** The item waits until an instant, such as the police's holding period for bought-in goods. It can be prolonged, not shortened. */
export function quarantine(
  state: Item,
  { holdUntil, reason }: { readonly holdUntil: string; readonly reason: string },
  now: Date,
): ItemEvent[] {
  assertKept(state, 'quarantine');
  if (Date.parse(holdUntil) <= now.getTime()) {
    throw inventoryErrors.hold_until_in_past('Name an instant in the future.', {
      errors: [{ pointer: '/holdUntil', code: 'in_past', message: 'This instant must lie in the future.' }],
    });
  }
  if (state.holdUntil === holdUntil && state.reason === reason) return [];
  if (state.holdUntil !== null && Date.parse(holdUntil) < Date.parse(state.holdUntil)) assertNotBefore(state, now);
  const reserved = Object.values(state.levels).reduce((sum, level) => sum + level.reserved, 0);
  if (reserved > 0) {
    throw inventoryErrors.reserved('Units are held or allocated. Release those reservations first.', { reserved });
  }
  return [{ type: 'inventory.item-quarantined', data: { holdUntil, reason } }];
}

/** The quarantine is over: the item is for sale, or withdrawn for what it lacks. @throws inventory.quarantined before its time */
export function liftQuarantine(state: Item, now: Date): ItemEvent[] {
  assertStatus(state, 'lift-quarantine', ['quarantined']);
  assertNotBefore(state, now);
  const lack = lackOf(state);
  const withdrawn: ItemEvent[] = lack ? [{ type: 'inventory.item-withdrawn', data: { reason: lack } }] : [];
  return [{ type: 'inventory.quarantine-lifted', data: {} }, ...withdrawn];
}

/** D14: nothing leaves quarantine before its time. @param now undefined: not at all by this command */
function assertNotBefore({ status, holdUntil }: Item, now: Date | undefined): void {
  if (status !== 'quarantined' || holdUntil === null) return;
  if (now && now.getTime() >= Date.parse(holdUntil)) return;
  throw inventoryErrors.quarantined(`The item is quarantined until ${holdUntil}. Lift the quarantine after that.`, {
    holdUntil,
  });
}

const isSame = (a: Money | null, b: Money): boolean => a?.amount === b.amount && a.currency === b.currency;
