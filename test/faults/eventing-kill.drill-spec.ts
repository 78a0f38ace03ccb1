import { describe, expect, it } from '@jest/globals';
import { KillRun, type Side } from '../support/kill-run.js';

const SIDES: readonly Side[] = ['before', 'sent', 'after'];

describe('a worker that is killed at any of its steps', () => {
  it('loses nothing and does nothing twice: every statement it sends, before, during and after', async () => {
    const first = await KillRun.open();
    const steps = await first.record();
    await first.close();
    expect(steps.length).toBeGreaterThan(60);
    const [unreached, faults]: [string[], string[]] = [[], []];
    for (const [step, side] of steps.flatMap((one) => SIDES.map((where) => [one, where] as const))) {
      const run = await KillRun.open();
      if (!(await run.kill(step, side))) unreached.push(`${side} ${step}`);
      faults.push(...(await run.finish()).map((fault) => `${side} ${step}: ${fault}`));
      await run.close();
    }
    process.stdout.write(`figure kill-points ${steps.length * SIDES.length} kills, ${unreached.length} not reached\n`);
    expect(faults).toEqual([]);
    expect(unreached).toEqual([]);
  }, 3_600_000);
});
