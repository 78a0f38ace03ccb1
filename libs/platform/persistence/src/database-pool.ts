import { Logger } from '@nestjs/common';
import { Pool, type PoolClient, TypeOverrides } from 'pg';
import { persistenceErrors } from './persistence.errors.js';
import type { PersistenceOptions, PoolName, PoolOptions } from './options.js';
import { isConnectionLost } from './pg-errors.js';

/** Waiting callers per connection beyond which a new one is refused at once instead of queued. */
const MAX_WAITING_PER_CONNECTION = 50;
/** A server that has not ended a statement so long after its time is up is given up: the network lost it. */
const OVERDUE_MS = 1_000;
/** Of a statement's time: a wait for somebody's lock ends before it and is told apart from a query that takes too long. */
const LOCK_SHARE = 0.8;

/** Numbers of a pool for metrics and health. */
export interface PoolStats {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
  readonly max: number;
}

/** A pool of connections of one role, with admission control and an observer of every statement. */
export class DatabasePool {
  private readonly logger = new Logger('Database');
  readonly pool: Pool;

  constructor(
    readonly name: PoolName,
    private readonly options: PoolOptions,
    settings: PersistenceOptions,
  ) {
    this.pool = new Pool({
      connectionString: options.url,
      max: options.max,
      application_name: settings.applicationName,
      connectionTimeoutMillis: settings.acquireTimeoutMs,
      idleTimeoutMillis: 30_000,
      statement_timeout: settings.statementTimeoutMs,
      query_timeout: settings.statementTimeoutMs + OVERDUE_MS,
      idle_in_transaction_session_timeout: settings.statementTimeoutMs * 3,
      lock_timeout: Math.ceil(settings.statementTimeoutMs * LOCK_SHARE),
      keepAlive: true,
      types: columnTypes(),
    });
    this.pool.on('error', (error) => this.logger.warn({ msg: 'idle database connection lost', error: error.message }));
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /**
   * Takes a connection; the caller releases it.
   * @throws database.overloaded when none gets free in time, database.unavailable when the server cannot be reached
   */
  async acquire(): Promise<PoolClient> {
    if (this.pool.waitingCount >= this.options.max * MAX_WAITING_PER_CONNECTION) throw overloaded();
    try {
      return await this.pool.connect();
    } catch (error) {
      if (isAcquireTimeout(error)) throw overloaded();
      if (isConnectionLost(error)) throw unavailable();
      throw error;
    }
  }

  stats(): PoolStats {
    const { totalCount: total, idleCount: idle, waitingCount: waiting } = this.pool;
    return { total, idle, waiting, max: this.options.max };
  }

  async close(): Promise<void> {
    if (!this.pool.ended) await this.pool.end();
  }
}

/** The database cannot be reached. */
export function unavailable(): Error {
  return persistenceErrors.unavailable('The database cannot be reached just now. Repeat the request shortly.', {
    retryAfterSeconds: 2,
  });
}

function overloaded(): Error {
  return persistenceErrors.overloaded('All database connections are busy. Repeat the request shortly.', {
    retryAfterSeconds: 1,
  });
}

function isAcquireTimeout(error: unknown): boolean {
  return error instanceof Error && /timeout exceeded when trying to connect/i.test(error.message);
}

/** bigint as a safe number (money and counters are safe integers), dates as text, instants as Date. */
function columnTypes(): TypeOverrides {
  const types = new TypeOverrides();
  types.setTypeParser(20, (text: string) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value)) throw new RangeError('a bigint column holds more than a safe integer');
    return value;
  });
  types.setTypeParser(1082, (text: string) => text);
  return types;
}
