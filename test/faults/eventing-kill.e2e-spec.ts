import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KillRun, type Side } from '../support/kill-run.js';

/** Where an effect could be lost or doubled. The drill kills at every statement there is. */
const POINTS: readonly [RegExp, Side][] = [
  [/^es\.claim-outbox$/, 'after'],
  [/^es\.claim-outbox > insert into ledger\.effect/, 'after'],
  [/^es\.claim-outbox > delete from es\.outbox/, 'after'],
  [/^es\.claim-outbox > commit$/, 'before'],
  [/^es\.claim-outbox > commit$/, 'sent'],
  [/^es\.claim-outbox > commit$/, 'after'],
  [/^es\.claim-build ledger\.balances > es\.move-build/, 'before'],
  [/^es\.claim-build ledger\.overdraft-watch > es\.append/, 'after'],
  [/^set local lock_timeout.* > update es\.projections set status/, 'after'],
  [/^set local lock_timeout.* > commit$/, 'sent'],
];

describe('workers that are killed while they follow events', () => {
  let run: KillRun;
  let steps: string[];

  beforeAll(async () => {
    run = await KillRun.open();
  });
  afterAll(() => run.close());

  it('do all kinds of work, each statement of which is a step', async () => {
    steps = await run.record();
    for (const [step] of POINTS) expect(steps).toContainEqual(expect.stringMatching(step));
    expect(steps).toContainEqual(expect.stringContaining('insert into es.parked'));
  });

  it('lose nothing and do nothing twice, wherever it was; the view equals its rebuild', async () => {
    for (const [point, side] of POINTS) {
      const step = steps.find((one) => point.test(one)) ?? '';
      expect([step, side, await run.kill(step, side)]).toEqual([step, side, true]);
    }
    expect(await run.finish()).toEqual([]);
  }, 600_000);
});
