import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { PLATFORM_TENANT_ID } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { gauge } from '#platform/telemetry';
import { Loop } from '../feed/loop.js';

/** How often progress is looked at while anybody waits: one small query for all who wait. */
const LOOK_EVERY_MS = 20;
/** Beyond it a read is answered at once: each that waits is a request under way. */
const MOST_WAITING = 1_000;
/** Nobody waits: `until` ends the rest. */
const IDLE_MS = 3_600_000;

const reads = gauge('app_reads_waiting', 'Reads that wait for a projection to show what their caller wrote.');

interface Waiting {
  readonly projection: string;
  readonly position: number;
  readonly deadline: number;
  readonly done: (reached: boolean) => void;
}

/** Read your writes: lets a read wait until a projection has come as far as a command has written. */
@Injectable()
export class ReadModelWaits implements BeforeApplicationShutdown {
  private readonly waiting = new Set<Waiting>();
  private stopped = false;
  private readonly loop = new Loop('waiting for projections', () => this.look());

  constructor(@Inject(UnitOfWork) private readonly work: UnitOfWork) {
    this.loop.start();
  }

  /**
   * Waits outside any unit of work: a read that began before would not see what it waited for.
   * A process that ends, or in which a thousand wait already, waits no longer.
   * @returns whether the live build of the projection has reached the position in time
   */
  until(projection: string, position: number, waitMs: number): Promise<boolean> {
    if (this.stopped || this.waiting.size >= MOST_WAITING) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.waiting.add({ projection, position, deadline: performance.now() + waitMs, done: resolve });
    this.loop.poke();
    return promise;
  }

  /** Those who wait are answered as if their time were up. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.loop.stop();
    for (const one of this.waiting) one.done(false);
  }

  private async look(): Promise<number> {
    reads.set(this.waiting.size);
    if (this.waiting.size === 0) return IDLE_MS;
    const positions = await this.positions().catch(() => new Map<string, number>());
    for (const one of this.waiting) {
      const isReached = (positions.get(one.projection) ?? -1) >= one.position;
      if (!isReached && performance.now() < one.deadline) continue;
      this.waiting.delete(one);
      one.done(isReached);
    }
    return LOOK_EVERY_MS;
  }

  private async positions(): Promise<Map<string, number>> {
    const rows = await this.work.run({ tenantId: PLATFORM_TENANT_ID, readOnly: true }, (unit) =>
      unit.only<{ name: string; position: number }>('es.live-positions', LIVE_POSITIONS, []),
    );
    return new Map(rows.map(({ name, position }) => [name, position]));
  }
}

/** What is kept inside the transactions of the events is never behind. */
const LIVE_POSITIONS = `
  select name, min(case when kind = 'inline' then ${Number.MAX_SAFE_INTEGER} else position end) as position
    from es.projections where status = 'live' group by name`;
