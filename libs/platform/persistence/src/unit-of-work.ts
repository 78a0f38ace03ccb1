import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { PoolClient } from 'pg';
import { Databases } from './databases.js';
import type { PoolName } from './options.js';
import { persistenceErrors } from './persistence.errors.js';
import { unavailable } from './database-pool.js';
import { isAnswerOverdue, isConnectionLost, isSerialisationLoser } from './pg-errors.js';
import { Unit } from './unit.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Attempts after 40001 and 40P01, the first one included (ADR 0002): beyond it the caller hears of contention. */
const MAX_ATTEMPTS = 6;
/** Base of the full-jitter pause between attempts. */
const RETRY_BASE_MS = 5;

/** For whom and where a unit runs. */
export interface UnitScope {
  readonly tenantId: string;
  /** Default: the app's own role. */
  readonly pool?: PoolName;
  /** Nothing may be written; the database refuses it. */
  readonly readOnly?: boolean;
  /** The work is one statement, sent by `unit.only`, that may be repeated: nothing goes before it. */
  readonly oneStatement?: boolean;
  /** The work can tell by itself that it has been done (idempotency row): repeat it once when the commit's answer is lost. */
  readonly repeatable?: boolean;
}

/**
 * The ambient unit of work: one transaction with its tenant set, carried by AsyncLocalStorage. Work started inside an open
 * unit joins it; the outermost owns retry, commit and what comes after the commit.
 */
@Injectable()
export class UnitOfWork implements OnApplicationShutdown {
  private readonly logger = new Logger('UnitOfWork');
  private readonly ambient = new AsyncLocalStorage<Unit>();

  constructor(private readonly databases: Databases) {}

  /** The open unit. @throws Error when none is open: a programming error, so that no statement runs without its tenant */
  current(): Unit {
    const unit = this.ambient.getStore();
    if (!unit) throw new Error('no unit of work is open: send a command or query through the Bus');
    return unit;
  }

  /** Whether a unit is open here. */
  get isOpen(): boolean {
    return this.ambient.getStore() !== undefined;
  }

  /**
   * Runs `work` in a unit: joins the open one, or opens one and commits it when `work` resolves.
   * @throws Error when an open unit belongs to another tenant or pool
   * @throws database.contention, database.unavailable, database.overloaded, database.outcome_unknown
   */
  async run<T>(scope: UnitScope, work: (unit: Unit) => Promise<T>): Promise<T> {
    const open = this.ambient.getStore();
    if (open) return work(joined(open, scope));
    if (!UUID.test(scope.tenantId)) throw new Error('a unit of work needs the UUID of its tenant');
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.attempt(scope, work);
      if (outcome.ok) return outcome.value;
      if (!mayRepeat(outcome, scope, attempt)) throw outward(outcome);
      await pause(Math.random() * RETRY_BASE_MS * 2 ** attempt);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.databases.close();
  }

  private async attempt<T>(scope: UnitScope, work: (unit: Unit) => Promise<T>): Promise<Outcome<T>> {
    const pool = this.databases.get(scope.pool ?? 'main');
    let stage: Failed['stage'] = 'begin';
    const client = await pool.acquire();
    try {
      const unit = new Unit(scope.tenantId, pool.name, client, beginSql(scope), this.databases);
      if (!scope.readOnly && !scope.oneStatement) await unit.begin();
      stage = 'work';
      const value = await this.ambient.run(unit, async () => {
        const result = await work(unit);
        await unit.flush();
        return result;
      });
      stage = 'commit';
      // PostgreSQL answers ROLLBACK to the commit of a transaction in which a swallowed error has happened.
      if (unit.isBegun && (await client.query('commit')).command !== 'COMMIT') {
        throw new Error('the transaction was aborted by an error that its work did not pass on');
      }
      client.release();
      await this.after(unit);
      return { ok: true, value };
    } catch (error) {
      await abandon(client, stage, error);
      return { ok: false, stage, error };
    }
  }

  private async after(unit: Unit): Promise<void> {
    for (const hook of unit.afterCommitHooks) {
      try {
        await this.ambient.exit(hook);
      } catch (error) {
        this.logger.error({ msg: 'after-commit work failed', error: String(error) });
      }
    }
  }
}

interface Failed {
  readonly ok: false;
  readonly stage: 'begin' | 'work' | 'commit';
  readonly error: unknown;
}
type Outcome<T> = { readonly ok: true; readonly value: T } | Failed;

function joined(open: Unit, scope: UnitScope): Unit {
  if (open.tenantId !== scope.tenantId) throw new Error('a unit of work of another tenant is open');
  if (open.pool !== (scope.pool ?? 'main')) throw new Error('a unit of work on another pool is open');
  return open;
}

/**
 * One message: the transaction never exists without its tenant. The id is a checked UUID, so it can stand in the text. A
 * transaction that reads is begun by its first statement, which may be its only one.
 */
function beginSql({ tenantId, readOnly }: UnitScope): string {
  return `begin${readOnly ? ' read only' : ''};set local app.tenant_id='${tenantId}'`;
}

/** Whether running the whole unit again is safe and worth it. */
function mayRepeat(failed: Failed, scope: UnitScope, attempt: number): boolean {
  if (isSerialisationLoser(failed.error)) return attempt < MAX_ATTEMPTS;
  if (!isConnectionLost(failed.error) || isAnswerOverdue(failed.error) || attempt > 1) return false;
  // Before the commit nothing can have happened that matters: a pooled connection that died of a server restart is no caller's concern.
  return failed.stage !== 'commit' || scope.readOnly === true || scope.repeatable === true;
}

function outward({ error, stage }: Failed): unknown {
  if (isSerialisationLoser(error)) {
    return persistenceErrors.contention('Others changed the same rows at the same time. Repeat the request.', {
      retryAfterSeconds: 1,
    });
  }
  if (!isConnectionLost(error)) return error;
  if (stage !== 'commit') return unavailable();
  return persistenceErrors.outcome_unknown(
    'The database went away while the effect was being committed. Read the state, or repeat with the same Idempotency-Key.',
    { retryAfterSeconds: 2 },
  );
}

/** Rolls back and gives the connection back, or destroys it when it cannot be trusted any more. */
async function abandon(client: PoolClient, stage: Failed['stage'], error: unknown): Promise<void> {
  if (stage === 'commit' || isConnectionLost(error)) return client.release(true);
  try {
    await client.query('rollback');
    client.release();
  } catch {
    client.release(true);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
