import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { newUuid } from '#platform/kernel';
import { eventually } from '../../../../test/support/redis-server.js';
import type { BullTransport } from './bull-transport.js';
import type { DispatchStore, Taken } from './dispatch-store.js';
import { Dispatcher } from './dispatcher.js';
import type { FairOrder } from './fair-order.js';
import type { Losses } from './losses.js';
import { settingsOf } from './options.js';
import type { PollTransport } from './poll-transport.js';
import type { TaskHandlers } from './task-handler.js';
import type { TaskRunner } from './task-runner.js';

const HOUR_MS = 3_600_000;

describe('a dispatcher', () => {
  let seen: { rounds: number; sweeps: number; looks: boolean[]; offered: string[]; doubts: number };
  let repetitionsWait: boolean;
  let roundsOfOthers: number;
  let waiting: Taken[];
  let refuse: (ref: { taskId: string }) => boolean;
  let dispatcher: Dispatcher;

  function begin(pollEveryMs: number): void {
    const bull = {
      isUp: true,
      check: () => Promise.resolve(),
      doubt: () => (seen.doubts += 1),
      room: () => Promise.resolve({ all: 4, urgent: 6 }),
      offer: (ref: Taken) => {
        if (refuse(ref)) return Promise.reject(new Error('the queue is away'));
        seen.offered.push(ref.taskId);
        return Promise.resolve();
      },
    };
    const store = {
      alone: (round: (unit: object) => Promise<unknown>, othersAtIt: () => void) => {
        if (roundsOfOthers-- <= 0) return round({});
        othersAtIt();
        return Promise.resolve(undefined);
      },
      promote: () => {
        seen.rounds += 1;
        return Promise.resolve({ dueInMs: undefined, repetitionsWait });
      },
    };
    const order = {
      pick: (_unit: object, { room, againOnly }: { room: number; againOnly: boolean }) => {
        if (room > 0) seen.looks.push(againOnly);
        return Promise.resolve(againOnly ? [] : waiting.splice(0));
      },
    };
    dispatcher = new Dispatcher(
      store as unknown as DispatchStore,
      order as unknown as FairOrder,
      {
        sweep: () => {
          seen.sweeps += 1;
          return Promise.resolve();
        },
      } as unknown as Losses,
      { kinds: ['test.unit'] } as unknown as TaskHandlers,
      { freeSlots: 0 } as unknown as TaskRunner,
      bull as unknown as BullTransport,
      {} as unknown as PollTransport,
      settingsOf({ concurrency: 2, pollEveryMs }),
    );
    dispatcher.start();
  }

  async function rounds(more: number): Promise<void> {
    for (let round = 0; round < more; round++) {
      const before = seen.rounds;
      dispatcher.poke();
      await eventually('another round', () => seen.rounds > before);
    }
  }

  const units = (count: number): Taken[] =>
    Array.from({ length: count }, () => {
      const [tenantId, taskId, parentId] = [newUuid(), newUuid(), newUuid()];
      return { tenantId, taskId, parentId, dispatchNo: 1, kind: 'test.unit', lane: 2 };
    });

  beforeEach(() => {
    jest.spyOn(Logger.prototype, 'log').mockReturnValue(undefined);
    seen = { rounds: 0, sweeps: 0, looks: [], offered: [], doubts: 0 };
    [repetitionsWait, roundsOfOthers, waiting, refuse] = [false, 0, [], () => false];
  });
  afterEach(async () => {
    await dispatcher.stop();
    jest.restoreAllMocks();
  });

  it('hands out whenever it is poked, and looks for dead workers only as often as it polls', async () => {
    begin(HOUR_MS);
    await rounds(5);
    expect(seen.rounds).toBeGreaterThanOrEqual(5);
    expect(seen.sweeps).toBe(1);
  });

  it('looks for dead workers again and again when nobody pokes it', async () => {
    begin(5);
    await eventually('some looks', () => seen.sweeps >= 3);
  });

  it('looks again by itself while another one hands out, for what that one had not seen yet', async () => {
    roundsOfOthers = 3;
    waiting = units(2);
    const expected = waiting.map(({ taskId }) => taskId);
    begin(HOUR_MS);
    await eventually('its own round', () => seen.offered.length === 2);
    expect(seen.offered).toEqual(expected);
  });

  it('looks for repetitions beyond the room for all only when some wait', async () => {
    begin(HOUR_MS);
    await rounds(2);
    expect(seen.looks).not.toContain(true);
    repetitionsWait = true;
    await rounds(1);
    expect(seen.looks).toContain(true);
  });

  it('hands over in the order picked, the rest too when one hand-over fails, and then doubts the queue', async () => {
    begin(HOUR_MS);
    await rounds(1);
    const picked = units(4);
    const lost = picked[1]?.taskId;
    refuse = ({ taskId }) => taskId === lost;
    waiting = [...picked];
    await rounds(1);
    await eventually('the doubt', () => seen.doubts > 0);
    expect(seen.offered).toEqual(picked.map(({ taskId }) => taskId).filter((taskId) => taskId !== lost));
  });
});
