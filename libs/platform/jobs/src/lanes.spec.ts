import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { laneOrder, takesByLane } from './lanes.js';
import { Turns } from './turns.js';
import type { ReadyTenant } from './dispatch-store.js';

describe("the order of a tenant's lanes", () => {
  it.each([
    ['nothing waits long', [0, 0, 0, 0], [0, 1, 2, 3]],
    ['bulk work has waited twice the age', [0, 0, 0, 21_000], [0, 3, 1, 2]],
    ['bulk work has waited once the age', [0, 0, 0, 10_500], [0, 1, 3, 2]],
    ['normal and bulk work have waited alike', [0, 0, 30_000, 30_000], [2, 0, 3, 1]],
    ['repetitions never end', [0, 11_000, 0, 0], [1, 0, 2, 3]],
  ])('when %s', (_case, waited, order) => {
    expect(laneOrder(waited, 10_000)).toEqual(order);
  });

  it('splits a share without a rest, the first lanes first', () => {
    const lanes = fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9), fc.nat(9));
    fc.assert(
      fc.property(fc.nat(40), lanes, (share, ready) => {
        const takes = takesByLane(share, ready, [0, 1, 2, 3]);
        const total = ready.reduce((sum, n) => sum + n, 0);
        expect(takes.reduce((sum, n) => sum + n, 0)).toBe(Math.min(share, total));
        takes.forEach((take, lane) => {
          if (take < (ready[lane] ?? 0)) expect(takes.slice(lane + 1).every((later) => later === 0)).toBe(true);
        });
      }),
    );
  });
});

describe('turns over time', () => {
  const tenant = (ready: number[]): ReadyTenant => ({
    tenantId: 'a',
    weight: 1,
    paused: false,
    ready,
    inFlight: 0,
    maxInFlight: null,
    unitsPerMinute: null,
    tokens: 0,
    sinceMs: 0,
  });

  it('lets bulk work have a turn although more urgent work never ends, each time it has waited twice the age', () => {
    const turns = new Turns(10_000);
    const served = [];
    for (let nowMs = 0; nowMs <= 60_000; nowMs += 1_000) {
      const { takes } = turns.share(1, [tenant([0, 5, 0, 5])], { nowMs, againOnly: false });
      served.push(takes[0]?.lane);
    }
    expect(served.filter((lane) => lane === 3)).toHaveLength(2);
    expect(served.indexOf(3)).toBe(21);
  });
});
