import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DomainError } from '#platform/kernel';
import { fact, HERE, pool, received, THERE } from '../../test/samples.js';
import {
  allocate,
  type ClaimLine,
  commit,
  expire,
  extend,
  freeUnits,
  giveBack,
  isExpired,
  type LineDecision,
  release,
} from './claims.js';
import { fold } from './fold.js';
import { item, type Item } from './item.js';
import type { ItemEvent } from './item-events.js';
import { type Claimable, planReservation, type Terms, type Wish } from './reservation-plan.js';

const NOW = new Date('2026-01-01T12:00:00.000Z');
const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
const RSV = '01990000-0000-7000-8000-0000000000aa';
const line = (members: Partial<ClaimLine> = {}): ClaimLine => ({
  reservationId: RSV,
  itemId: 'a',
  locationId: HERE,
  quantity: 3,
  state: 'held',
  expiresAt: at(60),
  extensions: 0,
  ...members,
});
const part = { reservationId: RSV, locationId: HERE, quantity: 3 };
const stock = (...events: ItemEvent[]): Item => fold(item.initial, events);
const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'nothing was refused';
  } catch (error) {
    return error instanceof DomainError ? error.code : String(error);
  }
};

describe('a line of a reservation', () => {
  const state = stock(pool(9));
  const decide = (decision: LineDecision, members: Partial<ClaimLine> = {}, units = 3, now = NOW) =>
    decision(state, line(members), now, units);

  it('is over at its very instant', () => {
    expect([at(59), at(60), at(61)].map((now) => isExpired(line(), now))).toEqual([false, true, true]);
    expect(expire([line(), line({ state: 'allocated', expiresAt: null })], at(60))).toEqual([
      fact('inventory.reservation-released', { ...part, from: 'held', left: 0, cause: 'expired' }),
    ]);
  });

  it('is extended once, to ten minutes from now, and never shortened', () => {
    expect(decide(extend)).toEqual([
      fact('inventory.reservation-extended', { ...part, expiresAt: at(600).toISOString() }),
    ]);
    expect(decide(extend, { expiresAt: at(900) })).toMatchObject([{ data: { expiresAt: at(900).toISOString() } }]);
    expect(codeOf(() => decide(extend, { extensions: 1 }))).toBe('inventory.hold_extended');
    expect(codeOf(() => decide(extend, {}, 3, at(60)))).toBe('inventory.hold_expired');
    expect(codeOf(() => decide(extend, { state: 'allocated' }))).toBe('inventory.reservation_transition');
  });

  it('is allocated, committed and returned, each once', () => {
    expect(decide(allocate)).toEqual([fact('inventory.hold-allocated', part)]);
    expect(decide(allocate, { state: 'allocated' })).toEqual([]);
    expect(codeOf(() => decide(allocate, {}, 3, at(60)))).toBe('inventory.hold_expired');
    expect(codeOf(() => decide(allocate, { state: 'released' }))).toBe('inventory.reservation_transition');
    expect(decide(commit, { state: 'allocated' })).toEqual([fact('inventory.reservation-committed', part)]);
    expect(decide(commit, { state: 'committed' })).toEqual([]);
    expect(codeOf(() => decide(commit))).toBe('inventory.reservation_transition');
    expect(decide(giveBack, { state: 'committed' }, 2)).toEqual([
      fact('inventory.stock-returned', { ...part, quantity: 2, left: 1 }),
    ]);
    expect(decide(giveBack, { state: 'returned' })).toEqual([]);
    expect(codeOf(() => decide(giveBack))).toBe('inventory.reservation_transition');
  });

  it('is released from either state, in part too', () => {
    expect(decide(release, {}, 1)).toEqual([
      fact('inventory.reservation-released', { ...part, quantity: 1, from: 'held', left: 2, cause: 'released' }),
    ]);
    expect(decide(release, { state: 'allocated', expiresAt: null })).toMatchObject([
      { data: { from: 'allocated', left: 0 } },
    ]);
    expect(decide(release, { state: 'released' })).toEqual([]);
    expect(codeOf(() => decide(release, { state: 'committed' }))).toBe('inventory.reservation_transition');
  });
});

describe('a plan', () => {
  const terms: Terms = { reservationId: RSV, state: 'held', expiresAt: at(900), partial: false };
  const plan = (items: Claimable[], wishes: Wish[], changes: Partial<Terms> = {}) =>
    planReservation(items, wishes, { ...terms, ...changes }, NOW);
  const claimable = (itemId: string, state: Item, holds: ClaimLine[] = []): Claimable => ({ itemId, state, holds });

  it('sums what is wanted of an item, and says how it is promised', () => {
    const { events } = plan([claimable('a', stock(pool(5)))], [{ itemId: 'a', quantity: 2 }, { itemId: 'a', quantity: 3 }], {
      reference: 'cart',
    }); // prettier-ignore
    expect(events).toEqual([
      [
        fact('inventory.stock-reserved', {
          reservationId: RSV,
          locationId: HERE,
          quantity: 5,
          state: 'held',
          expiresAt: at(900).toISOString(),
          reference: 'cart',
        }),
      ],
    ]);
  });

  it('releases what is over before it takes', () => {
    const held = stock(
      received(),
      fact('inventory.stock-reserved', { ...part, quantity: 1, state: 'held', expiresAt: NOW.toISOString() }),
    );
    const wishes = [{ itemId: 'a', quantity: 1 }];
    const over = line({ quantity: 1, expiresAt: NOW, reservationId: 'old' });
    expect(plan([claimable('a', held, [over])], wishes).events[0]?.map(({ type }) => type)).toEqual([
      'inventory.reservation-released',
      'inventory.stock-reserved',
    ]);
    const alive = line({ quantity: 1, expiresAt: at(1), reservationId: 'old' });
    expect(codeOf(() => plan([claimable('a', held, [alive])], wishes))).toBe('inventory.not_enough_stock');
  });

  it('takes what is for sale only, where it is and where it is asked for', () => {
    const [withdrawn, spread] = [
      stock(received(), fact('inventory.item-withdrawn', { reason: 'x' })),
      stock(pool(5), fact('inventory.stock-transferred', { from: HERE, to: THERE, quantity: 2 })),
    ];
    expect(freeUnits(withdrawn)).toEqual([]);
    expect(freeUnits(spread)).toEqual([
      { locationId: HERE, free: 3 },
      { locationId: THERE, free: 2 },
    ]);
    const wishes = [
      { itemId: 'a', quantity: 2 },
      { itemId: 'a', quantity: 3, locationId: HERE },
    ];
    expect(plan([claimable('a', spread)], wishes).events[0]).toMatchObject([
      { data: { locationId: HERE, quantity: 3 } },
      { data: { locationId: THERE, quantity: 2 } },
    ]);
  });

  it('finds every shortage', () => {
    const items = [claimable('a', stock(pool(1))), claimable('b', stock(pool(9))), claimable('c', stock(pool(0)))];
    const wishes = ['a', 'b', 'c'].map((itemId) => ({ itemId, quantity: 2 }));
    expect(plan(items, wishes, { partial: true })).toMatchObject({
      shortages: [
        { itemId: 'a', requested: 2, available: 1 },
        { itemId: 'c', requested: 2, available: 0 },
      ],
    });
  });

  it('never promises more than there is, whatever is wished for (D2)', () => {
    const quantities = fc.array(fc.record({ quantity: fc.integer({ min: 1, max: 9 }), there: fc.boolean() }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 }), quantities, (here, there, all) => {
        const state = stock(pool(here + there), fact('inventory.stock-transferred', { from: HERE, to: THERE, quantity: there }));
        const wishes = all.map((one) => ({ itemId: 'a', quantity: one.quantity, ...(one.there ? { locationId: THERE } : {}) }));
        const wanted = all.reduce((sum, { quantity }) => sum + quantity, 0);
        let events: readonly ItemEvent[] = [];
        try {
          events = plan([claimable('a', state)], wishes, { partial: true }).events[0] ?? [];
        } catch (error) {
          expect(error).toMatchObject({ code: 'inventory.not_enough_stock' });
        }
        const after = fold(state, events);
        const reserved = Object.values(after.levels).reduce((sum, level) => sum + level.reserved, 0);
        expect(Object.values(after.levels).every((level) => level.reserved >= 0 && level.reserved <= level.onHand)).toBe(true);
        expect(reserved).toBeLessThanOrEqual(Math.min(wanted, here + there));
      }),
    );
  }); // prettier-ignore
});
