import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Fence } from './fence.js';

const sample = (lastDrawn: number, ...appenders: string[]) => ({ lastDrawn, appenders });

describe('the appender fence', () => {
  it('lets everything through when nobody appends', () => {
    expect(new Fence().take(sample(7), 0)).toBe(7);
  });

  it('waits for those who were appending, not for those who came later', () => {
    const fence = new Fence();
    expect(fence.take(sample(5, '1/1', '2/1'), 10)).toBe(0);
    expect(fence.take(sample(9, '2/1', '3/1'), 20)).toBe(0);
    expect(fence.pendingSince).toBe(10);
    expect(fence.waitsFor).toEqual(['2/1']);
    expect(fence.take(sample(12, '3/1'), 30)).toBe(5);
    expect(fence.pendingSince).toBe(30);
  });

  it('does not wait when all that was drawn is already let through', () => {
    const fence = new Fence();
    fence.take(sample(5), 0);
    fence.take(sample(5, '1/1'), 1);
    expect(fence.pendingSince).toBeUndefined();
  });

  it('forgets whom it waited for when its connection is lost, and keeps what it let through', () => {
    const fence = new Fence();
    fence.take(sample(3), 0);
    fence.take(sample(5, '1/1'), 1);
    fence.discard();
    expect(fence.take(sample(5, '-1/700'), 2)).toBe(3);
    expect(fence.take(sample(5), 3)).toBe(5);
  });

  it('never lets through a position whose owner is still appending, and gets there in the end', () => {
    type Step = { draw: number } | { end: number } | { look: true } | { lose: true };
    const steps = fc.array(
      fc.oneof(
        fc.record({ draw: fc.nat(5) }),
        fc.record({ end: fc.nat(5) }),
        fc.constant<Step>({ look: true }),
        fc.constant<Step>({ lose: true }),
      ),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(steps, (history) => {
        const fence = new Fence();
        const open = new Map<number, { id: string; positions: number[] }>();
        let drawn = 0;
        let epoch = 0;
        const look = (): void => {
          const position = fence.take(sample(drawn, ...[...open.values()].map(({ id }) => id)), 0);
          for (const { positions } of open.values()) for (const p of positions) expect(p).toBeGreaterThan(position);
        };
        for (const step of history) {
          if ('draw' in step) {
            const writer = open.get(step.draw) ?? { id: `${step.draw}/${++epoch}`, positions: [] };
            writer.positions.push(++drawn);
            open.set(step.draw, writer);
          } else if ('end' in step) open.delete(step.end);
          else if ('lose' in step) fence.discard();
          else look();
        }
        open.clear();
        look();
        expect(fence.position).toBe(drawn);
      }),
    );
  });
});
