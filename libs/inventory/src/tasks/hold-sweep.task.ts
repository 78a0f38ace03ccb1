import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { type ITaskHandler, Scheduler, TaskHandler, type TaskRun } from '#platform/jobs';
import { systemActor } from '#platform/kernel';
import { Bus } from '#platform/persistence';
import { ReleaseExpiredHolds } from '../commands/release-expired-holds.command.js';

const KIND = 'inventory.hold-sweep';
/** A hold that is over is free for the next buyer at once: the sweep only keeps lists and numbers tidy. */
const EVERY_MS = 30_000;

/** Gives back the holds of all tenants that are over. */
@Injectable()
@TaskHandler({ kind: KIND })
export class HoldSweep implements ITaskHandler, OnModuleInit {
  constructor(
    @Inject(Scheduler) private readonly scheduler: Scheduler,
    @Inject(Bus) private readonly bus: Bus,
  ) {}

  onModuleInit(): void {
    this.scheduler.schedule({ name: KIND, everyMs: EVERY_MS, kind: KIND });
  }

  async run(task: TaskRun): Promise<void> {
    const tenants = await task.step((unit) => unit.rows<{ tenantId: string }>(TENANTS));
    for (const { tenantId } of tenants) {
      const actor = systemActor(tenantId, KIND);
      while ((await this.bus.execute(new ReleaseExpiredHolds(actor))) > 0) task.signal.throwIfAborted();
    }
  }
}

const TENANTS = `select distinct tenant_id as "tenantId" from inventory.reservation_line
  where state = 'held' and expires_at <= clock_timestamp()`;
