import { Inject, Injectable } from '@nestjs/common';
import { newUuid } from '#platform/kernel';
import { type Unit, UnitOfWork } from '#platform/persistence';
import { injectTraceContext } from '#platform/telemetry';
import { DEFAULT_MAX_ATTEMPTS } from './backoff.js';
import { WakeUps } from './wake-ups.js';

/** Work to be done once, later, by a worker. */
export interface NewTask {
  readonly tenantId: string;
  /** Which handler does it. */
  readonly kind: string;
  /** Names what to work on; no record data, no personal data, at most 16 KiB of JSON. */
  readonly payload?: object;
  /** Not before this instant, by the database's clock. Default: now. */
  readonly runAt?: Date;
  /** Of two tasks of a tenant and kind with the same key only the first is kept, for as long as it is. */
  readonly key?: string;
  /** Attempts before the task has failed. Default: 6. */
  readonly maxAttempts?: number;
}

/** Where work for later is recorded. */
@Injectable()
export class Tasks {
  private readonly announced = new WeakSet<Unit>();

  constructor(
    @Inject(UnitOfWork) private readonly work: UnitOfWork,
    @Inject(WakeUps) private readonly wakeUps: WakeUps,
  ) {}

  /**
   * Records a task in the open unit: it exists if and only if the unit commits, and the workers hear of it then. A tenant's
   * unit can only record tasks of its tenant; the database sees to it.
   * @returns id of the task, or of the earlier one with the same key
   */
  async enqueue({ tenantId, kind, payload, runAt, key, maxAttempts }: NewTask): Promise<string> {
    const unit = this.work.current();
    const made = await unit.row<{ id: string }>(
      `insert into jobs.task (tenant_id, id, kind, payload, run_at, key, max_attempts, trace)
       values ($1, $2, $3, $4, coalesce($5, clock_timestamp()), $6, $7, $8)
       on conflict (tenant_id, kind, key) do nothing returning id`,
      [
        tenantId,
        newUuid(),
        kind,
        JSON.stringify(payload ?? {}),
        runAt ?? null,
        key ?? null,
        maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
        injectTraceContext() ?? null,
      ],
    );
    if (!made) return this.earlier(unit, { tenantId, kind, key });
    this.announce(unit);
    return made.id;
  }

  /** One wake-up per unit, however many tasks it records. */
  private announce(unit: Unit): void {
    if (this.announced.has(unit)) return;
    this.announced.add(unit);
    unit.afterCommit(() => this.wakeUps.send());
  }

  private async earlier(unit: Unit, task: Pick<NewTask, 'tenantId' | 'kind' | 'key'>): Promise<string> {
    const found = await unit.row<{ id: string }>(
      'select id from jobs.task where tenant_id = $1 and kind = $2 and key = $3',
      [task.tenantId, task.kind, task.key ?? null],
    );
    if (!found) throw new Error('a task with this key ended while another was being recorded: repeat');
    return found.id;
  }
}
