import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { given } from '../../../platform/eventing/testing/given.js';
import { fact, HERE, pool, received, THERE } from '../../test/samples.js';
import { codeOf, keyOf } from './codes.js';
import { available, item, type Item, onHand } from './item.js';
import type { ItemEvent } from './item-events.js';
import {
  changeCost,
  changePrice,
  describe as describeItem,
  liftQuarantine,
  quarantine,
  regrade,
  relist,
  setThreshold,
  withdraw,
} from './listing-changes.js';
import { priceCause } from './price-cause.js';
import { settled } from './settle.js';
import { adjust, count, transfer, writeOff } from './stock-changes.js';

const EUR = (amount: number) => ({ amount, currency: 'EUR' });
const LATER = '2026-02-01T00:00:00.000Z';
const reserved = (quantity: number) =>
  fact('inventory.stock-reserved', { reservationId: THERE, locationId: HERE, quantity, state: 'allocated' });
const committed = fact('inventory.reservation-committed', { reservationId: THERE, locationId: HERE, quantity: 1 });
const withdrawn = (reason: string) => fact('inventory.item-withdrawn', { reason });
const quarantined = fact('inventory.item-quarantined', { holdUntil: LATER, reason: 'holding period' });
const writtenOff = fact('inventory.item-written-off', { reason: 'lost', losses: [{ locationId: HERE, quantity: 1 }] });

describe('the number of units', () => {
  it('is adjusted for a reason', () => {
    given(item, pool(5))
      .when((state) => adjust(state, { locationId: HERE, delta: -2, reason: 'damaged', note: 'wet' }))
      .then(fact('inventory.stock-adjusted', { locationId: HERE, delta: -2, reason: 'damaged', note: 'wet' }))
      .thenState({ levels: { [HERE]: { onHand: 3, reserved: 0 } } });
  });

  it('is counted, also when it was right', () => {
    given(item, pool(5))
      .when((state) => count(state, { locationId: HERE, counted: 5 }))
      .then(fact('inventory.stock-counted', { locationId: HERE, counted: 5, delta: 0 }));
    given(item, pool(5))
      .when((state) => count(state, { locationId: THERE, counted: 2 }))
      .then(fact('inventory.stock-counted', { locationId: THERE, counted: 2, delta: 2 }));
  });

  it('goes from one location to another', () => {
    given(item, pool(5))
      .when((state) => transfer(state, { from: HERE, to: THERE, quantity: 5 }))
      .then(fact('inventory.stock-transferred', { from: HERE, to: THERE, quantity: 5 }))
      .thenState({ levels: { [HERE]: { onHand: 0, reserved: 0 }, [THERE]: { onHand: 5, reserved: 0 } } });
  });

  test.each<[string, ItemEvent[], (state: Item) => ItemEvent[], string]>([
    ['by nothing', [pool(5)], (s) => adjust(s, { locationId: HERE, delta: 0, reason: 'x' }), 'inventory.zero_adjustment'],
    ['below nothing', [pool(5)], (s) => adjust(s, { locationId: HERE, delta: -6, reason: 'x' }), 'inventory.quantity_out_of_range'],
    ['beyond a milliard', [pool(1e9)], (s) => adjust(s, { locationId: THERE, delta: 1, reason: 'x' }), 'inventory.quantity_out_of_range'],
    ['below what is promised', [pool(5), reserved(3)], (s) => count(s, { locationId: HERE, counted: 2 }), 'inventory.reserved'],
    ['of a copy to two', [received()], (s) => count(s, { locationId: HERE, counted: 2 }), 'inventory.single_quantity'],
    ['of a copy at a second place', [received()], (s) => adjust(s, { locationId: THERE, delta: 1, reason: 'x' }), 'inventory.single_quantity'],
    ['of a copy that was sold', [received(), reserved(1), committed], (s) => count(s, { locationId: HERE, counted: 1 }), 'inventory.sold'],
    ['to where it is', [pool(5)], (s) => transfer(s, { from: HERE, to: HERE, quantity: 1 }), 'inventory.same_location'],
    ['from where there is nothing', [pool(5)], (s) => transfer(s, { from: THERE, to: HERE, quantity: 1 }), 'inventory.not_there'],
    ['of more than there is', [pool(5)], (s) => transfer(s, { from: HERE, to: THERE, quantity: 6 }), 'inventory.quantity_out_of_range'],
    ['of what is promised', [pool(5), reserved(3)], (s) => transfer(s, { from: HERE, to: THERE, quantity: 3 }), 'inventory.reserved'],
    ['of what is gone', [received(), writtenOff], (s) => count(s, { locationId: HERE, counted: 1 }), 'inventory.item_transition'],
  ])('does not change %s', (_, history, decide, code) => {
    given(item, ...history).when(decide).thenRefused(code);
  }); // prettier-ignore

  it('is nothing once the item is written off, which nothing promised can be', () => {
    given(item, pool(5), fact('inventory.stock-transferred', { from: HERE, to: THERE, quantity: 2 }))
      .when((state) => writeOff(state, { reason: 'fire' }))
      .then(
        fact('inventory.item-written-off', {
          reason: 'fire',
          losses: [
            { locationId: HERE, quantity: 3 },
            { locationId: THERE, quantity: 2 },
          ],
        }),
      )
      .thenState({ status: 'written_off', levels: {} });
    given(item, received(), writtenOff).when((state) => writeOff(state, { reason: 'again' })).then();
    given(item, pool(5), reserved(1)).when((state) => writeOff(state, { reason: 'fire' })).thenRefused('inventory.reserved');
  }); // prettier-ignore
});

describe('low stock', () => {
  const low = (threshold: number, left: number) => fact('inventory.low-stock-reached', { threshold, available: left });
  const lose = (delta: number) => (state: Item) =>
    settled(state, adjust(state, { locationId: HERE, delta, reason: 'x' }));
  const threshold = fact('inventory.threshold-set', { threshold: 3 });
  const lost = (delta: number) => fact('inventory.stock-adjusted', { locationId: HERE, delta, reason: 'x' });

  it('is reported when the threshold is reached, and once', () => {
    given(item, pool(5), threshold).when(lose(-1)).then(lost(-1));
    given(item, pool(5), threshold).when(lose(-2)).then(lost(-2), low(3, 3)).thenState({ isLow: true });
    given(item, pool(5), threshold, lost(-2), low(3, 3)).when(lose(-1)).then(lost(-1));
  });

  it('is reported again after it was left', () => {
    given(item, pool(5), threshold, lost(-2), low(3, 3), lost(4)).when(lose(-5)).then(lost(-5), low(3, 2));
  });

  it('is reported when the threshold itself is raised', () => {
    given(item, pool(5))
      .when((state) => settled(state, setThreshold(state, 9)))
      .then(fact('inventory.threshold-set', { threshold: 9 }), low(9, 5));
    given(item, pool(5), threshold)
      .when((state) => setThreshold(state, 3))
      .then();
  });
});

describe('what an item lacks', () => {
  it('puts it on sale once it is there', () => {
    const ungraded = received({ mediaGrade: undefined, status: 'withdrawn', reason: 'needs_grading' });
    given(item, ungraded)
      .when((state) => regrade(state, { mediaGrade: 'VG' }))
      .then(
        fact('inventory.item-regraded', { mediaGrade: 'VG', sleeveGrade: null }),
        fact('inventory.item-relisted', {}),
      )
      .thenState({ status: 'available', reason: null });
    const unpriced = pool(3, { price: undefined, status: 'withdrawn', reason: 'needs_price' });
    given(item, unpriced)
      .when((state) => changePrice(state, EUR(5), { reason: 'new' }))
      .then(
        fact('inventory.price-changed', { price: EUR(5), previous: null, cause: { reason: 'new' } }),
        fact('inventory.item-relisted', {}),
      );
  });

  it('is the next thing where one of two is there', () => {
    const bare = received({ mediaGrade: undefined, price: undefined, status: 'withdrawn', reason: 'needs_grading' });
    given(item, bare)
      .when((state) => regrade(state, { mediaGrade: 'VG' }))
      .then(fact('inventory.item-regraded', { mediaGrade: 'VG', sleeveGrade: null }), withdrawn('needs_price'));
    given(item, bare)
      .when((state) => changePrice(state, EUR(5), { reason: 'new' }))
      .then(fact('inventory.price-changed', { price: EUR(5), previous: null, cause: { reason: 'new' } }));
  });

  it('keeps it from being relisted', () => {
    const bare = received({ mediaGrade: undefined, price: undefined, status: 'withdrawn', reason: 'needs_grading' });
    given(item, bare).when(relist).thenRefused('inventory.needs_grading');
    given(item, received({ price: undefined, status: 'withdrawn' }))
      .when(relist)
      .thenRefused('inventory.needs_price');
    given(item, received(), withdrawn('display')).when(relist).then(fact('inventory.item-relisted', {}));
    given(item, received()).when(relist).then();
    given(item, received(), writtenOff).when(relist).thenRefused('inventory.item_transition');
  });

  it('takes it off sale when the grade is taken away', () => {
    given(item, received())
      .when((state) => regrade(state, { mediaGrade: null }))
      .then(fact('inventory.item-regraded', { mediaGrade: null, sleeveGrade: null }), withdrawn('needs_grading'));
  });

  it('is not touched where it was withdrawn for another reason', () => {
    given(item, received({ price: undefined, status: 'withdrawn', reason: 'display' }))
      .when((state) => changePrice(state, EUR(5), { reason: 'new' }))
      .thenState({ status: 'withdrawn', reason: 'display' });
  });
});

describe('a quarantine', () => {
  const at = (instant: string) => ({ now: new Date(instant) });

  it('cannot be lifted before its time, by any command (D14)', () => {
    const early = at('2026-01-31T23:59:59.999Z');
    given(item, received(), quarantined)
      .when((state, { now }) => liftQuarantine(state, now), early)
      .thenRefused('inventory.quarantined');
    given(item, received(), quarantined)
      .when((state) => withdraw(state, { reason: 'x' }), early)
      .thenRefused('inventory.quarantined');
    given(item, received(), quarantined).when(relist, early).thenRefused('inventory.item_transition');
    given(item, received(), quarantined)
      .when((state, { now }) => quarantine(state, { holdUntil: '2026-01-31T23:59:59.999Z', reason: 'x' }, now), at('2026-01-15T00:00:00Z'))
      .thenRefused('inventory.quarantined');
    given(item, received(), quarantined)
      .when((state) => changePrice(state, EUR(5), { reason: 'x' }), early)
      .thenState({ status: 'quarantined' });
  }); // prettier-ignore

  it('is lifted at its very instant', () => {
    given(item, received(), quarantined)
      .when((state, { now }) => liftQuarantine(state, now), at(LATER))
      .then(fact('inventory.quarantine-lifted', {}))
      .thenState({ status: 'available', holdUntil: null });
    given(item, received({ price: undefined, status: 'withdrawn', reason: 'needs_price' }), quarantined)
      .when((state, { now }) => liftQuarantine(state, now), at(LATER))
      .then(fact('inventory.quarantine-lifted', {}), withdrawn('needs_price'));
    given(item, received()).when((state, { now }) => liftQuarantine(state, now)).thenRefused('inventory.item_transition');
  }); // prettier-ignore

  it('can be prolonged, and begins only in the future and for what is not promised', () => {
    const until = (holdUntil: string) => (state: Item, { now }: { now: Date }) =>
      quarantine(state, { holdUntil, reason: 'holding period' }, now);
    given(item, received(), quarantined)
      .when(until('2026-03-01T00:00:00.000Z'))
      .then(fact('inventory.item-quarantined', { holdUntil: '2026-03-01T00:00:00.000Z', reason: 'holding period' }));
    given(item, received(), quarantined).when(until(LATER)).then();
    given(item, received()).when(until('2026-01-01T00:00:00.000Z')).thenRefused('inventory.hold_until_in_past');
    given(item, received(), reserved(1)).when(until(LATER)).thenRefused('inventory.reserved');
  }); // prettier-ignore

  it('never ends before its time, whatever is done in whatever order', () => {
    const instants = fc.integer({ min: 0, max: 40 }).map((day) => new Date(Date.UTC(2026, 0, 1 + day)));
    const commands: ((state: Item, now: Date) => ItemEvent[])[] = [
      (state, now) => liftQuarantine(state, now),
      (state) => relist(state),
      (state) => withdraw(state, { reason: 'x' }),
      (state) => regrade(state, { mediaGrade: 'F' }),
      (state) => changePrice(state, EUR(7), { reason: 'x' }),
      (state, now) => quarantine(state, { holdUntil: new Date(now.getTime() + 86_400_000).toISOString(), reason: 'x' }, now),
    ];
    const steps = fc.array(fc.tuple(fc.nat({ max: commands.length - 1 }), instants), { maxLength: 20 });
    fc.assert(
      fc.property(steps, (all) => {
        let state = [received(), quarantined].reduce(item.evolve, item.initial);
        for (const [which, now] of all.toSorted((a, b) => a[1].getTime() - b[1].getTime())) {
          const before = state;
          try {
            state = (commands[which]?.(state, now) ?? []).reduce(item.evolve, state);
          } catch {
            continue;
          }
          const left = before.status === 'quarantined' && state.status !== 'quarantined';
          if (left) expect(now.getTime()).toBeGreaterThanOrEqual(Date.parse(before.holdUntil ?? ''));
        }
      }),
    );
  }); // prettier-ignore
});

describe('words and money', () => {
  it('change nothing when they stay the same', () => {
    given(item, received()).when((state) => changePrice(state, EUR(1_999), { reason: 'x' })).then();
    given(item, received({ cost: EUR(5) })).when((state) => changeCost(state, EUR(5))).then();
    given(item, received({ note: 'a' })).when((state) => describeItem(state, { note: 'a', defects: [] })).then();
    given(item, received()).when((state) => regrade(state, {})).then();
    given(item, received(), withdrawn('x')).when((state) => withdraw(state, { reason: 'x' })).then();
  }); // prettier-ignore

  it('tell what they were before', () => {
    given(item, received())
      .when((state) => changePrice(state, EUR(5), { reason: 'sale', rule: 'markdown', policyVersion: 3 }))
      .then(
        fact('inventory.price-changed', {
          price: EUR(5),
          previous: EUR(1_999),
          cause: { reason: 'sale', rule: 'markdown', policyVersion: 3 },
        }),
      );
    given(item, received({ cost: EUR(5) }))
      .when((state) => changeCost(state, { amount: 5, currency: 'USD' }))
      .then(fact('inventory.cost-changed', { cost: { amount: 5, currency: 'USD' }, previous: EUR(5) }));
    given(item, received({ note: 'a', sku: 'S' }))
      .when((state) => describeItem(state, { note: null, sku: 'S', defects: ['scratch'] }))
      .then(fact('inventory.item-described', { note: null, defects: ['scratch'] }));
  });

  it('name a policy only with its rule', () => {
    expect(priceCause({ reason: 'x', rule: 'y', policyVersion: 1 })).toEqual({ reason: 'x', rule: 'y', policyVersion: 1 });
    expect(() => priceCause({ reason: 'x', policyVersion: 1 })).toThrow('Name the rule');
  }); // prettier-ignore
});

describe('codes', () => {
  it('are made of the random bits of an id', () => {
    expect(codeOf('01990000-0000-7000-8000-000000000000')).toBe('000000000000');
    expect(codeOf('01990000-0000-7000-bfff-ffffffffffff')).toBe('ZZZZZZZZZZZZ');
    expect(codeOf('01990000-0000-7000-8000-000000000021')).toBe('000000000011');
  });

  it('are compared in composed form', () => {
    expect(keyOf('cafe\u0301')).toBe(keyOf('caf\u00e9'));
    expect(keyOf('A')).not.toBe(keyOf('a'));
  });
});

test('units add up over locations', () => {
  const state = [
    pool(5),
    fact('inventory.stock-transferred', { from: HERE, to: THERE, quantity: 2 }),
    reserved(1),
  ].reduce(item.evolve, item.initial);
  expect([onHand(state), available(state)]).toEqual([5, 4]);
});
