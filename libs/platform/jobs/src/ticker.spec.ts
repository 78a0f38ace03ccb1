import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { Ticker } from './ticker.js';

describe('a ticker', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('never works twice at once, and a poke during a round makes another one', async () => {
    let now = 0;
    let most = 0;
    let rounds = 0;
    const ticker = new Ticker('t', 60_000, async () => {
      most = Math.max(most, ++now);
      rounds += 1;
      await sleep(20);
      now -= 1;
    });
    ticker.start();
    ticker.start();
    ticker.poke();
    ticker.poke();
    await sleep(80);
    expect({ rounds, most }).toEqual({ rounds: 2, most: 1 });
    ticker.poke();
    await sleep(60);
    expect(rounds).toBe(3);
    await ticker.stop();
  });

  it('waits for the last round when it is stopped', async () => {
    let over = false;
    const ticker = new Ticker('t', 10, async () => {
      await sleep(30);
      over = true;
    });
    ticker.start();
    await ticker.stop();
    expect(over).toBe(true);
  });

  it('says once that it fails and once that it works again', async () => {
    const lines: string[] = [];
    jest.spyOn(Logger.prototype, 'error').mockImplementation((line: { msg: string }) => void lines.push(line.msg));
    jest.spyOn(Logger.prototype, 'log').mockImplementation((line: { msg: string }) => void lines.push(line.msg));
    let rounds = 0;
    const ticker = new Ticker('t', 1, () => (++rounds < 4 ? Promise.reject(new Error('away')) : Promise.resolve()));
    ticker.start();
    while (rounds < 6) await sleep(5);
    await ticker.stop();
    expect(lines).toEqual(['does not work', 'works again']);
  });
});
