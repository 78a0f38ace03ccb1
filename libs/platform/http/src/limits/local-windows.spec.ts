import { describe, expect, it } from '@jest/globals';
import { LocalWindows } from './local-windows.js';

function windows(processes = 1): { consume: (key: string, limit: number) => boolean; advance: (ms: number) => void } {
  let now = 0;
  const local = new LocalWindows(processes, () => now);
  return {
    consume: (key, limit) => local.consume([{ key, limit, windowMs: 1_000 }]).allowed,
    advance: (ms) => (now += ms),
  };
}

describe('LocalWindows', () => {
  it('lets exactly the limit through in a window and starts anew after it', () => {
    const { consume, advance } = windows();
    const grants = Array.from({ length: 20 }, () => consume('a', 5)).filter(Boolean).length;
    expect(grants).toBe(5);
    advance(999);
    expect(consume('a', 5)).toBe(false);
    advance(1);
    expect(consume('a', 5)).toBe(true);
  });

  it('grants its part of a limit when several processes share it, and one request at least', () => {
    const { consume } = windows(4);
    expect(Array.from({ length: 50 }, () => consume('a', 100)).filter(Boolean).length).toBe(25);
    expect(consume('b', 2)).toBe(true);
    expect(consume('b', 2)).toBe(false);
  });

  it('counts against no bucket when one is full', () => {
    const local = new LocalWindows(1, () => 0);
    const narrow = { key: 'narrow', limit: 1, windowMs: 1_000 };
    const wide = { key: 'wide', limit: 10, windowMs: 1_000 };
    local.consume([narrow, wide]);
    const verdict = local.consume([narrow, wide]);
    expect(verdict.allowed).toBe(false);
    expect(verdict.states.map((state) => state.remaining)).toEqual([0, 9]);
  });

  it('forgets the oldest bucket instead of growing without end', () => {
    const { consume } = windows();
    consume('first', 1);
    for (let i = 0; i < 20_000; i++) consume(`made-up-${i}`, 1);
    expect(consume('first', 1)).toBe(true);
  });
});
