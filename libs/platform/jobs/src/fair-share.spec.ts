import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allowedNow, type Candidate, type Caps, refilled, shareOut } from './fair-share.js';

const candidates = fc.uniqueArray(
  fc.record({
    tenantId: fc.uuid(),
    weight: fc.integer({ min: 1, max: 10 }),
    inFlight: fc.nat(20),
    limit: fc.nat(20),
  }),
  { selector: ({ tenantId }) => tenantId, maxLength: 20 },
);
const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);

describe('sharing room among tenants', () => {
  it('leaves no room unused while anybody may take it, and gives nobody more than it may take', () => {
    fc.assert(
      fc.property(fc.nat(100), candidates, (room, all) => {
        const given = shareOut(room, all);
        expect(sum(given.values())).toBe(Math.min(room, sum(all.map(({ limit }) => limit))));
        for (const { tenantId, limit } of all) expect(given.get(tenantId) ?? 0).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it('gives nobody a unit that another with less in flight for its weight still wanted', () => {
    fc.assert(
      fc.property(fc.nat(100), candidates, (room, all) => {
        const given = shareOut(room, all);
        const load = ({ tenantId, inFlight, weight }: Candidate, more: number): number =>
          (inFlight + (given.get(tenantId) ?? 0) + more) / weight;
        const hungry = all.filter(({ tenantId, limit }) => (given.get(tenantId) ?? 0) < limit);
        for (const served of all.filter(({ tenantId }) => given.has(tenantId))) {
          for (const waiting of hungry) expect(load(served, -1)).toBeLessThanOrEqual(load(waiting, 0));
        }
      }),
    );
  });

  it('serves in the given order where several have the same in flight', () => {
    const tenants = ['a', 'b', 'c'].map((tenantId) => ({ tenantId, weight: 1, inFlight: 0, limit: 5 }));
    expect(shareOut(2, tenants)).toEqual(
      new Map([
        ['a', 1],
        ['b', 1],
      ]),
    );
  });
});

describe('the caps of a tenant', () => {
  const caps: Caps = { inFlight: 0, maxInFlight: null, unitsPerMinute: null, tokens: 0, sinceMs: 0 };

  it.each<[string, Partial<Caps>, number]>([
    ['without any', {}, Infinity],
    ['with places left', { maxInFlight: 5, inFlight: 3 }, 2],
    ['with more in flight than it now may', { maxInFlight: 5, inFlight: 9 }, 0],
    ['with an empty bucket', { unitsPerMinute: 60 }, 0],
    ['after two seconds of one a second', { unitsPerMinute: 60, sinceMs: 2_500 }, 2],
    ['after a long rest: ten seconds of its rate', { unitsPerMinute: 60, sinceMs: 3_600_000 }, 10],
    ['with a rate so low that ten seconds are less than one', { unitsPerMinute: 1, sinceMs: 3_600_000 }, 1],
    ['when the clock went back', { unitsPerMinute: 60, tokens: 1, sinceMs: -5_000 }, 1],
    ['by the tighter of two', { unitsPerMinute: 600, tokens: 50, maxInFlight: 4 }, 4],
  ])('allow, %s, %j: %d', (_case, given, allowed) => {
    expect(allowedNow({ ...caps, ...given })).toBe(allowed);
  });

  it('never let a tenant take more over time than its rate and one burst', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 }),
        fc.array(fc.nat(20_000), { maxLength: 50 }),
        (unitsPerMinute, waits) => {
          let tokens = 0;
          let taken = 0;
          for (const sinceMs of waits) {
            const now = { ...caps, unitsPerMinute, tokens, sinceMs };
            const count = allowedNow(now);
            taken += count;
            tokens = refilled(now) - count;
          }
          const perSecond = unitsPerMinute / 60;
          expect(taken).toBeLessThanOrEqual((perSecond * sum(waits)) / 1_000 + Math.max(1, perSecond * 10) + 1e-6);
        },
      ),
    );
  });
});
