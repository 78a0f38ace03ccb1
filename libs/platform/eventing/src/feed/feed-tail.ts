import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { gauge } from '#platform/telemetry';
import { eventingErrors } from '../eventing.errors.js';
import { FeedSampler } from './feed-sampler.js';

/** How long a reader is kept for appenders that are under way, and how often they are looked at. */
const SETTLE_MS = 250;
const SETTLE_EVERY_MS = 5;
/** So long after a tenant's commit was announced, whoever waits for the tenant looks at each move of the fence. */
const HOT_MS = 1_000;
/** An announcement may be lost: everybody looks this often. */
const LOOK_EVERY_MS = 2_000;
/** Waits of one process. Each is a request under way. */
const MOST_WAITING = 500;

const waits = gauge('app_event_feed_waiting', 'Readers that wait at the end of the change feed.');

interface Waiting {
  readonly tenantId: string;
  readonly after: number;
  readonly done: () => void;
}

/** The end of the feed, for readers outside: how far it is complete, and when a tenant has something new. */
@Injectable()
export class FeedTail implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly waiting = new Set<Waiting>();
  /** Tenants of recent commits, and until when they are recent. */
  private readonly hot = new Map<string, number>();
  private look: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(@Inject(FeedSampler) private readonly sampler: FeedSampler) {
    sampler.onNews((tenants) => this.hear(tenants));
  }

  /**
   * Up to where the feed can be read by a statement that begins now: everything that was committed before this call, unless an
   * appender takes longer than a moment.
   * @throws eventing.feed_unavailable
   */
  async position(): Promise<number> {
    const deadline = performance.now() + SETTLE_MS;
    try {
      let position = await this.sampler.sample();
      const { lastDrawn } = this.sampler;
      while (position < lastDrawn && performance.now() < deadline) {
        await sleep(SETTLE_EVERY_MS);
        position = await this.sampler.sample();
      }
      return position;
    } catch {
      throw eventingErrors.feed_unavailable('The feed cannot be read just now. Repeat the request shortly.', {
        retryAfterSeconds: 2,
      });
    }
  }

  /** Whether one more may wait. */
  get hasRoom(): boolean {
    return !this.stopped && this.waiting.size < MOST_WAITING;
  }

  /**
   * Resolves when there may be something new of the tenant after a position, when the time is up, when `signal` aborts or when
   * the process ends. No connection is held meanwhile.
   */
  async news(tenantId: string, after: number, { waitMs, signal }: { waitMs: number; signal: AbortSignal }) {
    if (!this.hasRoom || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = (): void => resolve();
    const one = { tenantId, after, done };
    const timer = setTimeout(done, waitMs);
    signal.addEventListener('abort', done);
    this.waiting.add(one);
    this.watch();
    // What was announced since the caller has looked.
    this.wake((other) => other === one && this.isHot(one));
    await promise;
    this.waiting.delete(one);
    this.watch();
    clearTimeout(timer);
    signal.removeEventListener('abort', done);
  }

  /** Those who wait are answered as if their time were up, by a feed that can still be read. */
  beforeApplicationShutdown(): void {
    this.stopped = true;
    for (const { done } of this.waiting) done();
    clearInterval(this.look);
  }

  onApplicationShutdown(): Promise<void> {
    return this.sampler.stop();
  }

  /** @param tenants whose commits were announced, or 'all'; undefined when the fence has moved */
  private hear(tenants: readonly string[] | 'all' | undefined): void {
    const named = tenants === 'all' ? [...this.waiting].map(({ tenantId }) => tenantId) : (tenants ?? []);
    for (const tenantId of named) this.hot.set(tenantId, performance.now() + HOT_MS);
    this.wake((one) => this.isHot(one));
  }

  private isHot({ tenantId }: Waiting): boolean {
    return (this.hot.get(tenantId) ?? 0) > performance.now();
  }

  private wake(isMeant: (one: Waiting) => boolean): void {
    for (const one of this.waiting) {
      if (this.sampler.position > one.after && isMeant(one)) one.done();
    }
  }

  /** Looks at the feed only while somebody waits. */
  private watch(): void {
    waits.set(this.waiting.size);
    if (this.waiting.size === 0) {
      clearInterval(this.look);
      this.look = undefined;
    } else if (!this.look && !this.stopped) {
      this.sampler.start();
      this.look = setInterval(() => this.wake(() => true), LOOK_EVERY_MS);
    }
  }
}
