import { Inject, Injectable } from '@nestjs/common';
import { newUuid, PLATFORM_TENANT_ID } from '#platform/kernel';
import { UnitOfWork } from '#platform/persistence';
import { DEFAULT_MAX_ATTEMPTS } from './backoff.js';
import { JOBS_SETTINGS, type JobsSettings } from './options.js';
import { Ticker } from './ticker.js';

/** A task of the platform that comes back. */
export interface Schedule {
  /** Unique among the schedules. */
  readonly name: string;
  /** Slots are the multiples of it since 1970, UTC: no daylight saving, the same in every worker. */
  readonly everyMs: number;
  readonly kind: string;
}

const LOOK_EVERY_MS = 1_000;

/**
 * Records each slot of each schedule as a task, once, whichever worker sees it first. Missed slots are not made up for: of
 * those that passed only the latest is recorded, and none while an earlier one is not over.
 */
@Injectable()
export class Scheduler {
  private readonly schedules = new Map<string, Schedule>();
  private readonly ticker = new Ticker('the scheduler', LOOK_EVERY_MS, () => this.record());

  constructor(
    @Inject(UnitOfWork) private readonly work: UnitOfWork,
    @Inject(JOBS_SETTINGS) private readonly settings: JobsSettings,
  ) {}

  /** Adds a schedule. @throws Error for a name in use, and when finished tasks are not kept for two slots */
  schedule(schedule: Schedule): void {
    if (this.schedules.has(schedule.name)) throw new Error(`two schedules are called ${schedule.name}`);
    if (schedule.everyMs * 2 > this.settings.retentionMs) throw new Error(`${schedule.name} outlasts the retention`);
    this.schedules.set(schedule.name, schedule);
  }

  start(): void {
    this.ticker.start();
  }

  stop(): Promise<void> {
    return this.ticker.stop();
  }

  /** Records the slots of now that are not recorded yet. */
  async record(): Promise<void> {
    const all = [...this.schedules.values()];
    if (all.length === 0) return;
    const columns = [
      all.map(() => newUuid()),
      all.map((s) => s.name),
      all.map((s) => s.kind),
      all.map((s) => s.everyMs),
    ];
    await this.work.run({ tenantId: PLATFORM_TENANT_ID }, (unit) =>
      unit.run(RECORD, [PLATFORM_TENANT_ID, ...columns, DEFAULT_MAX_ATTEMPTS]),
    );
  }
}

const RECORD = `
  insert into jobs.task (tenant_id, id, kind, payload, schedule, slot, max_attempts)
  select $1, now.id, now.kind, '{}', now.name, now.slot, $6
  from (select *, to_timestamp(floor(extract(epoch from statement_timestamp()) * 1000 / every_ms) * every_ms / 1000) as slot
        from unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[]) as s(id, name, kind, every_ms)) now
  left join lateral (
    select slot, state from jobs.task t where t.tenant_id = $1 and t.schedule = now.name order by slot desc limit 1) last on true
  where last.slot is null or (last.slot < now.slot and last.state in ('done', 'failed'))
  on conflict (tenant_id, schedule, slot) where schedule is not null do nothing`;
