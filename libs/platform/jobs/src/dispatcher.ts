import { Inject, Injectable, Logger } from '@nestjs/common';
import { BullTransport } from './bull-transport.js';
import { DispatchStore, type Taken } from './dispatch-store.js';
import { FairOrder } from './fair-order.js';
import { jobsMetrics } from './jobs.metrics.js';
import { AGAIN } from './lanes.js';
import { Losses } from './losses.js';
import { JOBS_SETTINGS, type JobsSettings } from './options.js';
import { PollTransport } from './poll-transport.js';
import { TaskHandlers } from './task-handler.js';
import { TaskRunner } from './task-runner.js';
import { Ticker } from './ticker.js';
import type { Room, WorkTransport } from './work-transport.js';

/** While another worker hands out, this one looks again after so many ms, then after twice as many: a round takes some ms. */
const LOOK_AGAIN_MS = { first: 3, last: 24 };

/** A worker that is poked all the time looks for dead ones so often while one that is not polls once. */
const SWEEPS_PER_POLL = 5;

/**
 * Finds due work in PostgreSQL and hands it over in fair order: through Bull while that works, else to this very process. Every
 * worker has one; one at a time hands out. What Redis loses is found here again.
 */
@Injectable()
export class Dispatcher {
  private readonly logger = new Logger('Jobs');
  private readonly ticker: Ticker;
  private throughQueue: boolean | undefined;
  private idleSince = performance.now();
  private sweptAt = -Infinity;
  private lookAgainMs = LOOK_AGAIN_MS.first;

  constructor(
    @Inject(DispatchStore) private readonly store: DispatchStore,
    @Inject(FairOrder) private readonly order: FairOrder,
    @Inject(Losses) private readonly losses: Losses,
    @Inject(TaskHandlers) private readonly handlers: TaskHandlers,
    @Inject(TaskRunner) private readonly runner: TaskRunner,
    @Inject(BullTransport) private readonly bull: BullTransport,
    @Inject(PollTransport) private readonly poll: PollTransport,
    @Inject(JOBS_SETTINGS) private readonly settings: JobsSettings,
  ) {
    this.ticker = new Ticker('handing out tasks', settings.pollEveryMs, () => this.round());
  }

  start(): void {
    this.ticker.start();
  }

  /** There may be work: look now. */
  poke(): void {
    this.ticker.poke();
  }

  stop(): Promise<void> {
    return this.ticker.stop();
  }

  private async round(): Promise<void> {
    await this.sweepWhenDue();
    if (!(await this.queueWorks())) return this.handOut(this.poll, { lookForLost: true }).then(() => undefined);
    await this.handOut(this.bull, { lookForLost: false });
    if (this.hasIdled() && (await this.handOut(this.poll, { lookForLost: true })) > 0) {
      this.logger.warn({ msg: 'work was lost in the queue' });
      await this.bull.missed();
    }
  }

  /**
   * Looks for dead workers at least as often as it polls and at most a few times as often, not with every turn that ends: a lease runs
   * out by the clock, and a round that comes of a free slot is in a hurry.
   */
  private async sweepWhenDue(): Promise<void> {
    const { pollEveryMs } = this.settings;
    const sinceMs = performance.now() - this.sweptAt;
    if (sinceMs < pollEveryMs / SWEEPS_PER_POLL) return this.ticker.restAtMost(pollEveryMs - sinceMs);
    this.sweptAt = performance.now();
    await this.losses.sweep();
  }

  /**
   * Hands out what is due, as much as the transport takes.
   * @param lookForLost also what was handed out longer ago in vain
   * @returns how much was found lost
   */
  private async handOut(transport: WorkTransport, { lookForLost }: { lookForLost: boolean }): Promise<number> {
    try {
      const room = await transport.room();
      const startedAt = performance.now();
      const { taken, lost } = await this.take(room, lookForLost);
      // In this order, without waiting for each answer.
      await Promise.all(
        taken.map(({ lane, tenantId, taskId, dispatchNo }) =>
          transport.offer({ tenantId, taskId, dispatchNo }, lane === AGAIN),
        ),
      );
      jobsMetrics.dispatchSeconds.observe((performance.now() - startedAt) / 1000);
      return lost;
    } catch (error) {
      // What could not be offered is due again after `redispatchAfterMs`.
      if (transport !== this.bull) throw error;
      this.bull.doubt();
      return 0;
    }
  }

  private async take({ all, urgent }: Room, lookForLost: boolean): Promise<{ taken: Taken[]; lost: number }> {
    const { kinds } = this.handlers;
    const found = await this.store.alone(
      async (unit) => {
        this.lookAgainMs = LOOK_AGAIN_MS.first;
        const lost = lookForLost ? await this.store.requeueLost(unit, this.settings.redispatchAfterMs) : 0;
        const { dueInMs, repetitionsWait } = await this.store.promote(unit);
        if (dueInMs !== undefined) this.ticker.restAtMost(dueInMs);
        const taken = await this.order.pick(unit, { kinds, room: all, againOnly: false });
        const roomAgain = repetitionsWait ? urgent - Math.max(all, 0) : 0;
        const again = await this.order.pick(unit, { kinds, room: roomAgain, againOnly: true });
        return { taken: [...taken, ...again], lost };
      },
      () => this.lookAgain(),
    );
    return found ?? { taken: [], lost: 0 };
  }

  private lookAgain(): void {
    this.ticker.restAtMost(this.lookAgainMs);
    this.lookAgainMs = Math.min(this.lookAgainMs * 2, LOOK_AGAIN_MS.last);
  }

  /** Whether a slot has been free long enough that anything handed over should have been begun: then nothing is in line. */
  private hasIdled(): boolean {
    if (this.runner.freeSlots <= 0) this.idleSince = performance.now();
    return performance.now() - this.idleSince > this.settings.redispatchAfterMs;
  }

  private async queueWorks(): Promise<boolean> {
    await this.bull.check().catch(() => this.bull.doubt());
    const { isUp } = this.bull;
    jobsMetrics.queueUp.set(isUp ? 1 : 0);
    if (isUp !== this.throughQueue) {
      this.logger.log({ msg: isUp ? 'work goes through the queue' : 'work goes straight from PostgreSQL' });
    }
    this.throughQueue = isUp;
    return isUp;
  }
}
