import { describe, expect, it } from '@jest/globals';
import { backoffMs, DEFAULT_BACKOFF } from './backoff.js';

const MOST = 0.999999;

describe('the pause between attempts', () => {
  it('at most doubles with each attempt, up to the cap', () => {
    const longest = [1, 2, 3, 4, 9, 10, 100].map((attempt) => backoffMs(attempt, MOST));
    expect(longest).toEqual([200, 400, 800, 1_600, 51_200, 60_000, 60_000]);
  });

  it('is spread over the whole range, from the floor', () => {
    expect(backoffMs(5, 0)).toBe(50);
    expect(backoffMs(5, 0.5)).toBe(1_600);
  });

  it('follows a plan of its own', () => {
    expect(backoffMs(3, MOST, { ...DEFAULT_BACKOFF, baseMs: 1_000, capMs: 3_000 })).toBe(3_000);
  });
});
