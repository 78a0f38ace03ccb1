import type { EntityManager } from '@mikro-orm/postgresql';
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import { oneMessage, type Scalar, settingsSql } from './one-message.js';
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
/** Among the names of a connection: the server forgets what is prepared on it, so that nothing is any more. */
const FORGETFUL = '';

/** A prepared statement and its values; whether it is the last of its unit. */
interface Told {
  readonly name: string;
  readonly sql: string;
  readonly values: readonly unknown[];
  readonly ends?: boolean;
}

/** Work between one `begin` and its `commit`, bound to one tenant by the database itself. */
export class Unit {
  private forked: EntityManager | undefined;
  private savepoints = 0;
  private begun = false;
  /** SQL that is sent in front of the next statement. */
  private front: readonly string[] = [];
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

  /** Begins the transaction if no statement has done so yet, and brings in the settings that wait for the next. */
  async begin(): Promise<void> {
    const front = this.takeFront();
    if (front.length > 0) await this.client.query(front.join(';'));
  }

  /**
   * Settings of this transaction for the statements that follow. They travel with the next one, in its message where it was prepared
   * before: a message of their own costs as much CPU as a small read (ADR 7).
   */
  async setLocal(settings: Readonly<Record<string, string>>): Promise<void> {
    const sql = settingsSql(settings);
    if (sql) return void (this.front = [...this.front, sql]);
    for (const [name, value] of Object.entries(settings))
      await this.rows('select set_config($1, $2, true)', [name, value]);
  }

  /** Runs a statement in this transaction and answers its rows. */
  async rows<R extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<R[]> {
    return (await this.send<R>(sql, { text: sql, values: values as unknown[] })).rows;
  }

  /** As `rows`, prepared once per connection under `name`: for hot statements with constant text. */
  async prepared<R extends QueryResultRow>(name: string, sql: string, values: readonly unknown[]): Promise<R[]> {
    const found = this.hasFront ? await this.together<R>({ name, sql, values }) : undefined;
    if (found) return found;
    if (this.host.preparedOn(this.client).has(FORGETFUL)) return this.rows<R>(sql, values);
    const { rows } = await this.send<R>(sql, { name, text: sql, values: values as unknown[] });
    this.host.preparedOn(this.client).add(name);
    return rows;
  }

  /**
   * The only statement of a read, or of an effect that may be repeated (`oneStatement`): begins, runs and commits in one message
   * instead of three (ADR 7). Only for units that have not begun and do nothing else; in any other it is `prepared`.
   */
  async only<R extends QueryResultRow>(name: string, sql: string, values: readonly Scalar[]): Promise<R[]> {
    if (this.begun || this.front.length > 0) return this.prepared(name, sql, values);
    return (await this.together<R>({ name, sql, values, ends: true })) ?? this.prepared(name, sql, values);
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
      this.front = [];
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

  private get hasFront(): boolean {
    return !this.begun || this.front.length > 0;
  }

  /** What the next statement finds done: the transaction begun, its settings set. */
  private takeFront(): string[] {
    const front = [...(this.begun ? [] : [this.opening]), ...this.front];
    this.begun = true;
    this.front = [];
    return front;
  }

  /**
   * Executes a statement that is prepared on the connection in one message with what goes in front of it and, where it `ends` the
   * unit, the commit. @returns undefined where it is not prepared, or a value cannot be written into the message: nothing was sent
   */
  private async together<R extends QueryResultRow>({
    name,
    sql,
    values,
    ends = false,
  }: Told): Promise<R[] | undefined> {
    const known = this.host.preparedOn(this.client);
    const { begun, front } = this;
    const before = [...(begun ? [] : [this.opening]), ...front];
    const message = known.has(name) ? oneMessage(before, { name, values }, ends ? ['commit'] : []) : undefined;
    if (message === undefined) return undefined;
    this.takeFront();
    const startedAt = performance.now();
    try {
      const results = (await this.client.query<R>(message)) as unknown as QueryResult<R>[];
      this.begun = !ends;
      this.host.observe(sql, startedAt);
      return results.at(ends ? -2 : -1)?.rows ?? [];
    } catch (error) {
      if (begun || pgCode(error) !== UNKNOWN_STATEMENT) throw error;
      known.clear();
      known.add(FORGETFUL);
      await this.client.query('rollback');
      [this.begun, this.front] = [false, front];
      return this.rows<R>(sql, values);
    }
  }

  private async send<R extends QueryResultRow>(
    sql: string,
    query: { name?: string; text: string; values: unknown[] },
  ): Promise<QueryResult<R>> {
    if (this.hasFront) await this.begin();
    const startedAt = performance.now();
    const result = await this.client.query<R>(query);
    this.host.observe(sql, startedAt);
    return result;
  }
}
