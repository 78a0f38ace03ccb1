import type { EntityManager } from '@mikro-orm/postgresql';
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import { oneMessage, type Scalar } from './one-message.js';
import type { PoolName } from './options.js';
import { pgCode } from './pg-errors.js';

/** What a unit needs from its surroundings. */
export interface UnitHost {
  entityManager(query: PoolClient['query']): EntityManager;
  observe(sql: string, startedAt: number): void;
  /** Names of the statements that are prepared on a connection. */
  preparedOn(client: PoolClient): Set<string>;
}

/** A server behind a transaction pooler does not know by name what another connection prepared. */
const UNKNOWN_STATEMENT = '26000';

/** Work between one `begin` and its `commit`, bound to one tenant by the database itself. */
export class Unit {
  private forked: EntityManager | undefined;
  private savepoints = 0;
  private begun = false;
  private readonly hooks: (() => void | Promise<void>)[] = [];

  /** @param opening the SQL that begins the transaction for its tenant; sent before the first statement */
  constructor(
    readonly tenantId: string,
    readonly pool: PoolName,
    readonly client: PoolClient,
    private readonly opening: string,
    private readonly host: UnitHost,
  ) {}

  /** Whether a transaction is open on the connection. */
  get isBegun(): boolean {
    return this.begun;
  }

  /** Begins the transaction if no statement has done so yet. */
  async begin(): Promise<void> {
    if (this.begun) return;
    this.begun = true;
    await this.client.query(this.opening);
  }

  /** Runs a statement in this transaction and answers its rows. */
  async rows<R extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<R[]> {
    return (await this.send<R>(sql, { text: sql, values: values as unknown[] })).rows;
  }

  /** As `rows`, prepared once per connection under `name`: for hot statements with constant text. */
  async prepared<R extends QueryResultRow>(name: string, sql: string, values: readonly unknown[]): Promise<R[]> {
    const { rows } = await this.send<R>(sql, { name, text: sql, values: values as unknown[] });
    this.host.preparedOn(this.client).add(name);
    return rows;
  }

  /**
   * The only statement of a read, or of an effect that may be repeated (`oneStatement`): begins, runs and commits in one message
   * instead of three (ADR 7). Only for units that have not begun and do nothing else; in any other it is `prepared`.
   */
  async only<R extends QueryResultRow>(name: string, sql: string, values: readonly Scalar[]): Promise<R[]> {
    const known = this.host.preparedOn(this.client);
    const message = this.begun || !known.has(name) ? undefined : oneMessage(this.opening, name, values);
    if (message === undefined) return this.prepared(name, sql, values);
    const startedAt = performance.now();
    this.begun = true;
    try {
      const results = (await this.client.query<R>(message)) as unknown as QueryResult<R>[];
      this.begun = false;
      this.host.observe(sql, startedAt);
      return results.at(-2)?.rows ?? [];
    } catch (error) {
      if (pgCode(error) !== UNKNOWN_STATEMENT) throw error;
      known.delete(name);
      await this.client.query('rollback');
      this.begun = false;
      return this.rows<R>(sql, values);
    }
  }

  /** The first row, or undefined. */
  async row<R extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<R | undefined> {
    return (await this.rows<R>(sql, values))[0];
  }

  /** Runs a statement for its effect and answers how many rows it touched. */
  async run(sql: string, values?: readonly unknown[]): Promise<number> {
    return (await this.send(sql, { text: sql, values: values as unknown[] })).rowCount ?? 0;
  }

  /** MikroORM on this very connection and transaction: for entities of state contexts. Flushed before the commit. */
  get em(): EntityManager {
    const query = async (...args: Parameters<PoolClient['query']>): Promise<unknown> => {
      await this.begin();
      return this.client.query(...args);
    };
    this.forked ??= this.host.entityManager(query as PoolClient['query']);
    return this.forked;
  }

  /** Writes what the entity manager has gathered. The unit does it before its commit; earlier where SQL must see it. */
  async flush(): Promise<void> {
    await this.forked?.flush();
  }

  /** Runs `work` so that its failure undoes only its own statements. Entities changed in it are flushed inside. */
  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    await this.begin();
    await this.flush();
    const name = `unit_${++this.savepoints}`;
    await this.client.query(`savepoint ${name}`);
    try {
      const result = await work();
      await this.flush();
      await this.client.query(`release savepoint ${name}`);
      return result;
    } catch (error) {
      this.forked?.clear();
      await this.client.query(`rollback to savepoint ${name}`);
      throw error;
    }
  }

  /** Runs `hook` once this unit has committed, never when it rolls back. A hook's failure is logged, not thrown. */
  afterCommit(hook: () => void | Promise<void>): void {
    this.hooks.push(hook);
  }

  /** The hooks in order of registration. */
  get afterCommitHooks(): readonly (() => void | Promise<void>)[] {
    return this.hooks;
  }

  private async send<R extends QueryResultRow>(
    sql: string,
    query: { name?: string; text: string; values: unknown[] },
  ): Promise<QueryResult<R>> {
    if (!this.begun) await this.begin();
    const startedAt = performance.now();
    const result = await this.client.query<R>(query);
    this.host.observe(sql, startedAt);
    return result;
  }
}
