import { describe, expect, it } from '@jest/globals';
import { Solitude } from './solitude.js';

describe('working alone', () => {
  it('waits for those inside and lets nobody in meanwhile', async () => {
    const solitude = new Solitude();
    const order: string[] = [];
    await solitude.enter();
    const alone = solitude.enterAlone(5_000).then((got) => order.push(`alone ${got}`));
    const other = solitude.enter().then(() => order.push('other'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(order).toEqual([]);
    solitude.leave();
    await alone;
    expect(order).toEqual(['alone true']);
    solitude.leaveAlone();
    await other;
    expect(order).toEqual(['alone true', 'other']);
  });

  it('gives up when those inside stay too long, and lets others in again', async () => {
    const solitude = new Solitude();
    await solitude.enter();
    expect(await solitude.enterAlone(30)).toBe(false);
    await solitude.enter();
    solitude.leave();
    solitude.leave();
    expect(await solitude.enterAlone(30)).toBe(true);
    expect(await solitude.enterAlone(30)).toBe(false);
  });
});
