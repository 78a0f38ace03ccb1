import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#platform/kernel';
import { isConnectionLost, type Unit, UnitOfWork } from '#platform/persistence';
import { counter, newTraceId, runInContext } from '#platform/telemetry';
import { FeedSampler } from '../feed/feed-sampler.js';
import { Loop } from '../feed/loop.js';
import { TenantUnits } from '../projections/tenant-units.js';
import { isVersionClash } from '../store/refusals.js';
import { OutboxCommands } from './from-outbox.js';

/** How often due rows are looked for when nothing wakes the runner. */
const IDLE_MS = 250;
/** Commands of one tenant in one transaction: few, because what each has locked stays locked until all are done. */
const BATCH = 10;
/** The failure that parks a row. */
const LAST_FAILURE = 6;
/** Pauses between failures: 1, 2, 4, 8, 16 s; about half a minute in all. */
const BACKOFF_SECONDS = 1;
/** A version clash is decided anew at once so often. */
const CLASHES = 3;

const outcomes = counter('app_outbox_commands_total', 'Commands taken from the outbox, by what became of them.', [
  'command',
  'outcome',
]);

/** How rows are tried again. */
export interface OutboxSettings {
  readonly backoffSeconds?: number;
}

/** The token under which the settings are provided. */
export const OUTBOX_SETTINGS = Symbol('OUTBOX_SETTINGS');

interface Row {
  readonly id: number;
  readonly command: string;
  readonly payload: Record<string, unknown>;
  readonly meta: Record<string, unknown>;
  readonly attempts: number;
}

/**
 * Carries out commands from the outbox: claimed, dispatched on the bus and deleted in one transaction of their tenant, so that a
 * command's effect and the end of its row are one commit. Any number of workers do it side by side.
 */
@Injectable()
export class OutboxRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Eventing');
  private readonly loop = new Loop('running the outbox', () => this.round());

  constructor(
    @Inject(UnitOfWork) private readonly work: UnitOfWork,
    @Inject(TenantUnits) private readonly units: TenantUnits,
    @Inject(OutboxCommands) private readonly commands: OutboxCommands,
    @Inject(FeedSampler) private readonly sampler: FeedSampler,
    @Inject(OUTBOX_SETTINGS) private readonly settings: OutboxSettings,
  ) {}

  onApplicationBootstrap(): void {
    this.sampler.onNews(() => this.loop.poke());
    this.loop.start();
  }

  beforeApplicationShutdown(): Promise<void> {
    return this.loop.stop();
  }

  /** One batch of every tenant that has something due: none waits for all of another's. */
  private async round(): Promise<number> {
    const known = this.commands.names;
    const tenants = await this.units.run((unit) => unit.rows<{ tenantId: string }>(DUE_TENANTS, [known]));
    for (const { tenantId } of tenants) {
      const ran = await this.batch(tenantId, known, BATCH);
      if (ran > 0) this.sampler.wake();
    }
    return IDLE_MS;
  }

  /** Carries out up to so many commands of a tenant in one transaction, and says how many it took. */
  private async batch(tenantId: string, known: readonly string[], limit: number): Promise<number> {
    const taken: Row[] = [];
    try {
      await this.work.run({ tenantId }, async (unit) => {
        taken.splice(
          0,
          taken.length,
          ...(await unit.prepared<Row>('es.claim-outbox', CLAIM, [tenantId, known, limit])),
        );
        const done: number[] = [];
        for (const row of taken) {
          if (await this.carryOut(unit, row)) done.push(row.id);
        }
        if (done.length > 0) await unit.run(REMOVE, [tenantId, done]);
      });
      return taken.length;
    } catch (error) {
      const [row] = taken;
      if (isConnectionLost(error) || !row) throw error;
      // The commit was refused: whose fault it is shows when each has a transaction of its own.
      if (limit === 1) await this.work.run({ tenantId }, (unit) => this.keep(unit, row, error));
      else for (let n = 0; n < limit && (await this.batch(tenantId, known, 1)) > 0; n++);
      return taken.length;
    }
  }

  private async carryOut(unit: Unit, row: Row): Promise<boolean> {
    try {
      await this.dispatch(unit, row);
      outcomes.inc({ command: row.command, outcome: 'done' });
      return true;
    } catch (error) {
      if (isConnectionLost(error)) throw error;
      await this.keep(unit, row, error);
      return false;
    }
  }

  private async dispatch(unit: Unit, { command, payload, meta }: Row): Promise<void> {
    const { correlation } = meta;
    const requestId = typeof correlation === 'string' ? correlation : newTraceId();
    const context = { requestId, traceId: newTraceId(), tenantId: unit.tenantId, route: `outbox ${command}` };
    for (let clash = 0; ; clash++) {
      try {
        return await runInContext(context, () => unit.savepoint(() => this.commands.dispatch(unit, command, payload)));
      } catch (error) {
        if (!isVersionClash(error) || clash === CLASHES) throw error;
        await sleep(Math.random() * 10);
      }
    }
  }

  private async keep(unit: Unit, { id, command, attempts }: Row, error: unknown): Promise<void> {
    const isRefused = error instanceof DomainError && !isPassing(error);
    const isParked = isRefused || attempts + 1 >= LAST_FAILURE;
    const note = { message: String(error).slice(0, 1_000), ...(isRefused ? { code: error.code } : {}) };
    const pauseSeconds = (this.settings.backoffSeconds ?? BACKOFF_SECONDS) * 2 ** attempts;
    await unit.run(KEEP, [unit.tenantId, id, JSON.stringify(note), isParked, pauseSeconds]);
    outcomes.inc({ command, outcome: isParked ? 'parked' : 'failed' });
    this.logger.warn({ msg: 'a command from the outbox failed', command, attempts: attempts + 1, isParked, ...note });
  }
}

/** A refusal that says when to come again, or a lost race, is none of the domain's. */
function isPassing(error: DomainError): boolean {
  return error.members.retryAfterSeconds !== undefined || isVersionClash(error);
}

const DUE = 'parked_at is null and not_before <= clock_timestamp()';
/** Tenants of the longest due rows. */
const DUE_TENANTS = `select distinct tenant_id as "tenantId" from
  (select tenant_id from es.outbox where ${DUE} and command = any($1) order by not_before, id limit 1000) due`;
const CLAIM = `select id, command, payload, meta, attempts from es.outbox
  where tenant_id = $1 and ${DUE} and command = any($2) order by not_before, id limit $3 for update skip locked`;
const REMOVE = 'delete from es.outbox where tenant_id = $1 and id = any($2)';
const KEEP = `update es.outbox set attempts = attempts + 1, error = $3,
         parked_at = case when $4 then clock_timestamp() end, not_before = clock_timestamp() + make_interval(secs => $5)
   where tenant_id = $1 and id = $2`;
