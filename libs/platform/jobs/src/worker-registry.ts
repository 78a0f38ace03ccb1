import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { PLATFORM_TENANT_ID } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';

const NS_PER_MS = 1e6;

/** What a worker says of itself. */
export interface WorkerState {
  readonly slots: number;
  readonly busy: number;
  readonly draining: boolean;
}

/** What a worker holds, and for how long from now. */
export interface Leases {
  readonly tokens: readonly number[];
  readonly leaseMs: number;
}

/** This process in the list of workers that are alive. */
@Injectable()
export class WorkerRegistry {
  /** Unique for ever: a process that starts under an old number is another worker. */
  readonly id = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
  private readonly startedAt = new Date(Date.now() - performance.now());
  private readonly delay = monitorEventLoopDelay({ resolution: 10 });

  constructor(@Inject(UnitOfWork) private readonly work: UnitOfWork) {
    this.delay.enable();
  }

  /**
   * Says that the worker is alive, how much it does, and how late its event loop was at worst since the last time; renews its
   * leases in the same message, for where the database is slow every message takes a part of the lease.
   * @returns the tokens that it still holds
   */
  async beat({ slots, busy, draining }: WorkerState, { tokens, leaseMs }: Leases): Promise<Set<number>> {
    const lagMs = this.delay.max / NS_PER_MS;
    this.delay.reset();
    const rows = await this.work.run({ tenantId: PLATFORM_TENANT_ID, oneStatement: true }, (unit) =>
      unit.only<{ token: number }>('jobs_beat', BEAT, [
        this.id,
        hostname(),
        process.pid,
        slots,
        busy,
        process.memoryUsage.rss(),
        Number.isFinite(lagMs) ? lagMs : 0,
        draining,
        this.startedAt,
        leaseMs,
        `{${tokens.join()}}`,
      ]),
    );
    return new Set(rows.map(({ token }) => token));
  }

  /** The worker has left. */
  async leave(): Promise<void> {
    this.delay.disable();
    await this.work.run({ tenantId: PLATFORM_TENANT_ID }, (unit) =>
      unit.run('delete from jobs.worker where id = $1', [this.id]),
    );
  }
}

const BEAT = `
  with kept as (
    update jobs.task set lease_until = clock_timestamp() + $10::float8 * interval '1 ms'
    where state = 'running' and lease_owner = $1 and lease_token = any($11::bigint[]) returning lease_token as token),
  beat as (
    insert into jobs.worker (id, host, pid, slots, busy, rss_bytes, loop_lag_ms, draining, started_at, beat_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp())
    on conflict (id) do update set busy = excluded.busy, rss_bytes = excluded.rss_bytes, loop_lag_ms = excluded.loop_lag_ms,
      draining = excluded.draining, beat_at = excluded.beat_at)
  select token from kept`;
