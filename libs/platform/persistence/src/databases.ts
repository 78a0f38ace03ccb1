import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { Logger } from '@nestjs/common';
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import type { PoolClient } from 'pg';
import { gauge, histogram } from '#platform/telemetry';
import { DatabasePool, type PoolStats } from './database-pool.js';
import type { PersistenceOptions, PoolName } from './options.js';
import type { UnitHost } from './unit.js';

/** The app's pools, and MikroORM on any of their connections. */
export class Databases implements UnitHost {
  private readonly logger = new Logger('Database');
  private readonly pools: ReadonlyMap<PoolName, DatabasePool>;
  private readonly durations = histogram(
    'db_client_operation_duration_seconds',
    'Time of one statement, seen from the app.',
  );
  private readonly statements = new WeakMap<PoolClient, Set<string>>();
  private orm: MikroORM | undefined;

  constructor(private readonly options: PersistenceOptions) {
    const pools = [new DatabasePool('main', options.main, options)];
    if (options.platform) pools.push(new DatabasePool('platform', options.platform, options));
    this.pools = new Map(pools.map((pool) => [pool.name, pool]));
    gauge('db_client_connections', 'Connections of a pool by state; waiting are callers.', ['pool', 'state'], (all) => {
      for (const [pool, { total, idle, waiting, max }] of this.stats()) {
        for (const [state, value] of Object.entries({ used: total - idle, idle, waiting, max }))
          all.set({ pool, state }, value);
      }
    });
  }

  /** Hands over MikroORM once it has discovered the entities. */
  useOrm(orm: MikroORM): void {
    this.orm = orm;
  }

  /** @throws Error for a pool this app was not given: the worker has no operator's pool */
  get(name: PoolName): DatabasePool {
    const pool = this.pools.get(name);
    if (!pool) throw new Error(`this app has no ${name} pool`);
    return pool;
  }

  /** Numbers of every pool. */
  stats(): [PoolName, PoolStats][] {
    return [...this.pools.values()].map((pool) => [pool.name, pool.stats()]);
  }

  /** A fresh entity manager whose every statement runs on the given connection, inside its open transaction. */
  entityManager(query: PoolClient['query']): EntityManager {
    if (!this.orm) throw new Error('MikroORM is not ready');
    const em = this.orm.em.fork({ clear: true });
    // MikroORM asks of its transaction context only to run statements; begin, commit and savepoints are the unit's.
    em.setTransactionContext(new Kysely({ dialect: new PostgresDialect({ pool: poolOf(query) }) }));
    return em;
  }

  observe(sql: string, startedAt: number): void {
    const durationMs = performance.now() - startedAt;
    this.durations.observe(durationMs / 1000);
    if (durationMs < this.options.slowQueryMs) return;
    this.logger.warn({ msg: 'slow query', durationMs: Math.round(durationMs), sql: sql.slice(0, 2_000) });
  }

  preparedOn(client: PoolClient): Set<string> {
    const known = this.statements.get(client) ?? new Set();
    this.statements.set(client, known);
    return known;
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.close()));
  }
}

/** A pool of exactly one connection that is not its own to give back. */
function poolOf(query: PoolClient['query']): PostgresPool {
  const lent = { query, release: () => undefined } as PostgresPoolClient;
  return { connect: () => Promise.resolve(lent), end: () => Promise.resolve(), options: {} };
}
