import { describe, expect, it } from '@jest/globals';

const tool = (name: string): Promise<unknown> => import(new URL(`../../tools/lib/${name}.mjs`, import.meta.url).href);

describe('the sum of a run', () => {
  interface Tallies {
    addUp(results: object[]): { passed: number; failed: number; skipped: number };
    lastLine(sum: object): string;
    verdict(tookMs: number, load: number): string;
  }
  const check = { passed: 1, failed: 0, skipped: 0 };

  it.each([
    [
      'tests and checks',
      { numPassedTests: 7, numFailedTests: 2, numPendingTests: 1 },
      1,
      '8 passed, 2 failed, 1 skipped',
    ],
    ['a green run', { numPassedTests: 7 }, 0, '8 passed, 0 failed'],
    ['coverage below the floor', { numPassedTests: 7, numFailedTests: 0 }, 1, '8 passed, 1 failed'],
    ['a file that does not load', { numPassedTests: 7, numRuntimeErrorTestSuites: 1 }, 1, '8 passed, 1 failed'],
    ['a crash before any result', undefined, 134, '1 passed, 1 failed'],
  ])('counts %s', async (_name, jest, code, line) => {
    const { addUp, lastLine } = (await tool('tally')) as Tallies;
    expect(lastLine(addUp([check, { jest, code }]))).toBe(line);
  });

  it.each([
    [299_000, 0.2, /^met/],
    [301_000, 0.2, /^missed/],
    [301_000, 1.6, /^not-judged/],
  ])('judges %d ms at load %d', async (tookMs, load, expected) => {
    const { verdict } = (await tool('tally')) as Tallies;
    expect(verdict(tookMs, load)).toMatch(expected);
  });
});
