import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Solitude } from './solitude.js';

describe('working alone', () => {
  it('waits for those inside and lets nobody in meanwhile', async () => {
    const solitude = new Solitude();
    const order: string[] = [];
    await solitude.enter();
    await solitude.enter();
    const alone = solitude.seclude(5_000).then((got) => order.push(got));
    const other = solitude.enter().then(() => order.push('other'));
    await sleep(50);
    expect(order).toEqual([]);
    solitude.leave();
    await alone;
    expect(order).toEqual(['alone']);
    solitude.leaveAlone();
    await other;
    expect(order).toEqual(['alone', 'other']);
  });

  it('waits for one who wants the same, who is told so at once and leaves', async () => {
    const solitude = new Solitude();
    await solitude.enter();
    await solitude.enter();
    const first = solitude.seclude(5_000);
    expect(await solitude.seclude(5_000)).toBe('taken');
    expect(await Promise.race([first, sleep(50, 'not yet')])).toBe('not yet');
    solitude.leave();
    expect(await first).toBe('alone');
  });

  it('gives up when those inside stay too long, and lets others in again', async () => {
    const solitude = new Solitude();
    await solitude.enter();
    await solitude.enter();
    expect(await solitude.seclude(30)).toBe('crowded');
    await solitude.enter();
    solitude.leave();
    solitude.leave();
    expect(await solitude.seclude(30)).toBe('alone');
    expect(await solitude.seclude(30)).toBe('taken');
  });
});
