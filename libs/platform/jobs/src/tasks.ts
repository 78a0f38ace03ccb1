import { Inject, Injectable } from '@nestjs/common';
import { newUuid, PLATFORM_TENANT_ID } from '#platform/kernel';
import { type Unit, UnitOfWork } from '#platform/persistence';
import { injectTraceContext } from '#platform/telemetry';
import { DEFAULT_MAX_ATTEMPTS } from './backoff.js';
import { WakeUps } from './wake-ups.js';

/** How urgent work is inside its tenant; another tenant's work never waits for it. */
export const PRIORITIES = ['interactive', 'normal', 'bulk'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** How work takes its turn. */
export interface WorkOrder {
  /** Default: normal. */
  readonly priority?: Priority;
  /** The job it is part of: jobs of a tenant take turns, and a job's work is held and cancelled together. Default: none. */
  readonly parentId?: string;
  /** Attempts before the task has failed. Default: 6. */
  readonly maxAttempts?: number;
  /** Not to be begun before it is released. */
  readonly held?: boolean;
}

/** Work to be done once, later, by a worker. */
export interface NewTask extends WorkOrder {
  readonly tenantId: string;
  /** Which handler does it. */
  readonly kind: string;
  /** Names what to work on; no record data, no personal data, at most 16 KiB of JSON. */
  readonly payload?: object;
  /** Not before this instant, by the database's clock. Default: now. */
  readonly runAt?: Date;
  /** Of two tasks of a tenant and kind with the same key only the first is kept, for as long as it is. */
  readonly key?: string;
}

/** One of many units of work of a job. */
export interface NewUnit {
  /** A UUID of the caller's choice: it can be the id of what the unit works on. */
  readonly id: string;
  /** Units of a job are begun in this order. */
  readonly ordinal: number;
  readonly payload?: object;
  /** Workers lost over it so far, when it is a part of work that cost some: it ends as poison the sooner. Default: 0. */
  readonly losses?: number;
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
  async enqueue(task: NewTask): Promise<string> {
    const { tenantId, kind, payload, runAt, key } = task;
    const unit = this.work.current();
    const made = await unit.row<{ id: string }>(INSERT_ONE, [
      tenantId,
      newUuid(),
      kind,
      ...orderOf(task),
      JSON.stringify(payload ?? {}),
      runAt ?? null,
      key ?? null,
      injectTraceContext() ?? null,
    ]);
    if (!made) return this.earlier(unit, { tenantId, kind, key });
    this.announce();
    return made.id;
  }

  /** Records many units of work of the open unit's tenant in one statement. */
  async enqueueAll(kind: string, order: WorkOrder, units: readonly NewUnit[]): Promise<void> {
    if (units.length === 0) return;
    const unit = this.work.current();
    await unit.run(INSERT_MANY, [
      unit.tenantId,
      units.map(({ id }) => id),
      kind,
      ...orderOf(order),
      units.map(({ payload }) => JSON.stringify(payload ?? {})),
      units.map(({ ordinal }) => ordinal),
      units.map(({ losses }) => losses ?? 0),
      injectTraceContext() ?? null,
    ]);
    this.announce();
  }

  /** The workers look for work when the open unit commits; once, however much it records. */
  announce(): void {
    const unit = this.work.current();
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

/** Parameters 4 to 7 of both statements. */
function orderOf({ parentId, priority, maxAttempts, held }: WorkOrder): unknown[] {
  return [
    parentId ?? PLATFORM_TENANT_ID,
    PRIORITIES.indexOf(priority ?? 'normal'),
    maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
    held ?? false,
  ];
}

const INSERT_ONE = `
  insert into jobs.task (tenant_id, id, kind, parent_id, priority, max_attempts, held, payload, run_at, lane, key, trace)
  values ($1, $2, $3, $4, $5::smallint, $6, $7, $8, coalesce($9, clock_timestamp()),
    case when not $7 and ($9::timestamptz is null or $9 <= clock_timestamp()) then $5::smallint + 1 end, $10, $11)
  on conflict (tenant_id, kind, key) where key is not null do nothing returning id`;

const INSERT_MANY = `
  insert into jobs.task (tenant_id, id, kind, parent_id, priority, max_attempts, held, payload, ordinal, losses, lane, trace)
  select $1, u.id, $3, $4, $5::smallint, $6, $7, u.payload, u.ordinal, u.losses, case when not $7 then $5::smallint + 1 end, $11
  from unnest($2::uuid[], $8::jsonb[], $9::bigint[], $10::smallint[]) as u(id, payload, ordinal, losses)`;
