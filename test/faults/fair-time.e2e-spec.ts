import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

interface Job {
  readonly tenantId: string;
  readonly weight?: number;
  readonly at: number;
  readonly stages: readonly { kind: string; turns: number }[];
}
type FairTimes = (jobs: readonly Job[], order: { slots: number; msOf: (kind: string) => number }) => number[];

const file = new URL('../bench/freight/fair-time.mjs', import.meta.url).href;
const batches = (tenantId: string, turns: number, more: Partial<Job> = {}): Job => ({
  tenantId,
  at: 0,
  stages: [{ kind: 'batch', turns }],
  ...more,
});
const one = (): number => 1;

describe('the ideal order that fair shares are measured by', () => {
  it('lets small tenants end when each has had its share, however much another one has', async () => {
    const { fairTimes } = (await import(file)) as { fairTimes: FairTimes };
    const small = Array.from({ length: 9 }, (_, n) => batches(`small ${n}`, 20));
    const ends = fairTimes([batches('flood', 800), ...small], { slots: 10, msOf: one });
    expect(ends).toEqual([98, ...small.map(() => 20)]);
  });

  it('shares by weight', async () => {
    const { fairTimes } = (await import(file)) as { fairTimes: FairTimes };
    const jobs = [batches('light', 300), batches('heavy', 300, { weight: 3 })];
    expect(fairTimes(jobs, { slots: 4, msOf: one })).toEqual([150, 100]);
  });

  it('takes no slot away, and gives the next ones to who comes', async () => {
    const { fairTimes } = (await import(file)) as { fairTimes: FairTimes };
    const jobs = [batches('first', 8), batches('late', 2, { at: 3 })];
    expect(fairTimes(jobs, { slots: 4, msOf: () => 10 })).toEqual([30, 20]);
  });

  it('begins no stage of a job before the one before it is over', async () => {
    const { fairTimes } = (await import(file)) as { fairTimes: FairTimes };
    const stages = [
      { kind: 'plan', turns: 1 },
      { kind: 'batch', turns: 5 },
      { kind: 'finish', turns: 1 },
    ];
    const lengths = new Map([
      ['plan', 7],
      ['batch', 10],
      ['finish', 2],
    ]);
    const msOf = (kind: string): number => lengths.get(kind) ?? 0;
    expect(fairTimes([{ tenantId: 'only', at: 100, stages }], { slots: 3, msOf })).toEqual([129]);
  });

  it('leaves no slot free while a turn is ready, and ends nothing before its turns can have been', async () => {
    const { fairTimes } = (await import(file)) as { fairTimes: FairTimes };
    const many = fc.array(fc.record({ tenant: fc.nat(5), turns: fc.integer({ min: 1, max: 30 }) }), { minLength: 1 });
    fc.assert(
      fc.property(many, fc.integer({ min: 1, max: 12 }), (wanted, slots) => {
        const jobs = wanted.map(({ tenant, turns }) => batches(String(tenant), turns));
        const ends = fairTimes(jobs, { slots, msOf: one });
        expect(Math.max(...ends)).toBe(Math.ceil(wanted.reduce((sum, { turns }) => sum + turns, 0) / slots));
        wanted.forEach(({ turns }, index) => expect(ends[index]).toBeGreaterThanOrEqual(Math.ceil(turns / slots)));
      }),
    );
  });
});
