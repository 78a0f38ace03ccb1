import { InjectQueue } from '@nestjs/bull';
import { Inject, Injectable, Logger } from '@nestjs/common';
import Bull, { type Queue } from 'bull';
import { setTimeout as sleep } from 'node:timers/promises';
import { RedisConnection } from '#platform/persistence';
import { BullConnections } from './bull-connections.js';
import { JOBS_SETTINGS, type JobsSettings } from './options.js';
import { WAKE_CHANNEL } from './wake-ups.js';
import type { Consumer, Room, WorkRef, WorkTransport } from './work-transport.js';

/** Name of the queue; all workers of one Redis database share its work. */
export const QUEUE = 'tasks';
/** Refs that wait in the queue per slot: enough that no slot idles, so few that Redis stays flat however much is due. */
const WAITING_PER_SLOT = 2;
/** As above, with work that overtakes: it must not wait for a place, and there is no more of it than of slots. */
const URGENT_PER_SLOT = 3;
/** A job that carries nothing: that it disappears shows that somebody works the queue off. */
const PROBE = 'probe';
/** Work lost in the queue so often in a row, without anything arriving, means that it is not worked off here. */
const MOST_MISSES = 3;
/** A probe is taken within milliseconds; one that lies so long says the same. */
const PROBE_TAKEN_MS = 5_000;
/** Closing the queue politely may take so long; then the rest goes on without it. */
const CLOSE_MS = 1_000;

/**
 * The way through Bull. It counts as up only once a probe has gone through it, and no more after work was lost in it: Bull
 * can look healthy while nothing is delivered.
 */
@Injectable()
export class BullTransport implements WorkTransport {
  private readonly logger = new Logger('Jobs');
  private proven = false;
  private probe: { readonly id: string; readonly sentAt: number } | undefined;
  private misses = 0;
  private begin: () => void = () => undefined;

  constructor(
    @InjectQueue(QUEUE) private queue: Queue,
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
    if (this.probe === undefined) {
      this.probe = { id: String((await this.queue.add(PROBE, {})).id), sentAt: performance.now() };
    } else if ((await this.queue.getJob(this.probe.id)) === null) {
      this.proven = true;
    } else if (performance.now() - this.probe.sentAt > PROBE_TAKEN_MS) {
      await this.renew();
    }
  }

  /** The queue cannot be relied on: prove it again. */
  doubt(): void {
    this.proven = false;
    this.probe = undefined;
  }

  /** Work was lost in the queue. After a few losses it is made anew: Bull does not always recover from a restart of Redis. */
  async missed(): Promise<void> {
    this.misses += 1;
    if (this.misses >= MOST_MISSES) await this.renew();
    else this.doubt();
  }

  async room(): Promise<Room> {
    const waiting = await this.queue.getWaitingCount();
    const free = (perSlot: number): number => Math.max(0, this.settings.concurrency * perSlot - waiting);
    return { all: free(WAITING_PER_SLOT), urgent: free(URGENT_PER_SLOT) };
  }

  /** Adds one job; never in bulk, for Bull's `addBulk` can add nothing and say nothing. */
  async offer(ref: WorkRef, urgent: boolean): Promise<void> {
    await this.queue.add(ref, { lifo: urgent });
  }

  /** Begins to take work and to hear wake-ups, now or when Redis appears. */
  consume(consumer: Consumer, awake: () => void): void {
    if (!this.redis.isConfigured) return;
    const take = async (job: { name: string; data: unknown }): Promise<void> => {
      if (job.name === PROBE) return;
      this.misses = 0;
      await consumer(job.data);
    };
    this.begin = () => {
      const { subscriber } = this.connections;
      subscriber.on('message', (channel) => channel === WAKE_CHANNEL && awake());
      const listen = (): void => void subscriber.subscribe(WAKE_CHANNEL).catch(() => undefined);
      subscriber.on('ready', listen);
      listen();
      this.queue.process('*', this.settings.concurrency, take).catch((error: unknown) => {
        this.logger.error({ msg: 'the queue is not worked off', error: String(error) });
      });
    };
    this.begin();
  }

  /** Takes no further work; what runs goes on. */
  async stopConsuming(): Promise<void> {
    await Promise.race([this.queue.close(true), sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  /** Makes the queue and its connections anew; what the old one carried is found again in PostgreSQL. */
  private async renew(): Promise<void> {
    this.logger.warn({ msg: 'the queue is made anew', misses: this.misses });
    this.doubt();
    this.misses = 0;
    await this.stopConsuming();
    this.connections.close();
    this.queue = new Bull(QUEUE, this.connections.queueOptions());
    this.begin();
  }

  /** To be called when nothing runs any more: what ran can then be taken out of the queue. */
  close(): void {
    this.connections.close();
  }
}
