/** What the worker hands to `JobsModule.forRoot`. */
export interface JobsOptions {
  /** Tasks that run at the same time in this process; needs that many database connections and three more. */
  readonly concurrency: number;
  /** How often expired idempotency rows are removed. Default: every 10 minutes. */
  readonly idempotencyCleanupEveryMs?: number;
  /** How long finished tasks can be looked at. Default: 7 days. Failed ones are kept four times as long. */
  readonly retentionMs?: number;
  /** A worker that has not been heard of for so long has lost its tasks. Default: 5 s. */
  readonly leaseMs?: number;
  /** How often PostgreSQL is asked for due work and dead workers when nothing wakes the worker. Default: 0.5 s. */
  readonly pollEveryMs?: number;
  /** Work that was handed over and not begun for so long is handed over again. Default: 2 s. */
  readonly redispatchAfterMs?: number;
  /** Work of a lower priority that a tenant's more urgent work kept waiting for so long counts as more urgent. Default: 10 s. */
  readonly ageMs?: number;
}

/** The options with every default filled in. */
export type JobsSettings = Required<JobsOptions>;

/** The token under which the settings are provided. */
export const JOBS_SETTINGS = Symbol('JOBS_SETTINGS');

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Fills in the defaults: a lease of 5 s, so that the work of a dead worker is taken over (lease and poll together) within 6 s. */
export function settingsOf(options: JobsOptions): JobsSettings {
  return {
    idempotencyCleanupEveryMs: 10 * MINUTE_MS,
    retentionMs: 7 * DAY_MS,
    leaseMs: 5_000,
    pollEveryMs: 500,
    redispatchAfterMs: 2_000,
    ageMs: 10_000,
    ...options,
  };
}
