/** Answers when the part is usable, throws when it is not. It must use what is there, and open nothing of its own. */
export type Check = () => Promise<void>;

/** The parts an app depends on. */
export interface HealthChecks {
  /** A statement on the app's pool. */
  readonly database: Check;
  /** The database's schema version is one this build can work with. */
  readonly schema: Check;
  /** Without it the app is degraded, not down. */
  readonly redis?: Check;
}

/** What an app hands to `HealthModule`. */
export interface HealthOptions {
  readonly checks: HealthChecks;
  /** How long a check may take before its part counts as down; 1 second at most, which is the default. */
  readonly timeoutMs?: number;
}

/** The token under which the options are provided. */
export const HEALTH_OPTIONS = Symbol('HEALTH_OPTIONS');

/** State of one part. */
export type PartState = 'up' | 'down';

/** A report without detail: it may be read by anyone who reaches the port. */
export interface HealthReport {
  /** `degraded`: works, but a part that it can do without is down. */
  readonly status: 'up' | 'degraded' | 'down';
  readonly checks: Readonly<Record<string, PartState>>;
}
