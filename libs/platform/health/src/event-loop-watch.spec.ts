import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EventLoopWatch } from './event-loop-watch.js';

const TICK_MS = 500;

let watch: EventLoopWatch;

beforeEach(() => {
  jest.useFakeTimers();
  watch = new EventLoopWatch();
});

afterEach(() => {
  watch.stop();
  jest.useRealTimers();
});

/** The clock goes on and no timer runs, as while one piece of work keeps all others waiting. */
function block(ms: number): void {
  const now = performance.now() + ms;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
}

/** The timers that are due run, later than they should have. */
function turn(): void {
  jest.advanceTimersToNextTimer();
  jest.restoreAllMocks();
}

describe('given a loop that is blocked', () => {
  it('then the lag is seen at once, told after it, and gone with the next tick', () => {
    block(TICK_MS + 400);
    expect(watch.lagMs()).toBe(400);
    turn();
    expect(watch.lagMs()).toBe(400);
    jest.advanceTimersByTime(TICK_MS);
    expect(watch.lagMs()).toBe(0);
  });
});

describe('given a loop that turns', () => {
  it('then there is no lag, and none when the watch is stopped', () => {
    jest.advanceTimersByTime(3 * TICK_MS);
    expect(watch.lagMs()).toBe(0);
    watch.stop();
    jest.advanceTimersByTime(3 * TICK_MS);
    expect(watch.lagMs()).toBe(0);
  });
});
