import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  ServiceUnavailableException,
} from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService, type HealthCheckResult } from '@nestjs/terminus';
import { gauge } from '#platform/telemetry';
import { EventLoopWatch } from './event-loop-watch.js';
import { type Check, HEALTH_OPTIONS, type HealthOptions, type HealthReport, type PartState } from './health.options.js';

/** A process whose timers are later than this does nothing useful any more. */
const MAX_LAG_MS = 5_000;
/** A result serves all probes for so long: a flood of them costs one check a second. */
const CACHE_MS = 1_000;
const TIMEOUT_MS = 1_000;

/** One part and its check; at most one run of the check is under way, however many ask. */
interface Part {
  readonly name: string;
  readonly check: Check;
  readonly required: boolean;
  running?: Promise<void>;
}

/** What probes, tenants and metrics are told of this process. */
@Injectable()
export class HealthService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Health');
  private readonly loop = new EventLoopWatch();
  private readonly states = new Map<string, PartState>();
  private readonly schema: Part;
  private readonly parts: readonly Part[];
  private readonly timeoutMs: number;
  private booted = false;
  private draining = false;

  constructor(
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    @Inject(HEALTH_OPTIONS) { checks, timeoutMs = TIMEOUT_MS }: HealthOptions,
  ) {
    this.timeoutMs = timeoutMs;
    this.schema = { name: 'schema', check: checks.schema, required: true };
    this.parts = [{ name: 'database', check: checks.database, required: true }, this.schema];
    if (checks.redis) this.parts = [...this.parts, { name: 'redis', check: checks.redis, required: false }];
    gauge('app_health_state', 'Whether a part is usable: 1 up, 0 down.', ['check'], async (states) => {
      const { checks: parts } = await this.summary();
      for (const [check, state] of Object.entries(parts)) states.set({ check }, state === 'up' ? 1 : 0);
      states.set({ check: 'accepting' }, this.draining ? 0 : 1);
    });
  }

  onApplicationBootstrap(): void {
    this.booted = true;
  }

  onApplicationShutdown(): void {
    this.loop.stop();
  }

  /** Liveness: the event loop turns. Nothing else, or a database outage would restart every process. */
  live(): HealthReport {
    return this.loop.lagMs() < MAX_LAG_MS ? only('event-loop', 'up') : only('event-loop', 'down');
  }

  /** Readiness: takes requests, can reach the database, and its schema fits. `degraded` is ready. */
  async ready(): Promise<HealthReport> {
    return this.draining ? only('accepting', 'down') : this.report(this.parts);
  }

  /** Startup: boot is finished and the schema fits. */
  async startup(): Promise<HealthReport> {
    return this.booted ? this.report([this.schema]) : only('boot', 'down');
  }

  /** All parts, whether draining or not: for tenants and metrics. */
  async summary(): Promise<HealthReport> {
    return this.report(this.parts);
  }

  /** From now on not ready, for good: the first step of a shutdown. */
  beginDrain(): void {
    this.draining = true;
  }

  private async report(parts: readonly Part[]): Promise<HealthReport> {
    const { details } = await this.terminus.check(parts.map((part) => () => this.indicate(part))).catch(resultOf);
    const states = parts.map(({ name }): [string, PartState] => [name, details[name]?.status === 'up' ? 'up' : 'down']);
    for (const [name, state] of states) this.note(name, state, details[name]?.['message']);
    const down = new Set(states.filter(([, state]) => state === 'down').map(([name]) => name));
    const failed = parts.some(({ name, required }) => required && down.has(name));
    return { status: failed ? 'down' : down.size > 0 ? 'degraded' : 'up', checks: Object.fromEntries(states) };
  }

  private async indicate(part: Part) {
    const session = this.indicators.check(part.name);
    const result = await session
      .attempt(() => run(part))
      .withTimeout(this.timeoutMs)
      .cacheFor(CACHE_MS);
    const { status, message } = { message: undefined, ...result[part.name] };
    return status === 'down' && !part.required ? session.degraded({ message }) : result;
  }

  /** Tells a change once; probes themselves are not logged. */
  private note(check: string, state: PartState, reason: unknown): void {
    const before = this.states.get(check) ?? 'up';
    this.states.set(check, state);
    if (before === state) return;
    if (state === 'down') this.logger.warn({ msg: 'a part is down', check, reason });
    else this.logger.log({ msg: 'a part is up again', check });
  }
}

/** A check that outlived its time is not joined by a second one: it would only take another place in the pool's queue. */
async function run(part: Part): Promise<void> {
  if (part.running) throw new Error('the last check has not come back yet');
  part.running = part.check().finally(() => (part.running = undefined));
  return part.running;
}

/** Terminus throws its result when a part is down. */
function resultOf(error: unknown): HealthCheckResult {
  if (error instanceof ServiceUnavailableException) return error.getResponse() as HealthCheckResult;
  throw error;
}

function only(name: string, state: PartState): HealthReport {
  return { status: state, checks: { [name]: state } };
}
