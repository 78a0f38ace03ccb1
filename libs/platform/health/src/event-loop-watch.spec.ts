import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventLoopWatch } from './event-loop-watch.js';

let watch: EventLoopWatch;

beforeEach(() => {
  watch = new EventLoopWatch();
});

afterEach(() => watch.stop());

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('given a loop that is blocked', () => {
  it('then the lag is seen at once, told after it, and gone with the next tick', async () => {
    block(900);
    expect(watch.lagMs()).toBeGreaterThanOrEqual(390);
    await sleep(20);
    expect(watch.lagMs()).toBeGreaterThanOrEqual(390);
    await sleep(600);
    expect(watch.lagMs()).toBeLessThan(300);
  });
});

describe('given a loop that turns', () => {
  it('then the lag is small, and stays so when the watch is stopped', async () => {
    await sleep(600);
    expect(watch.lagMs()).toBeLessThan(300);
    watch.stop();
    await sleep(700);
    expect(watch.lagMs()).toBeLessThan(300);
  });
});
