import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { batchRows } from './batch-size.js';
import { isSpent } from './budget.js';
import { fateOfDuplicate } from './duplicates.js';
import { classOf, isRefusedByDatabase } from './failure-class.js';
import { partsOf } from './parts.js';
import { outcomeOf, type TargetResult } from './record-outcome.js';
import { DEFAULT_RETRY_POLICY, pauseMs, ruleFor } from './retry-plan.js';

describe('the error budget', () => {
  const budget = { maxFailed: 10, maxFailedBps: 500, onBudget: 'pause' } as const;

  it.each([
    ['at its bound', budget, 10, 1_000, false],
    ['one beyond', budget, 11, 1_000, true],
    ['beyond its share', budget, 6, 100, true],
    ['at its share', budget, 5, 100, false],
    ['beyond, but only counted', { ...budget, onBudget: 'continue' }, 999, 1_000, false],
    ['without bounds', { maxFailed: null, maxFailedBps: null, onBudget: 'fail' }, 999, 1_000, false],
    ['of nothing, at the first failure', { maxFailed: 0, maxFailedBps: null, onBudget: 'fail' }, 1, 1_000, true],
  ] as const)('%s', (_case, given, failed, total, spent) => {
    expect(isSpent(given, failed, total)).toBe(spent);
  });
});

describe('classes of failures', () => {
  it.each([
    [{ code: '57P03' }, 'transient'],
    [{ code: '40001' }, 'transient'],
    [{ code: '08006' }, 'transient'],
    [{ code: '53300' }, 'transient'],
    [{ code: 'ECONNRESET' }, 'transient'],
    [{ code: '23514' }, 'permanent'],
    [{ code: '22003' }, 'permanent'],
    [{ problem: 'quota-exceeded' }, 'rate_limited'],
    [{ problem: 'dependency-unavailable' }, 'transient'],
    [{ problem: 'conflict' }, 'internal'],
    [{}, 'internal'],
  ])('%j is %s', (signs, failure) => {
    expect(classOf(signs)).toBe(failure);
  });

  it('looks for the refused record only where the data is refused', () => {
    expect(['23505', '22001', '40P01', '42703', undefined].map(isRefusedByDatabase)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('the retry plan', () => {
  it('has pauses between the floor and the longest, which grows and is capped', () => {
    const rule = fc.record({
      maxAttempts: fc.integer({ min: 1, max: 50 }),
      baseMs: fc.integer({ min: 50, max: 10_000 }),
      capMs: fc.integer({ min: 50, max: 100_000 }),
      multiplier: fc.integer({ min: 1, max: 10 }),
      jitter: fc.constantFrom('full' as const, 'none' as const),
    });
    fc.assert(
      fc.property(
        rule,
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        (given, attempt, random) => {
          const pause = pauseMs(given, attempt, random);
          expect(pause).toBeGreaterThanOrEqual(50);
          expect(pause).toBeLessThanOrEqual(
            Math.max(50, Math.min(given.capMs, given.baseMs * given.multiplier ** (attempt - 1))) + 1,
          );
          if (given.jitter === 'full')
            expect(pause).toBeLessThanOrEqual(pauseMs({ ...given, jitter: 'none' }, attempt, random));
        },
      ),
    );
  });

  it('tries what can pass again, and nothing else', () => {
    expect(ruleFor(DEFAULT_RETRY_POLICY, 'transient')?.maxAttempts).toBe(6);
    expect(ruleFor(DEFAULT_RETRY_POLICY, 'internal')?.maxAttempts).toBe(2);
    expect(ruleFor(DEFAULT_RETRY_POLICY, 'validation')).toBeUndefined();
    expect(ruleFor(DEFAULT_RETRY_POLICY, 'permanent')).toBeUndefined();
  });
});

describe('parts of a batch', () => {
  it('are at most ten, hold every row once and in order, and come down to one', () => {
    const rows = fc.uniqueArray(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 2, maxLength: 300 });
    fc.assert(
      fc.property(rows, (given) => {
        const parts = partsOf(given);
        expect(parts.flat()).toEqual(given);
        expect(parts.length).toBeLessThanOrEqual(10);
        expect(parts.length).toBeGreaterThan(1);
        expect(Math.max(...parts.map(({ length }) => length))).toBeLessThan(given.length);
      }),
    );
  });
});

describe('the size of batches', () => {
  it.each([
    ['when nothing is known', undefined, 2_000],
    ['when a thousand took 200 ms', 0.2, 2_000],
    ['when they took 100 ms', 0.1, 4_000],
    ['when they took 400 ms', 0.4, 1_000],
    ['never above the most', 0.001, 5_000],
    ['never below the least', 50, 250],
  ])('%s', (_case, msPerRow, rows) => {
    expect(batchRows(msPerRow)).toBe(rows);
  });
});

describe('the one outcome of a record', () => {
  const made = (outcome: 'created' | 'updated' | 'unchanged'): TargetResult => ({ outcome, id: 'x', version: 1 });
  const failed: TargetResult = { outcome: 'failed', class: 'validation', code: 'x', message: 'x' };

  it.each([
    ['a new release', made('created'), undefined, 'created'],
    ['a new copy of a known release', made('unchanged'), made('created'), 'created'],
    ['a known copy of a release that changed', made('updated'), made('unchanged'), 'updated'],
    ['nothing new', made('unchanged'), made('unchanged'), 'unchanged'],
    ['a release that was refused', failed, undefined, 'failed'],
    ['a copy that was refused', made('created'), failed, 'failed'],
    ['nothing to make', undefined, undefined, 'skipped'],
  ] as const)('%s', (_case, release, stock, outcome) => {
    expect(outcomeOf(release, stock)).toBe(outcome);
  });
});

describe('records with the same key', () => {
  it.each([
    ['last_wins', 'skipped', 'The later record 9 of the file has the same key.'],
    ['first_wins', 'skipped', 'The earlier record 9 of the file has the same key.'],
    ['fail', 'failed', 'The earlier record 9 of the file has the same key.'],
  ] as const)('are %s: the other is %s', (policy, outcome, message) => {
    expect(fateOfDuplicate(policy, 9)).toEqual({
      outcome,
      reason: { class: 'conflict', code: 'conflict.duplicate_in_file', message },
    });
  });
});
