import { InjectQueue } from '@nestjs/bull';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Queue } from 'bull';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisConnection } from '#platform/persistence';
import { BullConnections } from './bull-connections.js';
import { JOBS_SETTINGS, type JobsSettings } from './options.js';
import { WAKE_CHANNEL } from './wake-ups.js';
import type { Consumer, WorkRef, WorkTransport } from './work-transport.js';

/** Name of the queue; all workers of one Redis database share its work. */
export const QUEUE = 'tasks';
/** Refs that wait in the queue per slot: enough that no slot idles, so few that Redis stays flat (freight.md, decision 2). */
const WAITING_PER_SLOT = 2;
/** A job that carries nothing: that it disappears shows that somebody works the queue off. */
const PROBE = 'probe';
/** Closing the queue politely may take so long; then the rest goes on without it. */
const CLOSE_MS = 1_000;

/**
 * The way through Bull. It counts as up only once a probe has gone through it, and no more after work was lost in it: Bull
 * can look healthy while nothing is delivered (freight.md, "What users complain about").
 */
@Injectable()
export class BullTransport implements WorkTransport {
  private readonly logger = new Logger('Jobs');
  private proven = false;
  private probe: string | undefined;

  constructor(
    @InjectQueue(QUEUE) private readonly queue: Queue,
    @Inject(RedisConnection) private readonly redis: RedisConnection,
    @Inject(BullConnections) private readonly connections: BullConnections,
    @Inject(JOBS_SETTINGS) private readonly settings: JobsSettings,
  ) {}

  /** Whether what is handed over now can be expected to arrive. */
  get isUp(): boolean {
    return this.proven && this.redis.isUp;
  }

  /** Looks after `isUp`: takes it back when Redis is away, sends a probe, and believes the queue once the probe is gone. */
  async check(): Promise<void> {
    if (!this.redis.isUp) return this.doubt();
    if (this.proven) return;
    if (this.probe === undefined) this.probe = String((await this.queue.add(PROBE, {})).id);
    else if ((await this.queue.getJob(this.probe)) === null) this.proven = true;
  }

  /** Something was lost: prove it again. */
  doubt(): void {
    this.proven = false;
    this.probe = undefined;
  }

  async room(): Promise<number> {
    return this.settings.concurrency * WAITING_PER_SLOT - (await this.queue.getWaitingCount());
  }

  /** Adds one job; never in bulk, for Bull's `addBulk` can add nothing and say nothing (freight.md, decision 5). */
  async offer(ref: WorkRef): Promise<void> {
    await this.queue.add(ref);
  }

  /** Begins to take work and to hear wake-ups, now or when Redis appears. */
  consume(consumer: Consumer, awake: () => void): void {
    if (!this.redis.isConfigured) return;
    const { subscriber } = this.connections;
    subscriber.on('message', (channel) => channel === WAKE_CHANNEL && awake());
    subscriber.subscribe(WAKE_CHANNEL).catch(() => undefined);
    const take = (job: { name: string; data: unknown }): Promise<void> =>
      job.name === PROBE ? Promise.resolve() : consumer(job.data);
    this.queue.process('*', this.settings.concurrency, take).catch((error: unknown) => {
      this.logger.error({ msg: 'the queue is not worked off', error: String(error) });
    });
  }

  /** Takes no further work; what runs goes on. */
  async stopConsuming(): Promise<void> {
    await Promise.race([this.queue.close(true), sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  /** To be called when nothing runs any more: what ran can then be taken out of the queue. */
  close(): void {
    this.connections.close();
  }
}
