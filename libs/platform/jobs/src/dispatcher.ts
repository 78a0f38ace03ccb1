import { Inject, Injectable, Logger } from '@nestjs/common';
import { BullTransport } from './bull-transport.js';
import { jobsMetrics } from './jobs.metrics.js';
import { JOBS_SETTINGS, type JobsSettings } from './options.js';
import { PollTransport } from './poll-transport.js';
import { TaskHandlers } from './task-handler.js';
import { TaskRunner } from './task-runner.js';
import { TaskStore } from './task-store.js';
import { Ticker } from './ticker.js';
import type { WorkTransport } from './work-transport.js';

/**
 * Finds due work in PostgreSQL and hands it over: through Bull while that works, else to this very process. Every worker has
 * one; they do not meet. What Redis loses is found here again.
 */
@Injectable()
export class Dispatcher {
  private readonly logger = new Logger('Jobs');
  private readonly ticker: Ticker;
  private throughQueue: boolean | undefined;
  private idleSince = performance.now();

  constructor(
    @Inject(TaskStore) private readonly store: TaskStore,
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
    for (const { kind, state } of await this.store.sweep()) {
      jobsMetrics.lost.inc({ kind, state });
      this.logger.warn({ msg: 'took a task from a worker that died or froze', kind, state });
    }
    const viaQueue = await this.queueWorks();
    if (viaQueue) await this.handOut(this.bull);
    else await this.handOut(this.poll, this.settings.redispatchAfterMs);
    if (viaQueue && this.hasIdled() && (await this.handOut(this.poll, this.settings.redispatchAfterMs)) > 0) {
      this.logger.warn({ msg: 'work was lost in the queue' });
      this.bull.doubt();
    }
  }

  /** Hands out what is due, as much as the transport takes; with a time, also what was handed out longer ago in vain. */
  private async handOut(transport: WorkTransport, redispatchAfterMs?: number): Promise<number> {
    try {
      const room = await transport.room();
      const refs = room > 0 ? await this.store.dispatch(this.handlers.kinds, room, redispatchAfterMs) : [];
      for (const ref of refs) await transport.offer(ref);
      return refs.length;
    } catch (error) {
      // What could not be offered is due again after `redispatchAfterMs`.
      if (transport !== this.bull) throw error;
      this.bull.doubt();
      return 0;
    }
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
