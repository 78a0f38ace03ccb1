/** One pool of connections, each as one database role. */
export interface PoolOptions {
  /** URL of the role the pool connects as; never the owner's. */
  readonly url: string;
  /** Most connections this process opens for the pool. */
  readonly max: number;
}

/** Which pool a unit of work runs on: the app's own role, or the operator's cross-tenant role. */
export type PoolName = 'main' | 'platform';

/** What an app hands to `PersistenceModule.forRoot`. */
export interface PersistenceOptions {
  readonly main: PoolOptions;
  /** Only the api has operator routes; the worker leaves it out. */
  readonly platform?: PoolOptions;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** A statement that runs longer is cancelled (57014) and answered as query-too-expensive. */
  readonly statementTimeoutMs: number;
  /** How long a request waits for a free connection before it is answered as overloaded. */
  readonly acquireTimeoutMs: number;
  /** Statements that take longer are logged, without their values. */
  readonly slowQueryMs: number;
}
