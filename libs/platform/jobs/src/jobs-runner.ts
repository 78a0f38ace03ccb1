import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Databases } from '#platform/persistence';
import { BullTransport } from './bull-transport.js';
import { Dispatcher } from './dispatcher.js';
import { jobsMetrics } from './jobs.metrics.js';
import { JOBS_SETTINGS, type JobsSettings } from './options.js';
import { Scheduler } from './scheduler.js';
import { TaskRunner } from './task-runner.js';
import { TaskStore } from './task-store.js';
import { Ticker } from './ticker.js';

/** The worker drains for so long; after 28 s it ends, drained or not. */
const DRAIN_MS = 25_000;
const MEASURE_EVERY_MS = 5_000;
/** Heartbeat, dispatcher and scheduler each need a connection while every slot holds one. */
const SPARE_CONNECTIONS = 3;

/** The life of the engine in a worker: begins with the app, ends before its connections do. */
@Injectable()
export class JobsRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly meter: Ticker;
  private drained: Promise<void> | undefined;

  constructor(
    @Inject(TaskRunner) private readonly runner: TaskRunner,
    @Inject(Dispatcher) private readonly dispatcher: Dispatcher,
    @Inject(Scheduler) private readonly scheduler: Scheduler,
    @Inject(BullTransport) private readonly bull: BullTransport,
    @Inject(TaskStore) private readonly store: TaskStore,
    @Inject(Databases) private readonly databases: Databases,
    @Inject(JOBS_SETTINGS) private readonly settings: JobsSettings,
  ) {
    this.meter = new Ticker('measuring the backlog', MEASURE_EVERY_MS, () => this.measure());
  }

  /** @throws Error when the pool is too small for the concurrency: a task could starve the heartbeat of its lease */
  onApplicationBootstrap(): void {
    const { max } = this.databases.get('main').stats();
    if (this.settings.concurrency + SPARE_CONNECTIONS > max) {
      throw new Error(
        `${this.settings.concurrency} tasks at a time need ${this.settings.concurrency + SPARE_CONNECTIONS} database connections, the pool has ${max}`,
      );
    }
    this.runner.onFree = () => this.dispatcher.poke();
    this.runner.start();
    this.bull.consume(
      (data) => this.runner.deliver(data),
      () => this.dispatcher.poke(),
    );
    this.dispatcher.start();
    this.scheduler.start();
    this.meter.start();
  }

  /**
   * Takes no more work, waits for what runs, gives back what is not done in time. Safe to call twice.
   * @param timeoutMs how long what runs may go on
   */
  drain(timeoutMs: number = DRAIN_MS): Promise<void> {
    this.drained ??= this.end(timeoutMs);
    return this.drained;
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.drain();
  }

  private async end(timeoutMs: number): Promise<void> {
    this.runner.close();
    await Promise.all([this.dispatcher.stop(), this.scheduler.stop(), this.meter.stop(), this.bull.stopConsuming()]);
    await this.runner.drain(timeoutMs);
    this.bull.close();
  }

  private async measure(): Promise<void> {
    const { waiting, oldestDueSeconds, failed } = await this.store.backlog();
    jobsMetrics.waiting.set(waiting);
    jobsMetrics.oldestDueAge.set(oldestDueSeconds);
    jobsMetrics.failed.set(failed);
  }
}
